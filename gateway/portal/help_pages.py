"""Need Help with the file types, and Get Help (guide, 05 and 07)."""

from typing import Any

from flask import Blueprint, Response, make_response, render_template, request
from flask_babel import gettext as _

from gateway.portal import calls, words
from gateway.portal.calls import Refused
from gateway.portal.refusals import app_redirect

blueprint = Blueprint("help", __name__)

FIELDS = ("reason", "icode", "name", "contact", "dateOfBirth", "message")


@blueprint.get("/help/file-types")
def file_types() -> Any:
    """Explain .zip and .iso, and how long a download may take (S31)."""
    return render_template("file_types.html")


def reasons() -> dict[str, str]:
    """Give what help can be asked for, by its slug, in the language of the request."""
    return {
        "code-expired": _("My I-Code has expired"),
        "code-locked": _("My I-Code is locked"),
        "code-lost": _("I lost my I-Code"),
        "cannot-register": _("I can’t log in or create an account"),
        "not-my-exam": _("This is not my exam"),
        "not-my-account": _("This is not my account"),
        "share-misused": _("A shared link was misused"),
        "representative": _("I act for someone else"),
        "other": _("Something else"),
    }


@blueprint.get("/get-help")
def get_help() -> Any:
    """Show the form; the address may name the reason."""
    return _form_page({"reason": request.args.get("reason", "")})


def _form_page(form: dict[str, str], status: int = 200, errors: dict[str, str] | None = None) -> Response:
    page = render_template("get_help.html", form=form, errors=errors or {}, reasons=reasons())
    answer = make_response(page, status)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.post("/get-help")
def ask() -> Any:
    """Send the request; the page after it is the same for everybody (S70)."""
    form = {name: request.form.get(name, "").strip() for name in FIELDS}
    errors = {
        "reason": "" if form["reason"] in reasons() else _("Choose what you need."),
        "name": "" if form["name"] else _("Enter your name."),
        "contact": "" if form["contact"] else _("Enter your email address or phone number."),
    }
    errors = {name: text for name, text in errors.items() if text}
    if errors:
        return _form_page(form, 422, errors)
    body = {name: value for name, value in form.items() if value} | {"message": form["message"]}
    try:
        calls.ask_as_nobody("identity", "POST", "/help-requests", body | {"language": words.language()})
    except Refused as refused:
        if refused.status != 422:
            raise
        return _form_page(form, 422, _errors_of(refused))
    return app_redirect("/get-help/sent")


def _errors_of(refused: Refused) -> dict[str, str]:
    """Give the service's 422 by field, in our words."""
    told = {
        "icode": _("That is too long."),
        "name": _("That is too long."),
        "contact": _("That is too long."),
        "message": _("That is too long."),
        "dateOfBirth": _("Enter a date."),
    }
    fields = [str(one.get("field")) for one in refused.facts.get("errors", [])]
    return {name: told[name] for name in fields if name in told} or {"reason": _("Choose what you need.")}


@blueprint.get("/get-help/sent")
def sent() -> Any:
    """Say that the request is here; nothing of it, and not whether its code is known."""
    return render_template("get_help_sent.html")
