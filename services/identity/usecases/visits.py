"""Copies of visits and exams, and the front desk's look at them."""

from datetime import datetime
from zoneinfo import ZoneInfo

from contracts.exams import ExamMoved, ExamState, VisitDetailsChanged, VisitState
from services.chassis.db import Tx
from services.identity.parts import Parts
from services.identity.store import visits as store
from services.identity.usecases.coming_of_age import settle_of_age
from services.identity.usecases.icodes import end_codes_of_visit, note_whose


def copy_visit(tx: Tx, parts: Parts, told: VisitState, now: datetime) -> None:
    """Keep the newest state of a visit, its day at its location, and when its patient is 18 there."""
    zone = ZoneInfo(parts.time_zone(told.location_id))
    former = store.find_visit(tx, told.id)
    is_anothers = former is not None and former.patient_id != told.patient_id
    store.save_visit(
        tx,
        id=told.id,
        patient_id=told.patient_id,
        location_id=told.location_id,
        starts_at=told.starts_at,
        local_date=told.starts_at.astimezone(zone).date() if told.starts_at else None,
    )
    tx.flush()
    if is_anothers:
        note_whose(tx, told.id, told.patient_id, now)
    settle_of_age(tx, parts, told.patient_id, now)


def copy_details(tx: Tx, told: VisitDetailsChanged) -> None:
    """Keep the newest details of a visit; who, where and when come with its public state."""
    store.save_details(
        tx,
        [(exam.exam_id, exam.accession, exam.procedure) for exam in told.exams],
        visit_id=told.id,
        visit_number=told.visit_number,
        referring_physician=told.referring_physician,
        language=told.language,
        is_protected=told.is_protected,
    )


def copy_exam(tx: Tx, told: ExamState) -> None:
    """Keep the newest state of an exam."""
    store.save_exam(
        tx,
        id=told.id,
        patient_id=told.patient_id,
        visit_id=told.visit_id,
        status=told.status,
        modality=told.modality[:16],
    )


def remove_exam(tx: Tx, exam_id: str) -> None:
    """Forget an exam that is no more."""
    store.delete_exam(tx, exam_id)


def take_back_codes(tx: Tx, told: ExamMoved, now: datetime) -> None:
    """End the visit's codes when a correction, or the undoing of a merge, gave its exam to another patient.

    They may have been printed for the wrong one. A correction leaves those alone that were printed for whom the exam
    is now, whose the visit has been since: it came from elsewhere into a visit of theirs. The undoing of a merge does
    not, as what was printed while two were one may be in either's hands; a merge does, as the person is the same.
    """
    if told.reason == "merged" or told.from_patient_id == told.to_patient_id:
        return
    rightful = told.to_patient_id if told.reason == "corrected" else None
    end_codes_of_visit(tx, told.visit_id, told.at, told.reason, now, but_for=rightful)
