"""Which HL7 messages had their effect."""

from datetime import datetime, timedelta

from sqlalchemy import delete

from services.chassis.db import Tx
from services.exams.store.tables import FeedMessageRow

KEEP = timedelta(days=30)
"""Longer than a RIS resends; what comes after is still harmless, since news is told apart by its time."""


def is_first(tx: Tx, control_id: str, sha256: str, now: datetime) -> bool:
    """Note a message; False when it was noted before."""
    if tx.get(FeedMessageRow, (control_id, sha256)) is not None:
        return False
    tx.add(FeedMessageRow(control_id=control_id, sha256=sha256, received_at=now))
    tx.flush()
    return True


def delete_old(tx: Tx, now: datetime) -> None:
    """Forget messages older than KEEP."""
    tx.execute(delete(FeedMessageRow).where(FeedMessageRow.received_at < now - KEEP))
