"""One's own account: how it looks and speaks, what it is told, visits added to it, its data, and its end."""

from contextlib import suppress
from typing import Any

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext as _

from gateway.edge.upstream import UpstreamDown
from gateway.portal import calls, gates, session, unsubscribing, words
from gateway.portal.calls import Refused
from gateway.portal.entering import remember_language
from gateway.portal.refusals import app_redirect

blueprint = Blueprint("own_account", __name__)

AUTO = "auto"
"""The theme of whoever leaves it to the device."""


@blueprint.get("/me")
@gates.open_to("account")
def overview() -> Any:
    """Show all that can be seen to."""
    return _overview_page()


def _overview_page(status: int = 200, **more: Any) -> tuple[str, int]:
    me = calls.ask("identity", "GET", "/me")
    factors = calls.ask("identity", "GET", "/me/second-factors")
    page = render_template(
        "own_account.html", me=me, factors=factors.get("secondFactors", []),
        codes_left=factors.get("recoveryCodesLeft", 0), **_notices(), themes=_themes(),
        saved=_words_of_what_is_done().get(request.args.get("saved", "")), **{"errors": {}, "form": {}} | more,
    )  # fmt: skip
    return page, status


def _themes() -> dict[str, str]:
    return {AUTO: _("As the device has it"), "light": _("Light"), "dark": _("Dark")}


def _words_of_what_is_done() -> dict[str, str]:
    return {
        "preferences": _("Your choice is saved."),
        "notices": _("Your choice is saved."),
        "visit": _("The visit is in your account. Its exams are in the list."),
        "email": _("Your new email address is saved. We told the old one."),
        "password": _("Your new password is saved. Everybody else who was logged in is logged out."),
        "factor": _("It is set up. We ask for it at your next log-in."),
        "removed": _("It is removed. We do not ask for it any more."),
    }


def _notices() -> dict[str, Any]:
    """Give what this account is mailed about, in words, and whether that arrives; nothing while the notifier rests."""
    with suppress(UpstreamDown):
        known, found = unsubscribing.kinds(), calls.ask("notifier", "GET", "/me/messages")
        notices = [one | {"words": known[one["template"]]} for one in found["messages"] if one["template"] in known]
        return {"notices": notices, "comes_back": found.get("isAddressRefused", False)}
    return {"notices": [], "comes_back": False}


@blueprint.post("/me/preferences")
@gates.open_to("account")
def prefer() -> Any:
    """Choose the language of pages and mails, and the theme."""
    language, theme = request.form.get("language", ""), request.form.get("theme", "")
    if language not in words.LANGUAGES or theme not in {AUTO, *session.THEMES}:
        return app_redirect("/me")
    calls.ask("identity", "PATCH", "/me/preferences", {"language": language, "theme": theme})
    session.change(theme="" if theme == AUTO else theme)
    answer = app_redirect("/me?saved=preferences")
    remember_language(answer, language)
    return answer


@blueprint.post("/me/notices")
@gates.open_to("account")
def choose_notices() -> Any:
    """Choose what to be mailed about; what this page knows no words for stays as it is."""
    wanted, known = request.form.getlist("wanted"), unsubscribing.kinds()
    found = calls.ask("notifier", "GET", "/me/messages")["messages"]
    stays = {
        one["template"]: one["template"] in wanted if one["template"] in known else one["isWanted"] for one in found
    }
    unwanted = [template for template, is_wanted in stays.items() if not is_wanted]
    calls.ask("notifier", "PATCH", "/me/messages", {"unwanted": unwanted})
    return app_redirect("/me?saved=notices")


@blueprint.post("/me/icodes")
@gates.open_to("account")
def add_visit() -> Any:
    """Add the records of a visit by its I-Code; the session is renewed to see them."""
    code, born = request.form.get("icode", "").strip(), request.form.get("dateOfBirth", "").strip()
    if not code:
        return _overview_page(422, errors={"icode": _("Enter your I-Code.")})
    try:
        calls.ask("identity", "POST", "/me/icodes", {"icode": code} | ({"dateOfBirth": born} if born else {}))
    except Refused as refused:
        return _visit_refused(refused, code)
    calls.renew()
    return app_redirect("/me?saved=visit")


def _visit_refused(refused: Refused, code: str) -> Any:
    if refused.slug == "date-of-birth-needed":
        errors = {"dateOfBirth": _("Enter your date of birth too.")}
        return _overview_page(422, errors=errors, form={"icode": code}, asks_birth=True)
    said = {
        401: _("That I-Code does not open any exams. Check it against your Portal Pass."),
        409: _("Its exams cannot be added to your account. To see them, log out and enter the I-Code. Or Get Help."),
        410: _("This I-Code has expired."),
        422: _("That I-Code does not open any exams. Check it against your Portal Pass."),
        429: _("Too many tries. Wait a while, or Get Help."),
    }
    if refused.status not in said:
        raise refused
    status = 422 if refused.status == calls.UNAUTHORIZED else refused.status
    return _overview_page(status, errors={"icode": said[refused.status]})


@blueprint.get("/me/export")
@gates.open_to("account")
def export() -> Response:
    """Give all that the account holds as a file."""
    return calls.pass_on("identity", "/me/export")


@blueprint.get("/me/close")
@gates.open_to("account")
def ask_to_close() -> Any:
    """Say what ends with the account, and ask for the password."""
    return render_template("own_close.html", errors={})


@blueprint.post("/me/close")
@gates.open_to("account")
def close() -> Any:
    """End the account, and with it this session."""
    try:
        calls.ask("identity", "DELETE", "/me", {"password": request.form.get("password", "")})
    except Refused as refused:
        return render_template("own_close.html", errors=mistake_of_password(refused)), 422
    session.end()
    answer = app_redirect("/enter?closed=1")
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer


def mistake_of_password(refused: Refused) -> dict[str, str]:
    """Give why one's own password was not taken, by field. Raises what is about something else."""
    if refused.slug == "wrong-password":
        return {"password": _("That is not your password.")}
    if refused.slug == "too-many-tries":
        return {"password": _("Too many tries. Wait a while, or Get Help.")}
    raise refused
