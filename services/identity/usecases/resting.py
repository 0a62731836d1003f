"""Accounts at rest: while a record that one holds is marked deceased nobody logs in, and nothing is mailed."""

from datetime import datetime

from services.chassis.db import Tx
from services.identity.store import accounts, patients
from services.identity.usecases.access import end_access
from services.identity.usecases.contacts import tell_account_contact


def settle_rest(tx: Tx, account_id: str, now: datetime) -> None:
    """Let an account rest if somebody whose record it holds is marked deceased, else wake it; resting ends sessions."""
    account = accounts.lock_account(tx, account_id)
    if account is None:
        return
    held = accounts.find_patient_ids(tx, account_id)
    rests = any(patients.find_marks(tx, one).is_deceased for one in held)
    if rests == (account.rests_at is not None):
        return
    account.rests_at = now if rests else None
    if rests:
        end_access(tx, f"account:{account_id}", "at-rest", now)
    tell_account_contact(tx, account, now)
