"""The front desk: log in, find a visit, issue its I-Code."""

from typing import Any

from flask import Blueprint, Response, make_response, render_template, request
from flask_babel import gettext as _

from gateway.portal import calls, gates, session
from gateway.portal.calls import Refused
from gateway.portal.entering import come_in, first_page
from gateway.portal.refusals import app_redirect

blueprint = Blueprint("staff", __name__)

SEARCHED = ("accession", "mrn", "visitNumber", "lastName", "dateOfBirth", "date", "reason")
SHOWN = 12


@blueprint.get("/staff")
def log_in_page() -> Any:
    """Show the staff's log-in."""
    if session.current().kind == "staff":
        return app_redirect(first_page())
    return _log_in_page()


def _log_in_page(status: int = 200, error: str = "", user_id: str = "") -> Response:
    page = render_template("staff_login.html", error=error, user_id=user_id, ended="ended" in request.args)
    answer = make_response(page, status)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.post("/staff")
def log_in() -> Any:
    """Log a member of staff in."""
    user_id, password = request.form.get("userId", "").strip(), request.form.get("password", "")
    try:
        answer = calls.ask_as_nobody("identity", "POST", "/staff/sessions", {"userId": user_id, "password": password})
    except Refused as refused:
        if refused.status == 429:
            return _log_in_page(429, _("Too many tries. Wait a while, or Get Help."), user_id)
        if refused.status not in {401, 422}:
            raise
        return _log_in_page(422, _("That User ID and password do not match."), user_id)
    return come_in(answer, "staff")


@blueprint.get("/staff/visits")
@gates.open_to(*gates.STAFF)
def visits() -> Any:
    """Show the search."""
    return render_template("staff_visits.html", asked={}, visits=None, error="")


@blueprint.post("/staff/visits")
@gates.open_to(*gates.STAFF)
def find_visits() -> Any:
    """Show the visits found; what was searched for is in no address."""
    asked = {name: request.form.get(name, "").strip() for name in SEARCHED}
    query = "&".join(f"{name}={calls.at('{}', value)}" for name, value in asked.items() if value)
    if not query:
        return render_template("staff_visits.html", asked=asked, visits=None, error=_("Enter something to search for."))
    try:
        found = calls.ask("identity", "GET", f"/staff/visits?{query}&limit={SHOWN}")
        shown = [visit | {"icodes": _icodes(str(visit["id"]), asked["reason"])} for visit in found.get("visits", [])]
    except Refused as refused:
        if refused.status != 422:
            raise
        return render_template(
            "staff_visits.html",
            asked=asked,
            visits=None,
            error=_("Say why you look: it is outside your locations, or the record is protected."),
        )
    return render_template("staff_visits.html", asked=asked, visits=shown, next=found.get("next"), error="")


def _icodes(visit_id: str, reason: str) -> list[dict[str, Any]]:
    """Give the states of a visit's codes; never a code."""
    query = f"?reason={calls.at('{}', reason)}" if reason else ""
    found = calls.ask("identity", "GET", calls.at("/staff/visits/{}/icodes", visit_id) + query)
    return list(found.get("icodes", []))


@blueprint.post("/staff/visits/<visit_id>/icodes")
@gates.open_to(*gates.STAFF)
def issue(visit_id: str) -> Any:
    """Issue a code and show it, on this answer and its Portal Pass alone."""
    exam_ids, reason = request.form.getlist("examIds"), request.form.get("reason", "").strip()
    body: dict[str, Any] = {"examIds": exam_ids} if exam_ids else {}
    if reason:
        body["reason"] = reason
    try:
        code = calls.ask("identity", "POST", calls.at("/staff/visits/{}/icodes", visit_id), body)
    except Refused as refused:
        if refused.slug != "reason-needed":
            raise
        return render_template("staff_reason.html", visit_id=visit_id, exam_ids=exam_ids)
    return render_template("staff_issued.html", code=code, visit_id=visit_id)
