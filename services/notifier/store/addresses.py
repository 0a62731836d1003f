"""Addresses that were written to, by their hashes, and what came back from them."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select, update

from services.chassis.db import Tx, insert_new
from services.notifier.store.tables import AddressRow, ReturnCountRow


def lock_addresses(tx: Tx, to_hashes: set[str]) -> None:
    """Hold these addresses until the end of *tx*, so that what goes to them is counted by one at a time."""
    for to_hash in sorted(to_hashes):
        insert_new(tx, AddressRow, {"to_hash": to_hash}, ["to_hash"])
        tx.execute(select(AddressRow).filter_by(to_hash=to_hash).with_for_update())


def mark_refused(tx: Tx, to_hash: str, now: datetime) -> None:
    """Store that nobody reads an address."""
    insert_new(tx, AddressRow, {"to_hash": to_hash}, ["to_hash"])
    tx.execute(update(AddressRow).filter_by(to_hash=to_hash).values(refused_at=now))


def is_refused(tx: Tx, to_hash: str) -> bool:
    """Whether nobody reads an address."""
    return tx.scalar(select(AddressRow.refused_at).filter_by(to_hash=to_hash)) is not None


def forget_refusals(tx: Tx, to_hashes: Iterable[str], before: datetime) -> None:
    """Store that addresses which were refused *before* were given again."""
    is_older = AddressRow.to_hash.in_(list(to_hashes)) & (AddressRow.refused_at < before)
    tx.execute(update(AddressRow).where(is_older).values(refused_at=None))


def count_return(tx: Tx, outcome: str) -> None:
    """Count a returned mail."""
    insert_new(tx, ReturnCountRow, {"outcome": outcome, "count": 0}, ["outcome"])
    tx.execute(update(ReturnCountRow).filter_by(outcome=outcome).values(count=ReturnCountRow.count + 1))


def find_return_counts(tx: Tx) -> dict[str, int]:
    """Give how many returned mails came to what."""
    return {row.outcome: row.count for row in tx.scalars(select(ReturnCountRow))}
