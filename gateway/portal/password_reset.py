"""A forgotten password or User ID: a code by mail for a new password, and the User ID by mail."""

from typing import Any

from flask import Blueprint, Response, make_response, render_template, request
from flask_babel import gettext as _

from gateway.portal import calls, session
from gateway.portal.calls import Refused
from gateway.portal.new_passwords import words_of_length, words_of_refusal
from gateway.portal.refusals import app_redirect

blueprint = Blueprint("password_reset", __name__)

NAME = "reset"


def _page(template: str, status: int = 200, **facts: Any) -> Response:
    answer = make_response(render_template(template, **{"errors": {}, "form": {}} | facts), status)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.get("/password-reset")
def ask() -> Any:
    """Ask whose password it is."""
    return _page("password_reset.html")


@blueprint.post("/password-reset")
def begin() -> Any:
    """Have a code mailed; the answer is the same for accounts that there are not."""
    who = request.form.get("who", "").strip()
    if not who:
        return _page("password_reset.html", 422, errors={"who": _("Enter your User ID or your email address.")})
    body = {"email": who} if "@" in who else {"userId": who}
    try:
        begun = calls.ask_as_nobody("identity", "POST", "/password-resets", body)
    except Refused as refused:
        if refused.status not in {422, 429}:
            raise
        words = _("Too many tries. Wait a while, or Get Help.") if refused.status == 429 else _("That is too long.")
        return _page("password_reset.html", refused.status, form={"who": who}, errors={"who": words})
    session.keep(NAME, {"id": str(begun["id"])})
    return app_redirect("/password-reset/code")


@blueprint.get("/password-reset/code")
def code() -> Any:
    """Ask for the code and the new password."""
    return _page("password_new.html") if session.kept(NAME) else app_redirect("/password-reset")


@blueprint.post("/password-reset/code")
def finish() -> Any:
    """Set the new password."""
    kept = session.kept(NAME)
    if not kept:
        return app_redirect("/password-reset")
    given = {"code": "".join(request.form.get("code", "").split()), "password": request.form.get("password", "")}
    errors = {name: text for name, text in _words_of_mistakes().items() if not given[name]}
    if errors:
        return _code_page(422, given["code"], errors)
    try:
        calls.ask_as_nobody("identity", "POST", calls.at("/password-resets/{}", str(kept["id"])), given)
    except Refused as refused:
        return _refused(refused, given["code"])
    session.forget(NAME)
    return app_redirect("/password-reset/done")


def _code_page(status: int, code: str, errors: dict[str, str]) -> Response:
    return _page("password_new.html", status, form={"code": code}, errors=errors)


def _refused(refused: Refused, code: str) -> Response:
    told = {str(one.get("field")) for one in refused.facts.get("errors", [])}
    if refused.status == 422 and "code" not in told:
        return _code_page(422, code, {"password": words_of_refusal(refused)})
    if refused.status in {401, 403, 404, 410, 422}:
        return _code_page(422, "", {"code": _("That code is wrong or too old.")})
    if refused.status == 429:
        return _code_page(429, "", {"code": _("Too many tries. Wait a while, or Get Help.")})
    raise refused


def _words_of_mistakes() -> dict[str, str]:
    return {
        "code": _("Enter the code from the email."),
        "password": words_of_length(),
    }


@blueprint.get("/password-reset/done")
def done() -> Any:
    """Say that the new password works."""
    return _page("password_done.html")


@blueprint.get("/user-id-reminder")
def reminder() -> Any:
    """Ask for the address that the User ID is sent to."""
    return _page("user_id_reminder.html", is_sent=False)


@blueprint.post("/user-id-reminder")
def remind() -> Any:
    """Have the User ID mailed; the answer is the same for every address."""
    email = request.form.get("email", "").strip()
    words = _("Enter your email address, like name@example.com.")
    if "@" not in email:
        return _page("user_id_reminder.html", 422, form={"email": email}, errors={"email": words})
    try:
        calls.ask_as_nobody("identity", "POST", "/user-id-reminders", {"email": email})
    except Refused as refused:
        if refused.status not in {422, 429}:
            raise
        words = _("Too many tries. Wait a while, or Get Help.") if refused.status == 429 else words
        return _page("user_id_reminder.html", refused.status, form={"email": email}, errors={"email": words})
    return app_redirect("/user-id-reminder/sent")


@blueprint.get("/user-id-reminder/sent")
def reminded() -> Any:
    """Say that a mail comes if there is an account."""
    return _page("user_id_reminder.html", is_sent=True)
