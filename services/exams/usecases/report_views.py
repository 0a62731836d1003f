"""A report as its caller may see it. Whether they may is asked of domain.release, by the clock, every time.

So a lagging sweep shows nothing early and hides nothing.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.chassis.caller import Caller
from services.chassis.db import Tx
from services.exams.domain import release
from services.exams.parts import Parts
from services.exams.store import people
from services.exams.store import reports as report_store
from services.exams.store.tables import ExamRow, ReportRow
from services.exams.usecases.report_sheets import pdf_of
from services.exams.usecases.report_words import impression_of, why_text
from services.exams.usecases.reports import facts_of
from services.exams.usecases.seen import instant, record, seen_exam

Json = dict[str, Any]


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


def gate(standing: release.ReportStanding, site: str, language: str) -> Json:
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
        told = gate(standing, site.name, language) | {"contact": {"name": site.name, "phone": site.phone}}
        told.pop("status")  # a problem's own word; the report's stands in ``report``
        refusal = release.ReportWithdrawn if standing.status == "withdrawn" else release.ReportNotReleased
        raise refusal(facts=told | {"report": standing.status})
    report_store.note_opening(tx, report, caller.holder, now)
    record(tx, caller, action, exam, now)
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
