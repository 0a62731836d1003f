"""What sharing does when an exam changes, moves or goes."""

from datetime import datetime

from contracts.exams import ExamMoved, ExamRemoved, ExamState
from contracts.sharing import ShareChanged
from services.chassis.db import Tx
from services.sharing.store import exams, shares
from services.sharing.usecases.shares import end_share
from services.sharing.usecases.telling import take_back, tell


def keep(tx: Tx, event: ExamState) -> None:
    """Store the newest state of an exam."""
    exams.keep_exam(
        tx,
        event.id,
        patient_id=event.patient_id,
        visit_id=event.visit_id,
        status=event.status,
        time_zone=event.time_zone,
        version=event.version,
        is_removed=isinstance(event, ExamRemoved),
    )


def leave(tx: Tx, event: ExamMoved | ExamRemoved, now: datetime) -> None:
    """Take an exam out of the shares made before it moved, unless a merge only brought one person's records together.

    Not bound to the newest version: each such event counts, however late it comes. A share with nothing left ends.
    """
    if isinstance(event, ExamMoved) and event.reason == "merged":
        return
    for row in exams.mark_left(tx, event.id, event.version, now):
        if shares.find_exam_ids(tx, [row.id]).get(row.id):
            take_back(tx, row, "exam-left", now)
            tell(tx, ShareChanged, row, now, "exam-left")
        else:
            end_share(tx, row, "nothing-left", now)
