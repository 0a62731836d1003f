"""What people asked for, as staff answer it: help requests, and guest appointments (S63, S70)."""

from typing import Any

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext as _

from gateway.portal import calls, gates
from gateway.portal.calls import Refused
from gateway.portal.help_pages import reasons
from gateway.portal.refusals import app_redirect

blueprint = Blueprint("staff_requests", __name__)

STATES = ("open", "granted", "refused")
CHECKS = ("callback-on-file", "photo-id")
REQUESTS_SHOWN, GUESTS_SHOWN = 10, 25


@blueprint.get("/staff/help-requests")
@gates.open_to(*gates.STAFF)
def help_requests() -> Any:
    """Show the queue, or those answered."""
    return _queue_page()


def _queue_page(error: str = "", wrong: str = "", status: int = 200) -> Response:
    state = request.args.get("state", "open")
    state = state if state in STATES else "open"
    query = f"?state={state}&limit={REQUESTS_SHOWN}{_cursor()}"
    found = calls.ask("identity", "GET", f"/staff/help-requests{query}")
    page = render_template(
        "staff_help.html", requests=found.get("helpRequests", []), next=found.get("next"), state=state,
        reasons=reasons(), error=error, wrong=wrong, done=_words_of_answers().get(request.args.get("done", ""), ""),
    )  # fmt: skip
    return Response(page, status, content_type="text/html; charset=utf-8")


def _cursor() -> str:
    cursor = request.args.get("cursor", "")
    return f"&cursor={cursor}" if cursor.isdecimal() else ""


@blueprint.post("/staff/help-requests/<request_id>/grant")
@gates.open_to(*gates.STAFF)
def grant(request_id: str) -> Any:
    """Grant a request, once it is said how the asker was checked."""
    check, note = request.form.get("verifiedBy", ""), request.form.get("note", "").strip()
    if check not in CHECKS:
        return _queue_page(_("Say how you checked who asks."), request_id, 422)
    body = {"verifiedBy": check} | ({"note": note} if note else {})
    return _answer(request_id, "grant", body)


@blueprint.post("/staff/help-requests/<request_id>/refusal")
@gates.open_to(*gates.STAFF)
def refuse(request_id: str) -> Any:
    """Refuse a request, saying why."""
    note = request.form.get("note", "").strip()
    if not note:
        return _queue_page(_("Say why it is refused."), request_id, 422)
    return _answer(request_id, "refusal", {"note": note})


def _answer(request_id: str, way: str, body: dict[str, str]) -> Response:
    """Give the answer to identity, and show the queue again; with its reason where that refuses."""
    try:
        calls.ask("identity", "POST", calls.at(f"/staff/help-requests/{{}}/{way}", request_id), body)
    except Refused as refused:
        text = _words_of_refusals().get(refused.slug)
        if text is None:
            raise
        return _queue_page(text, request_id, refused.status)
    return app_redirect(f"/staff/help-requests?done={way}")


def _words_of_answers() -> dict[str, str]:
    return {"grant": _("The request was granted."), "refusal": _("The request was refused.")}


def _words_of_refusals() -> dict[str, str]:
    return {
        "help-request-answered": _("Somebody answered this request before you."),
        "icode-ended": _("This I-Code was replaced or reported lost. Issue a new one."),
        "icode-not-proven": _("The request did not come with the right I-Code. Issue a new one to the patient."),
        "reason-needed": _("Write a note: it is outside your locations, or the record is protected."),
    }


@blueprint.get("/staff/guest-appointments")
@gates.open_to(*gates.STAFF)
def guest_appointments() -> Any:
    """Show what guests asked for at one's own locations."""
    found = calls.ask("identity", "GET", f"/staff/guest-appointments?limit={GUESTS_SHOWN}{_cursor()}")
    return render_template("staff_guests.html", requests=found.get("guestAppointments", []), next=found.get("next"))
