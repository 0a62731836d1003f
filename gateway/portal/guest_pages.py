"""Asking for an appointment as a guest, as minors must: the front desk calls back, the portal schedules none (S63)."""

from typing import Any

from flask import Blueprint, Response, make_response, render_template, request
from flask_babel import gettext as _

from gateway.portal import calls, words
from gateway.portal.calls import Refused
from gateway.portal.entering import all_locations, place_chosen
from gateway.portal.refusals import app_redirect

blueprint = Blueprint("guest", __name__)

NEEDED = ("firstName", "lastName", "dateOfBirth", "phone", "locationId", "examWanted")
OPTIONAL = ("guardian", "email", "preferredTimes")


@blueprint.get("/guest-appointment")
def form() -> Any:
    """Show the form, with the location chosen last."""
    return _form_page({"locationId": place_chosen().get("id", "")})


def _form_page(given: dict[str, str], status: int = 200, errors: dict[str, str] | None = None) -> Response:
    page = render_template("guest.html", form=given, errors=errors or {}, locations=all_locations())
    answer = make_response(page, status)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.post("/guest-appointment")
def ask() -> Any:
    """Send the request, or show each mistake at its field."""
    given = {name: request.form.get(name, "").strip() for name in NEEDED + OPTIONAL}
    errors = {name: text for name, text in _words_of_mistakes().items() if name in NEEDED and not given[name]}
    if errors:
        return _form_page(given, 422, errors)
    body = {name: value for name, value in given.items() if value}
    try:
        calls.ask_as_nobody("identity", "POST", "/guest-appointments", body | {"language": words.language()})
    except Refused as refused:
        if refused.status != 422:
            raise
        fields = {str(one.get("field")) for one in refused.facts.get("errors", [])}
        told = {name: text for name, text in _words_of_mistakes().items() if name in fields}
        return _form_page(given, 422, told or {"examWanted": _("That is too long.")})
    return app_redirect("/guest-appointment/sent")


def _words_of_mistakes() -> dict[str, str]:
    return {
        "firstName": _("Enter the first name."),
        "lastName": _("Enter the last name."),
        "dateOfBirth": _("Enter the date of birth."),
        "phone": _("Enter a phone number."),
        "email": _("Enter an email address, or leave this empty."),
        "locationId": _("Choose one of our locations."),
        "examWanted": _("Enter which exam is needed."),
        "guardian": _("That is too long."),
        "preferredTimes": _("That is too long."),
    }


@blueprint.get("/guest-appointment/sent")
def sent() -> Any:
    """Say that the request is here, and that no appointment is made yet."""
    return render_template("guest_sent.html")
