"""What every opening begins with: is the exam the caller's, and the note that they opened it."""

from datetime import datetime

from services.chassis import audit
from services.chassis.caller import Caller
from services.chassis.db import Tx
from services.exams.domain.exams import ExamNotFound
from services.exams.parts import SERVICE
from services.exams.store import exams as exam_store
from services.exams.store.tables import ExamRow


def instant(at: datetime | None) -> str | None:
    """Give an instant as RFC 3339, UTC."""
    return None if at is None else at.isoformat().replace("+00:00", "Z")


def seen_exam(tx: Tx, caller: Caller, exam_id: str) -> ExamRow:
    """Give one of the caller's exams. Raises ExamNotFound: outside their grants as for what does not exist."""
    exam = exam_store.find_seen_exam(tx, caller, exam_id)
    if exam is None:
        raise ExamNotFound
    return exam


def record(tx: Tx, caller: Caller, action: str, exam: ExamRow, now: datetime) -> None:
    """Note in the audit that *caller* opened something of *exam*."""
    audit.record(tx, SERVICE, action, now, caller=caller, patient_id=exam.patient_id, object=f"exam:{exam.id}")
