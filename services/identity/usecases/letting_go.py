"""Taking a person's records from an account that is not theirs, so that they can have one of their own."""

from datetime import datetime

from services.chassis.db import Tx
from services.identity.store import accounts, patients
from services.identity.usecases.access import narrow_access
from services.identity.usecases.accounts import join_records
from services.identity.usecases.resting import settle_rest


def let_go(tx: Tx, account_id: str, patient_id: str, now: datetime) -> None:
    """Let an account hold the record of *patient_id* no more, nor those that merges make one person's with it."""
    for one in patients.find_family(tx, patient_id):
        accounts.delete_record(tx, account_id, one)
    join_records(tx, account_id)
    narrow_access(tx, f"account:{account_id}", "record-let-go", now)
    settle_rest(tx, account_id, now)
