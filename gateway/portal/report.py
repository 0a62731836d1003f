"""An exam's Report, or when it comes and why (guide, 01 and 04)."""

import re
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, render_template
from flask_babel import gettext as _
from markupsafe import Markup

from gateway.portal import calls, gates, viewing
from gateway.portal.calls import Refused
from gateway.portal.glossary import Reading, language_of
from gateway.portal.words import language, laws

blueprint = Blueprint("report", __name__)

HEADING = re.compile(r"([A-ZÁÉÍÓÚÑ][A-ZÁÉÍÓÚÑ /&]{2,40}):\s*(.*)")
"""``FINDINGS: …``, as radiologists' reports have them."""
IMPRESSIONS = ("Impression", "Impresión", "Impresion")


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
    steps = _steps(exam_id, gate)
    reading = Reading(language_of(found.get("text") or "")) if found else None
    sections = linked(_sections(found), reading) if found and reading else []
    return render_template(
        "report.html", **context, gate=gate, report=found, sections=sections, reading=reading, steps=steps, laws=laws()
    )


def linked(sections: Sequence[tuple[str, list[str]]], reading: Reading) -> list[tuple[Markup, list[Markup]]]:
    """Give *sections* escaped, their words linked in the order of the page; the portal's own heading is its own."""
    own = _("Impression")
    return [
        (reading.link(heading, language() if heading == own else None), [reading.link(line) for line in lines])
        for heading, lines in sections
    ]


def _sections(found: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """Give a report's sections, the impression first."""
    text, impression = found.get("text") or "", found.get("impression") or ""
    first = [line.strip() for line in impression.splitlines() if line.strip()]
    return ([(_("Impression"), first)] if first else []) + sections_of(text, impression)


def sections_of(text: str, impression: str) -> list[tuple[str, list[str]]]:
    """Give a report's text as sections: heading (``""`` for none) and lines, in order.

    The impression stands first on the page, so a section that says exactly the same is left out; nothing else is.
    """
    sections: list[tuple[str, list[str]]] = [("", [])]
    for line in (part.strip() for part in text.splitlines()):
        found = HEADING.match(line)
        if found:
            sections.append((found[1].capitalize(), [found[2]] if found[2] else []))
        elif line:
            sections[-1][1].append(line)
    said = [line.strip() for line in impression.splitlines() if line.strip()]
    return [one for one in sections if one[1] and (one[1] != said or one[0] not in IMPRESSIONS)]


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
