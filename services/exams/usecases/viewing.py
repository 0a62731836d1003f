"""What a caller sees of their exams: lists, the visit summary, the report, the images' list; in the wire's own words.

Whether an exam is a caller's stands in the query; whether its report may be seen is asked of domain.release, by the
clock, every time: a lagging sweep shows nothing early and hides nothing.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.chassis import audit
from services.chassis.caller import Caller
from services.chassis.db import Tx
from services.exams.domain import release
from services.exams.domain.exams import ExamNotFound, VisitSummaryNotShared, shown_status
from services.exams.domain.plain_names import plain_name
from services.exams.parts import SERVICE, Parts
from services.exams.slice_order import in_order
from services.exams.store import exams as exam_store
from services.exams.store import people, studies
from services.exams.store import reports as report_store
from services.exams.store.exams import ExamFilter
from services.exams.store.tables import ExamRow, InstanceRow, ReportRow, SeriesRow, StudyRow, VisitRow
from services.exams.usecases.report_sheets import pdf_of, person_name
from services.exams.usecases.report_words import impression_of, why_text
from services.exams.usecases.reports import facts_of
from services.exams.usecases.telling import are_images_available

__all__ = ["ExamFilter", "list_exams", "list_images", "open_exam", "open_report", "report_page", "visit_summary"]

Json = dict[str, Any]


def instant(at: datetime | None) -> str | None:
    """Give an instant as RFC 3339, UTC."""
    return None if at is None else at.isoformat().replace("+00:00", "Z")


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
    _record(tx, caller, "exam.open", exam, now)
    found = exam_store.find_studies_of(tx, [exam.id]).get(exam.id, [])
    return _exam(tx, parts, caller, exam, found, report_store.find_report_of(tx, exam.id), now, language)


def seen_exam(tx: Tx, caller: Caller, exam_id: str) -> ExamRow:
    """Give one of the caller's exams. Raises ExamNotFound: outside their grants as for what does not exist."""
    exam = exam_store.find_seen_exam(tx, caller, exam_id)
    if exam is None:
        raise ExamNotFound
    return exam


def _record(tx: Tx, caller: Caller, action: str, exam: ExamRow, now: datetime) -> None:
    audit.record(tx, SERVICE, action, now, caller=caller, patient_id=exam.patient_id, object=f"exam:{exam.id}")


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
        **_named(exam, visit),
        "patientName": person_name(patient.given, patient.middle, patient.family),
        "bytes": sum(study.size_bytes for study in found) if has_images else 0,
        "location": {
            "id": location.id, "name": location.name, "state": location.state, "timeZone": location.time_zone
        },
        "imagesAvailable": has_images,
        "report": _gate(standing_of(tx, parts, caller, exam, report, now), location.name, language),
    }  # fmt: skip


def _named(exam: ExamRow, visit: VisitRow) -> Json:
    return {
        "id": exam.id,
        "accession": exam.accession,
        "description": exam.procedure_text,
        "plainName": plain_name(exam.modality, exam.procedure_text),
        "modality": exam.modality,
        "status": shown_status(exam.status, visit.arrived_at),  # type: ignore[arg-type]  # as it was read
        "date": instant(exam.starts_at or visit.starts_at or exam.ordered_at),
    }


# --- report --------------------------------------------------------------------------------------------------------


def standing_of(
    tx: Tx, parts: Parts, caller: Caller, exam: ExamRow, report: ReportRow | None, now: datetime
) -> release.ReportStanding:
    """Give how an exam's report stands for *caller* at *now*; a share without the report knows of none."""
    if not caller.may_see_reports or exam.status == "cancelled":
        return release.NO_REPORT
    if report is None:
        return release.AWAITED if exam.status == "completed" else release.NO_REPORT
    if report.released_version == report.report_version:
        return release.ReportStanding("available", available_at=report.due_at)
    facts = facts_of(tx, parts.locations, report, exam, sent_when_signed=parts.sent_when_signed)
    return release.standing(facts, now)


def may_see_findings(tx: Tx, parts: Parts, caller: Caller, exam: ExamRow) -> bool:
    """Tell whether objects that carry findings may be spoken of: they are report, not image."""
    report = report_store.find_report_of(tx, exam.id)
    return standing_of(tx, parts, caller, exam, report, parts.clock.now()).status == "available"


def _gate(standing: release.ReportStanding, site: str, language: str) -> Json:
    """Give what may be told of a report; nothing of what it says."""
    told: Json = {"status": standing.status}
    if standing.available_at is not None:
        told["availableAt"] = instant(standing.available_at)
    if standing.withdrawn_at is not None:
        told["withdrawnAt"] = instant(standing.withdrawn_at)
    if standing.why is not None:
        told["why"] = {
            "slug": standing.why, "text": why_text(standing.why, site, language), "citation": standing.citation
        }  # fmt: skip
    return told


@dataclass(frozen=True)
class OpenReport:
    """A report that its caller may see now."""

    exam: ExamRow
    report: ReportRow
    available_at: datetime | None


def open_report(
    tx: Tx, parts: Parts, caller: Caller, exam_id: str, now: datetime, language: str, action: str = "report.open"
) -> OpenReport:
    """Give a report that *caller* may see, noting that they opened it.

    Raises ExamNotFound, ReportNotShared, ReportNotReleased (with what may be told), ReportWithdrawn.
    """
    exam = seen_exam(tx, caller, exam_id)
    if not caller.may_see_reports:
        raise release.ReportNotShared
    report = report_store.find_report_of(tx, exam.id)
    standing = standing_of(tx, parts, caller, exam, report, now)
    if report is None or standing.status != "available":
        site = parts.locations[people.find_visit(tx, exam.visit_id).location_id]
        told = _gate(standing, site.name, language) | {"contact": {"name": site.name, "phone": site.phone}}
        told.pop("status")  # a problem's own word; the report's stands in ``report``
        refusal = release.ReportWithdrawn if standing.status == "withdrawn" else release.ReportNotReleased
        raise refusal(facts=told | {"report": standing.status})
    report_store.note_opening(tx, report, caller.holder, now)
    _record(tx, caller, action, exam, now)
    return OpenReport(exam, report, standing.available_at)


def report_page(parts: Parts, opened: OpenReport) -> Json:
    """Give a report's text and facts."""
    report = opened.report
    facts_sent = release.sent_at(report.signed_at, report.told_sent_at, sent_when_signed=parts.sent_when_signed)
    return {
        "examId": opened.exam.id,
        "status": "available",
        "isCorrected": report.status == "corrected",
        "title": report.title or opened.exam.procedure_text,
        "impression": impression_of(report.text or ""),
        "text": report.text or "",
        "signedAt": instant(report.signed_at),
        "sentAt": instant(facts_sent),
        "releasedAt": instant(opened.available_at),
        "interpreter": report.interpreter,
        "version": report.report_version,
        "pdf": f"/api/v1/exams/{opened.exam.id}/report.pdf",
    }


def report_file(tx: Tx, parts: Parts, opened: OpenReport) -> bytes:
    """Give a report's PDF, as it is stored; made now where the sweep has not yet."""
    report = opened.report
    if report.pdf_key is not None and report.pdf_version == report.report_version:
        return parts.objects.read(report.pdf_key)
    return pdf_of(tx, parts, report)


# --- visit summary -------------------------------------------------------------------------------------------------


def visit_summary(tx: Tx, parts: Parts, caller: Caller, exam_id: str, now: datetime) -> Json:
    """Give an exam's visit summary (S25). Raises ExamNotFound, VisitSummaryNotShared."""
    exam = seen_exam(tx, caller, exam_id)
    if not caller.may_see_visit_summary:
        raise VisitSummaryNotShared
    _record(tx, caller, "visit-summary.open", exam, now)
    visit, patient = people.find_visit(tx, exam.visit_id), people.find_patient(tx, exam.patient_id)
    location = parts.locations[visit.location_id]
    numbers = people.find_identifiers(tx, [patient.id])
    return {
        "exam": _named(exam, visit),
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


# --- images --------------------------------------------------------------------------------------------------------


def list_images(tx: Tx, caller: Caller, exam_id: str, series_uid: str | None, now: datetime) -> Json:
    """Give an exam's images by series (S28); none before the exam is completed (S3). Raises ExamNotFound."""
    exam = seen_exam(tx, caller, exam_id)
    _record(tx, caller, "images.list", exam, now)
    found = exam_store.find_studies_of(tx, [exam.id]).get(exam.id, [])
    if not are_images_available(exam, found):
        return {"series": []}
    pictures = studies.find_pictures(tx, exam.id)
    return {
        "series": [
            _series(exam.id, series, instances)
            for series, instances in pictures
            if series_uid in {None, series.series_uid}
        ]
    }


def _series(exam_id: str, series: SeriesRow, instances: list[InstanceRow]) -> Json:
    ordered = in_order(instances)
    return {
        "uid": series.series_uid,
        "modality": series.modality,
        "number": series.number,
        "description": series.description,
        "count": len(ordered),
        "images": [_image(exam_id, one, at, len(ordered)) for at, one in enumerate(ordered, start=1)],
    }


def _image(exam_id: str, row: InstanceRow, at: int, count: int) -> Json:
    jpg = f"/api/v1/exams/{exam_id}/images/{row.sop_instance_uid}.jpg"
    return {
        "uid": row.sop_instance_uid,
        "number": row.instance_number if row.instance_number is not None else at,
        "frames": row.frames,
        "jpg": jpg,
        "thumbnail": f"{jpg}?size=256",
        "label": f"Image {at} of {count}",
    }
