"""Second factors of an account: listing, adding, confirming and removing them."""

from datetime import datetime

from services.chassis.db import Tx
from services.identity.store import challenges, recovery_codes
from services.identity.store import second_factors as store
from services.identity.usecases.account_letters import tell_owner


def remove_all(tx: Tx, account_id: str, now: datetime) -> int:
    """Remove every second factor and recovery code of an account, after a check that the caller has on record.

    Open challenges end, and the owner is told by mail; gives how many factors were in use. A password of fewer than
    15 characters then opens nothing before it is reset by mail.
    """
    removed = store.delete_factors(tx, account_id)
    recovery_codes.replace_codes(tx, account_id, [])
    challenges.end_challenges(tx, account_id, now)
    if removed:
        tell_owner(tx, account_id, "second-factor-changed", now)
    return removed


def delete_unconfirmed(tx: Tx, before: datetime) -> None:
    """Delete factors added before *before* that nobody confirmed."""
    store.delete_unconfirmed(tx, before)
