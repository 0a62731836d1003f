"""What staff and other systems ask: studies that wait, and the identifiers behind an event's id."""

from datetime import datetime
from typing import Any

from services.chassis import audit
from services.chassis.caller import Caller
from services.chassis.db import Tx
from services.exams.domain.exams import ExamNotFound, StudyNotWaiting
from services.exams.parts import SERVICE, Parts
from services.exams.store import exams as exam_store
from services.exams.store import people, studies
from services.exams.usecases.matching import settle_exams
from services.exams.usecases.seen import instant


def list_unmatched(tx: Tx, caller: Caller, limit: int, now: datetime) -> list[dict[str, Any]]:
    """Give the studies that no exam has, oldest first."""
    audit.record(tx, SERVICE, "unmatched-studies.list", now, caller=caller)
    return [
        {
            "id": study.id,
            "reason": study.waiting,
            "studyUid": study.study_uid,
            "accession": study.accession,
            "mrn": study.mrn,
            "patientName": _name(study.patient_keys),
            "description": study.description,
            "instances": count,
            "receivedAt": instant(study.first_at),
        }
        for study, count in studies.find_waiting(tx, limit)
    ]


def _name(keys: dict[str, Any]) -> str | None:
    values = keys.get("00100010", {}).get("Value") or [None]
    first = values[0]
    return first.get("Alphabetic") if isinstance(first, dict) else None


def match_by_hand(tx: Tx, parts: Parts, caller: Caller, study_id: str, exam_id: str, note: str, now: datetime) -> None:
    """Make a waiting study an exam's, whatever its Patient ID says. Raises StudyNotWaiting, ExamNotFound."""
    study = studies.find_known_study(tx, study_id)
    if study is None or study.waiting is None:
        raise StudyNotWaiting
    exam = exam_store.find_known_exam(tx, exam_id)
    visit = people.find_visit(tx, exam.visit_id) if exam else None
    allowed = getattr(caller.grants, "locations", None)
    if exam is None or visit is None or (allowed is not None and visit.location_id not in allowed):
        raise ExamNotFound(field="examId")
    exam_store.add_link(tx, exam.id, study.id, "staff", now, note=f"{caller.holder}: {note}")
    study.waiting = None
    audit.record(
        tx,
        SERVICE,
        "study.match",
        now,
        caller=caller,
        patient_id=exam.patient_id,
        object=f"study:{study.id} exam:{exam.id}",
    )
    tx.flush()
    settle_exams(tx, parts, [exam.id], now)


def identifiers(tx: Tx, caller: Caller, exam_id: str, now: datetime) -> dict[str, Any]:
    """Give accession number, MRNs and study UIDs of an exam, for a system. Raises ExamNotFound."""
    exam = exam_store.find_known_exam(tx, exam_id)
    if exam is None:
        raise ExamNotFound
    numbers = people.find_identifiers(tx, people.find_family(tx, exam.patient_id))
    found = exam_store.find_studies_of(tx, [exam.id]).get(exam.id, [])
    audit.record(
        tx, SERVICE, "identifiers.read", now, caller=caller, patient_id=exam.patient_id, object=f"exam:{exam.id}"
    )
    own = [one for one in numbers if one.patient_id == exam.patient_id]
    return {
        "examId": exam.id,
        "accession": exam.accession,
        "mrn": own[0].mrn if own else None,
        "identifiers": [{"authority": one.authority, "mrn": one.mrn} for one in numbers],
        "visitNumber": people.find_visit(tx, exam.visit_id).visit_number,
        "studyUids": [study.study_uid for study in found],
    }
