"""Trying a secret: counted before it is looked at, in a transaction of its own, so that parallel tries all count."""

from datetime import datetime

from services.chassis.db import Tx
from services.identity.domain.tries import TryLimits, count_try, forgive_right_try
from services.identity.store import tries as store


def begin_try(tx: Tx, subject: str, limits: TryLimits, now: datetime) -> None:
    """Count a try at *subject* as wrong. Raises TooManyTries. Commit before looking at the secret."""
    store.save_tries(tx, subject, count_try(store.find_tries(tx, subject, now), limits, now), now)


def forgive_try(tx: Tx, subject: str, now: datetime) -> None:
    """Take back the count of a try that was right."""
    store.save_tries(tx, subject, forgive_right_try(store.find_tries(tx, subject, now)), now)


def settle_try(tx: Tx, subject: str, *, is_right: bool, now: datetime) -> None:
    """Take back the count of a try that was right, or leave a wrong one's; with the same work for both."""
    tries = store.find_tries(tx, subject, now)
    store.save_tries(tx, subject, forgive_right_try(tries) if is_right else tries, now)


def clear_tries(tx: Tx, subject: str) -> None:
    """Forget the wrong tries at *subject*, as staff may after a check."""
    store.delete_tries(tx, subject)
