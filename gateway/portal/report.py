"""An exam's Report, or when it comes and why (guide, 01 and 04)."""

import re
import textwrap
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext as _
from markupsafe import Markup, escape

from gateway.portal import calls, gates, viewing
from gateway.portal.calls import Refused
from gateway.portal.glossary import Reading, language_of
from gateway.portal.paging import Page, page_of
from gateway.portal.words import language, laws

blueprint = Blueprint("report", __name__)

HEADING = re.compile(r"([A-ZÁÉÍÓÚÑ][A-ZÁÉÍÓÚÑ /&]{2,40}):\s*(.*)")
"""``FINDINGS: …``, as radiologists' reports have them."""
IMPRESSIONS = ("Impression", "Impresión", "Impresion")
LONGEST_BYTES = 10_000
"""What a page shows of a report; nearly all are shorter."""

Section = tuple[str, list[str]]
"""Heading (``""`` for none) and lines."""


@blueprint.get("/exams/<exam_id>/report")
@gates.open_to(*gates.VIEWERS)
def report(exam_id: str) -> Any:
    """Show the report, or the gate before it; of the gate only what may be told."""
    context = viewing.context(exam_id, "report")
    if context["share"] and not context["share"].get("includeReport"):
        return render_template("report.html", **context, gate={"status": "not-shared"}, report=None, laws={})
    gate = dict(context["exam"].get("report") or {"status": "none"})
    found = None
    if gate.get("status") == "available":
        found, gate = _ask(exam_id, gate)
    page, steps = _page(found) if found else None, _steps(exam_id, gate)
    reading = Reading(language_of(found.get("text") or "")) if found else None
    sections = linked(page.items[0], reading) if page and reading else []
    return render_template(
        "report.html", **context, gate=gate, report=found, page=page, sections=sections, reading=reading, steps=steps,
        laws=laws(),
    )  # fmt: skip


def linked(sections: Sequence[Section], reading: Reading) -> list[tuple[Markup, list[Markup]]]:
    """Give *sections* escaped, their words linked in the order of the page; the portal's own heading is its own."""
    own = _("Impression")
    return [
        (reading.link(heading, language() if heading == own else None), [reading.link(line) for line in lines])
        for heading, lines in sections
    ]


def _page(found: dict[str, Any]) -> Page[list[Section]]:
    """Give the page of a report that is asked for: the impression first."""
    text, impression = found.get("text") or "", found.get("impression") or ""
    sections = [(_("Impression"), _lines(impression)), *sections_of(text, impression)]
    return page_of(parts_of(sections), 1, request.args.get("page"))


def parts_of(sections: Sequence[Section]) -> list[list[Section]]:
    """Give *sections* in parts that a page has room for; what goes on has its heading again."""
    parts: list[list[Section]] = [[]]
    room = LONGEST_BYTES
    for heading, lines in sections:
        shown: list[str] = []
        for line in (piece for whole in lines for piece in _pieces(whole)):
            if _weight(line) > room:
                parts, room, shown = [*parts, []], LONGEST_BYTES, []
            if not shown:
                parts[-1].append((heading, shown))
            shown.append(line)
            room -= _weight(line)
    return parts


def _weight(line: str) -> int:
    return len(f"<p>{escape(line)}</p>".encode())


def _pieces(line: str) -> list[str]:
    """Give *line*, cut between words where no page has room for it."""
    return [line] if _weight(line) <= LONGEST_BYTES else textwrap.wrap(line, LONGEST_BYTES // 6)


def sections_of(text: str, impression: str) -> list[Section]:
    """Give a report's text as sections, in order.

    The impression stands first on the page, so a section that says exactly the same is left out; nothing else is.
    """
    sections: list[Section] = [("", [])]
    for line in (part.strip() for part in text.splitlines()):
        found = HEADING.match(line)
        if found:
            sections.append((found[1].capitalize(), [found[2]] if found[2] else []))
        elif line:
            sections[-1][1].append(line)
    return [one for one in sections if one[1] and (one[1] != _lines(impression) or one[0] not in IMPRESSIONS)]


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _ask(exam_id: str, gate: dict[str, Any]) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """Give the report; where it was taken back since the list was made, the gate instead."""
    try:
        return calls.ask("exams", "GET", calls.at("/exams/{}/report", exam_id)), gate
    except Refused as refused:
        if refused.status != 404:
            raise
        status = "withdrawn" if refused.slug == "report-withdrawn" else str(refused.facts.get("report") or "held")
        return None, refused.facts | {"status": status}


def _steps(exam_id: str, gate: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Give the visit's steps by slug for a gate whose time may be told; empty otherwise."""
    if gate.get("status") != "held" or not gate.get("availableAt"):
        return {}
    try:
        summary = calls.ask("exams", "GET", calls.at("/exams/{}/visit-summary", exam_id))
    except Refused:
        return {}
    return {step["slug"]: step for step in summary.get("steps", [])}


@blueprint.get("/exams/<exam_id>/report.pdf")
@gates.open_to(*gates.VIEWERS)
def report_pdf(exam_id: str) -> Response:
    """Give the report as PDF."""
    return calls.pass_on("exams", calls.at("/exams/{}/report.pdf", exam_id))
