"""The local copy of exams."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from services.chassis.access import seen_by
from services.chassis.caller import Caller
from services.chassis.db import Tx
from services.sharing.store.tables import ExamRow, SharedExamRow, ShareRow


def keep_exam(
    tx: Tx,
    exam_id: str,
    *,
    patient_id: str,
    visit_id: str,
    status: str,
    time_zone: str,
    version: int,
    is_removed: bool,
) -> None:
    """Store the newest state of an exam; a removed one stays as a tombstone."""
    tx.merge(
        ExamRow(
            id=exam_id,
            patient_id=patient_id,
            visit_id=visit_id,
            status=status,
            time_zone=time_zone,
            version=version,
            is_removed=is_removed,
        )
    )
    tx.flush()


def lock_exam(tx: Tx, exam_id: str) -> None:
    """Hold the exam's row until the end of *tx*, so that nobody shares it meanwhile."""
    tx.execute(select(ExamRow.id).filter_by(id=exam_id).with_for_update())


def find_seen(tx: Tx, caller: Caller, exam_ids: Sequence[str]) -> list[ExamRow]:
    """Give those of *exam_ids* that are *caller*'s, in that order, each locked until the end of *tx*."""
    mine = seen_by(caller, patient_id=ExamRow.patient_id, visit_id=ExamRow.visit_id, exam_id=ExamRow.id)
    query = select(ExamRow).where(ExamRow.id.in_(exam_ids), ExamRow.is_removed.is_(False), mine)
    found = {row.id: row for row in tx.scalars(query.order_by(ExamRow.id).with_for_update())}
    return [found[exam_id] for exam_id in exam_ids if exam_id in found]


def find_time_zones(tx: Tx, exam_ids: Sequence[str]) -> list[str]:
    """Give the time zones of the sites of *exam_ids*."""
    return list(tx.scalars(select(ExamRow.time_zone).where(ExamRow.id.in_(exam_ids)).distinct()))


def mark_left(tx: Tx, exam_id: str, version: int, now: datetime) -> list[ShareRow]:
    """Take an exam out of every share that was made before its *version*; give those that have not ended, locked."""
    lock_exam(tx, exam_id)
    query = select(SharedExamRow).filter_by(exam_id=exam_id, left_at=None).where(SharedExamRow.exam_version < version)
    left = list(tx.scalars(query))
    for row in left:
        row.left_at = now
    tx.flush()
    ids = sorted(row.share_id for row in left)
    shares = select(ShareRow).where(ShareRow.id.in_(ids), ShareRow.ended_at.is_(None)).order_by(ShareRow.id)
    return list(tx.scalars(shares.with_for_update()))
