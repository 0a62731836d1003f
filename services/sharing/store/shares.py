"""Shares and their openings."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, exists, or_, select, tuple_

from services.chassis.access import seen_by
from services.chassis.caller import Caller
from services.chassis.db import Tx
from services.sharing.store.tables import AccessRow, ExamRow, SharedExamRow, ShareRow


def add_share(tx: Tx, share: ShareRow, exams: Sequence[ExamRow]) -> None:
    """Store a new share of *exams*, in that order."""
    tx.add(share)
    tx.flush()
    for position, exam in enumerate(exams):
        tx.add(
            SharedExamRow(
                share_id=share.id, exam_id=exam.id, position=position, exam_version=exam.version, left_at=None
            )
        )
    tx.flush()


def find_visible(tx: Tx, caller: Caller, share_id: str, *, lock: bool) -> ShareRow | None:
    """Give a share that *caller* may see and end; *lock* holds it until the end of *tx*."""
    query = select(ShareRow).where(ShareRow.id == share_id, _is_visible(caller))
    return tx.scalars(query.with_for_update() if lock else query).one_or_none()


def find_page(tx: Tx, caller: Caller, limit: int, after: str | None) -> list[ShareRow]:
    """Give up to *limit* shares that *caller* may see, newest first, beginning after the share *after*."""
    query = select(ShareRow).where(_is_visible(caller))
    if after is not None:
        mark = tx.get(ShareRow, after)
        if mark is None:
            return []
        query = query.where(tuple_(ShareRow.created_at, ShareRow.id) < tuple_(mark.created_at, mark.id))
    return list(tx.scalars(query.order_by(ShareRow.created_at.desc(), ShareRow.id.desc()).limit(limit)))


def _is_visible(caller: Caller) -> ColumnElement[bool]:
    """Shares of the same holder; for an account also those made under I-Codes of its patients' exams."""
    own: ColumnElement[bool] = ShareRow.holder == caller.holder
    if caller.kind != "account":
        return own
    of_patient = exists().where(
        SharedExamRow.share_id == ShareRow.id,
        SharedExamRow.left_at.is_(None),
        ExamRow.id == SharedExamRow.exam_id,
        seen_by(caller, patient_id=ExamRow.patient_id, visit_id=ExamRow.visit_id, exam_id=ExamRow.id),
    )
    return or_(own, and_(ShareRow.holder.startswith("icode:"), of_patient))


def lock_share(tx: Tx, share_id: str) -> ShareRow | None:
    """Give a share by its id, whoever asks, locked until the end of *tx*."""
    query = select(ShareRow).filter_by(id=share_id).with_for_update()
    return tx.scalars(query.execution_options(populate_existing=True)).one_or_none()


def find_share(tx: Tx, share_id: str) -> ShareRow | None:
    """Give a share by its id, whoever asks."""
    return tx.get(ShareRow, share_id)


def find_by_link(tx: Tx, link_hash: str) -> ShareRow | None:
    """Give the share of a link, open or not."""
    return tx.scalars(select(ShareRow).filter_by(link_hash=link_hash)).one_or_none()


def find_unended_of(tx: Tx, holder: str) -> list[ShareRow]:
    """Give the shares of *holder* that nobody has ended, locked."""
    query = select(ShareRow).where(ShareRow.holder == holder, ShareRow.ended_at.is_(None)).order_by(ShareRow.id)
    return list(tx.scalars(query.with_for_update()))


def find_due(tx: Tx, now: datetime, limit: int) -> list[ShareRow]:
    """Give up to *limit* shares whose date has come and that nobody has ended, locked, oldest first."""
    query = select(ShareRow).where(ShareRow.ended_at.is_(None), ShareRow.expires_at <= now)
    return list(tx.scalars(query.order_by(ShareRow.expires_at, ShareRow.id).limit(limit).with_for_update()))


def find_made(tx: Tx, since: datetime | None) -> list[ShareRow]:
    """Give the shares made since (None: ever), oldest first."""
    query = select(ShareRow) if since is None else select(ShareRow).where(ShareRow.created_at >= since)
    return list(tx.scalars(query.order_by(ShareRow.created_at, ShareRow.id)))


def find_exam_ids(tx: Tx, share_ids: Sequence[str]) -> dict[str, list[str]]:
    """Give the exams that are in each of *share_ids* now, in the order chosen."""
    query = select(SharedExamRow).where(SharedExamRow.share_id.in_(share_ids), SharedExamRow.left_at.is_(None))
    exams: dict[str, list[str]] = defaultdict(list)
    for row in tx.scalars(query.order_by(SharedExamRow.position)):
        exams[row.share_id].append(row.exam_id)
    return exams


def add_access(tx: Tx, share_id: str, now: datetime, *, name: str | None, device: str, address: str | None) -> None:
    """Note an opening; *address* is shortened."""
    tx.add(AccessRow(share_id=share_id, at=now, name=name, device=device, address=address))


def find_accesses(tx: Tx, share_id: str, limit: int) -> list[AccessRow]:
    """Give the newest *limit* openings of a share, newest first."""
    query = select(AccessRow).filter_by(share_id=share_id).order_by(AccessRow.at.desc(), AccessRow.id.desc())
    return list(tx.scalars(query.limit(limit)))


def delete_accesses(tx: Tx, before: datetime) -> None:
    """Forget the openings before an instant."""
    tx.execute(delete(AccessRow).where(AccessRow.at < before))
