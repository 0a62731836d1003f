"""Looking into the merged audit, newest first, and forgetting the addresses in it."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select, tuple_, update

from services.chassis.db import Tx
from services.identity.store.audit import AuditEntryRow

_PLACE = (AuditEntryRow.at, AuditEntryRow.service, AuditEntryRow.position)


def search(
    tx: Tx,
    *,
    patient_ids: Collection[str] | None,
    actor: str | None,
    since: datetime | None,
    after: tuple[str, int] | None,
    limit: int,
) -> list[AuditEntryRow]:
    """Give up to *limit* acts that fit, newest first; None asks nothing.

    *after*: the service and position of the last act of the page before; acts told meanwhile move no page.
    """
    query = select(AuditEntryRow)
    if patient_ids is not None:
        query = query.where(AuditEntryRow.patient_id.in_(patient_ids))
    if actor is not None:
        query = query.where(AuditEntryRow.actor == actor)
    if since is not None:
        query = query.where(AuditEntryRow.at >= since)
    if after is not None:
        mark = tx.get(AuditEntryRow, after)
        if mark is None:
            return []
        query = query.where(tuple_(*_PLACE) < tuple_(mark.at, mark.service, mark.position))
    return list(tx.scalars(query.order_by(*(column.desc() for column in _PLACE)).limit(limit)))


def forget_addresses(tx: Tx, before: datetime) -> None:
    """Forget from where acts before an instant were done; the chain holds without it."""
    is_due = AuditEntryRow.at < before, AuditEntryRow.from_address.is_not(None)
    tx.execute(update(AuditEntryRow).where(*is_due).values(from_address=None))
