"""Looking: exams, their visit summary and report (design/api.md, "Looking")."""

import base64
import binascii
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any

from apiflask import APIBlueprint
from flask import Response
from pydantic import BeforeValidator, Field

from services.chassis.web import Ask, answer_language, viewer
from services.exams.api.door import parts
from services.exams.domain.exams import CursorMalformed
from services.exams.usecases import report_views, viewing
from services.exams.usecases.viewing import ExamFilter

blueprint = APIBlueprint("exams", __name__)

FIRST_YEAR, LAST_YEAR = 1900, 9998
"""Dates that can be told in every time zone."""


def _day_or_instant(value: Any) -> Any:
    """Read a day where no time is given; an instant at midnight is still an instant."""
    try:
        read = date.fromisoformat(value) if len(value) == len("2026-03-02") else datetime.fromisoformat(value)
    except ValueError as error:
        raise ValueError("neither a day nor an instant") from error  # the library's words hold what was sent
    if not FIRST_YEAR <= read.year <= LAST_YEAR:
        raise ValueError("beyond the calendar")
    return read


DayOrInstant = Annotated[datetime | date, BeforeValidator(_day_or_instant)]


class ListAsk(Ask):
    """What a list of exams is narrowed to; ``from`` and ``to`` are days (both within) or instants."""

    since: DayOrInstant | None = Field(default=None, alias="from")
    to: DayOrInstant | None = None
    modality: str | None = Field(default=None, max_length=16)
    location_id: str | None = Field(default=None, max_length=64)
    limit: int = Field(default=50, ge=1, le=200)
    cursor: str | None = Field(default=None, max_length=200)


@blueprint.get("/exams")
@blueprint.input(ListAsk, location="query", arg_name="ask")
@blueprint.doc(summary="The caller's exams, newest first")
def exams(ask: ListAsk) -> dict[str, Any]:
    """Give a page of the caller's exams."""
    who = viewer()
    asked = ExamFilter(
        since=_from(ask.since),
        before=_before(ask.to),
        modality=ask.modality,
        location_id=ask.location_id,
        after=_read_cursor(ask.cursor) if ask.cursor else None,
        limit=ask.limit,
    )
    with parts().db.read() as tx:
        page = viewing.list_exams(tx, parts(), who, asked, parts().clock.now(), answer_language())
    following = _cursor(*page.last) if page.last else None
    return {"exams": page.exams, "next": following}


def _from(since: date | datetime | None) -> datetime | None:
    """Give the instant from which exams are listed; a day begins at midnight UTC: no site's begins earlier."""
    if since is None or isinstance(since, datetime):
        return _aware(since)
    return datetime.combine(since, time(), UTC)


def _before(to: date | datetime | None) -> datetime | None:
    """Give the instant before which exams are listed; a day ends when it ends at the westernmost site."""
    if to is None or isinstance(to, datetime):
        return _aware(to)
    zone = parts().locations.westernmost(parts().clock.now())
    return datetime.combine(to + timedelta(days=1), time(), zone)


def _aware(at: datetime | None) -> datetime | None:
    return at if at is None or at.tzinfo is not None else at.replace(tzinfo=UTC)


def _cursor(at: datetime, exam_id: str) -> str:
    return base64.urlsafe_b64encode(f"{at.isoformat()} {exam_id}".encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> tuple[datetime, str]:
    try:
        at, exam_id = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().split(" ")
        return datetime.fromisoformat(at).astimezone(UTC), exam_id
    except (ValueError, OverflowError, binascii.Error) as error:
        raise CursorMalformed from error


@blueprint.get("/exams/<exam_id>")
@blueprint.doc(summary="One exam", responses=[200, 401, 404])
def exam(exam_id: str) -> dict[str, Any]:
    """Give one of the caller's exams."""
    who = viewer()
    with parts().db.begin() as tx:
        return viewing.open_exam(tx, parts(), who, exam_id, parts().clock.now(), answer_language())


@blueprint.get("/exams/<exam_id>/visit-summary")
@blueprint.doc(summary="The visit's facts and the exam's course", responses=[200, 401, 404])
def visit_summary(exam_id: str) -> dict[str, Any]:
    """Give the visit summary (S25)."""
    who = viewer()
    with parts().db.begin() as tx:
        return viewing.visit_summary(tx, parts(), who, exam_id, parts().clock.now(), answer_language())


@blueprint.get("/exams/<exam_id>/report")
@blueprint.doc(summary="The report, once it may be seen", responses=[200, 401, 404])
def report(exam_id: str) -> dict[str, Any]:
    """Give the report (S26); before its release 404 with what may be told."""
    who = viewer()
    with parts().db.begin() as tx:
        opened = report_views.open_report(tx, parts(), who, exam_id, parts().clock.now(), answer_language())
        return report_views.report_page(parts(), opened)


@blueprint.get("/exams/<exam_id>/report.pdf")
@blueprint.doc(summary="The report as PDF", responses=[200, 401, 404])
def report_pdf(exam_id: str) -> Response:
    """Give the report as PDF (S27)."""
    who = viewer()
    with parts().db.begin() as tx:
        now, language = parts().clock.now(), answer_language()
        opened = report_views.open_report(tx, parts(), who, exam_id, now, language, "report.print")
        data = report_views.report_file(tx, parts(), opened)
    headers = {"Content-Disposition": f'inline; filename="report-{opened.exam.id}.pdf"', "Cache-Control": "no-store"}
    return Response(data, content_type="application/pdf", headers=headers)
