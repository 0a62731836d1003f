"""What a caller sees of their exams: lists and the visit summary, in the wire's own words.

Whether an exam is a caller's stands in the query that fetches it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.chassis.caller import Caller
from services.chassis.db import Tx
from services.exams.domain import release
from services.exams.domain.exams import VisitSummaryNotShared, shown_status
from services.exams.domain.plain_names import plain_name
from services.exams.parts import Parts
from services.exams.store import exams as exam_store
from services.exams.store import people
from services.exams.store import reports as report_store
from services.exams.store.exams import ExamFilter
from services.exams.store.tables import ExamRow, ReportRow, StudyRow, VisitRow
from services.exams.usecases.report_sheets import person_name
from services.exams.usecases.report_views import gate, standing_of
from services.exams.usecases.seen import instant, record, seen_exam
from services.exams.usecases.telling import are_images_available

__all__ = ["ExamFilter", "Page", "list_exams", "open_exam", "visit_summary"]

Json = dict[str, Any]


@dataclass(frozen=True)
class Page:
    """Some exams of a list, and after which place the next page begins; None: there is none."""

    exams: list[Json]
    last: tuple[datetime, str] | None


def list_exams(tx: Tx, parts: Parts, caller: Caller, asked: ExamFilter, now: datetime, language: str) -> Page:
    """Give a page of the caller's exams, newest first."""
    rows = exam_store.find_seen_exams(tx, caller, asked)
    ids = [row.id for row in rows]
    found = exam_store.find_studies_of(tx, ids)
    reports = report_store.find_reports_of(tx, ids)
    exams = [_exam(tx, parts, caller, row, found.get(row.id, []), reports.get(row.id), now, language) for row in rows]
    is_full = len(rows) == asked.limit
    return Page(exams, (rows[-1].sorted_at, rows[-1].id) if is_full else None)


def open_exam(tx: Tx, parts: Parts, caller: Caller, exam_id: str, now: datetime, language: str) -> Json:
    """Give one exam, as in the list. Raises ExamNotFound."""
    exam = seen_exam(tx, caller, exam_id)
    record(tx, caller, "exam.open", exam, now)
    found = exam_store.find_studies_of(tx, [exam.id]).get(exam.id, [])
    return _exam(tx, parts, caller, exam, found, report_store.find_report_of(tx, exam.id), now, language)


def _exam(
    tx: Tx,
    parts: Parts,
    caller: Caller,
    exam: ExamRow,
    found: list[StudyRow],
    report: ReportRow | None,
    now: datetime,
    language: str,
) -> Json:
    visit, patient = people.find_visit(tx, exam.visit_id), people.find_patient(tx, exam.patient_id)
    location = parts.locations[visit.location_id]
    has_images = are_images_available(exam, found)
    return {
        **_named(exam, visit, language),
        "patientName": person_name(patient.given, patient.middle, patient.family),
        "bytes": sum(study.size_bytes for study in found) if has_images else 0,
        "location": {
            "id": location.id, "name": location.name, "state": location.state, "timeZone": location.time_zone
        },
        "imagesAvailable": has_images,
        "report": gate(standing_of(tx, parts, caller, exam, report, now), location.name, language),
    }  # fmt: skip


def _named(exam: ExamRow, visit: VisitRow, language: str) -> Json:
    return {
        "id": exam.id,
        "accession": exam.accession,
        "description": exam.procedure_text,
        "plainName": plain_name(exam.modality, exam.procedure_text, language),
        "modality": exam.modality,
        "status": shown_status(exam.status, visit.arrived_at),  # type: ignore[arg-type]  # as it was read
        "date": instant(exam.starts_at or visit.starts_at or exam.ordered_at),
    }


def visit_summary(tx: Tx, parts: Parts, caller: Caller, exam_id: str, now: datetime, language: str) -> Json:
    """Give an exam's visit summary (S25). Raises ExamNotFound, VisitSummaryNotShared."""
    exam = seen_exam(tx, caller, exam_id)
    if not caller.may_see_visit_summary:
        raise VisitSummaryNotShared
    record(tx, caller, "visit-summary.open", exam, now)
    visit, patient = people.find_visit(tx, exam.visit_id), people.find_patient(tx, exam.patient_id)
    location = parts.locations[visit.location_id]
    numbers = people.find_identifiers(tx, [patient.id])
    return {
        "exam": _named(exam, visit, language),
        "patient": {
            "name": person_name(patient.given, patient.middle, patient.family),
            "dateOfBirth": patient.birth_date.isoformat() if patient.birth_date else None,
            "sex": patient.sex,
            "mrn": numbers[0].mrn if numbers else None,
        },
        "visit": {
            "number": visit.visit_number,
            "date": instant(visit.starts_at or exam.starts_at),
            "location": {
                "id": location.id,
                "name": location.name,
                "state": location.state,
                "timeZone": location.time_zone,
                "address": location.address,
                "phone": location.phone,
            },
            "referringPhysician": exam.ordering_physician or visit.referring_physician,
            "reason": exam.reason,
            "allergies": visit.allergies,
            "diagnoses": visit.reasons,
        },
        "steps": _steps(tx, parts, caller, exam, visit, now),
    }


def _steps(tx: Tx, parts: Parts, caller: Caller, exam: ExamRow, visit: VisitRow, now: datetime) -> list[Json]:
    """Give the exam's course; of a report held as sensitive nothing after the exam's completion."""
    is_completed = exam.status == "completed"
    steps = [
        _step("ordered", exam.ordered_at),
        _step("arrived", visit.arrived_at),
        _step("completed", exam.completed_at if is_completed else None),
    ]
    report = report_store.find_report_of(tx, exam.id)
    standing = standing_of(tx, parts, caller, exam, report, now)
    if standing.is_silent or not caller.may_see_reports:
        return steps
    is_told = report is not None and report.status in release.SIGNED and standing.status in {"held", "available"}
    signed = report.signed_at if report is not None and is_told else None
    told = report.told_sent_at if report is not None and is_told else None
    sent = release.sent_at(signed, told, sent_when_signed=parts.sent_when_signed)
    is_available = standing.status == "available"
    at = standing.available_at
    return [
        *steps,
        _step("report-signed", signed),
        _step("report-sent", sent),
        _step("report-available", at if is_available else None, None if is_available else at),
    ]


def _step(slug: str, at: datetime | None, due_at: datetime | None = None) -> Json:
    return {"slug": slug, "at": instant(at), "dueAt": instant(due_at)}
