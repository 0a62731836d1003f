"""The list of exams and an exam's Visit Summary (guide, 04)."""

from typing import Any

from flask import Blueprint, redirect, render_template, request

from gateway.portal import calls, gates, viewing
from gateway.portal.calls import Refused

blueprint = Blueprint("exams", __name__)


@blueprint.get("/exams")
@gates.open_to(*gates.PATIENTS)
def exam_list() -> Any:
    """Show all exams at the left, and nothing chosen."""
    return render_template("exams.html", list=viewing.load(request.args.get("page")), share={}, tab="visit")


@blueprint.get("/shared")
@gates.open_to("share")
def shared_list() -> Any:
    """Show the exams shared with the recipient."""
    its_list = viewing.load(request.args.get("page"))
    share = viewing.share_facts(its_list.exams)
    return render_template("exams.html", list=its_list, share=share, zone=viewing.zone_of(its_list.exams), tab="visit")


@blueprint.get("/exams/<exam_id>")
@gates.open_to(*gates.VIEWERS)
def exam(exam_id: str) -> Any:
    """Lead to an exam's first tab."""
    return redirect(calls.at("/exams/{}/visit", exam_id), 303)


@blueprint.get("/exams/<exam_id>/visit")
@gates.open_to(*gates.VIEWERS)
def visit_summary(exam_id: str) -> Any:
    """Show where things stand, and the visit's facts."""
    context = viewing.context(exam_id, "visit")
    share = context["share"]
    summary = _summary(exam_id, share)
    steps = steps_told(summary.get("steps") or []) if summary else []
    if share and not share.get("includeReport"):
        steps = [step for step in steps if not str(step.get("slug")).startswith("report-")]
    return render_template("visit.html", **context, summary=summary, steps=steps)


def steps_told(steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give the steps done and the next ones; one left out on the way, such as an arrival nobody noted, is not told."""
    last_done = max((number for number, step in enumerate(steps) if step.get("at")), default=-1)
    return [step for number, step in enumerate(steps) if step.get("at") or number > last_done]


def _summary(exam_id: str, share: dict[str, Any]) -> dict[str, Any] | None:
    """Give the visit summary; None where a share does not hold it."""
    if share and not share.get("includeVisitSummary"):
        return None
    try:
        found: dict[str, Any] = calls.ask("exams", "GET", calls.at("/exams/{}/visit-summary", exam_id))
    except Refused as refused:
        if share and refused.status in {403, 404}:
            return None
        raise
    return found
