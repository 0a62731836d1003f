"""Another address and another password for one's own account; both ask for the password again."""

from typing import Any

from flask import Blueprint, render_template, request
from flask_babel import gettext as _

from gateway.portal import calls, gates, masking, session
from gateway.portal.calls import Refused
from gateway.portal.new_passwords import words_of_length, words_of_refusal
from gateway.portal.own_account import mistake_of_password
from gateway.portal.refusals import app_redirect

blueprint = Blueprint("own_credentials", __name__)

EMAIL = "email"
"""Under this name the session keeps which change of address waits for its code."""


def _page(template: str, status: int = 200, **facts: Any) -> tuple[str, int]:
    return render_template(template, **{"errors": {}, "form": {}} | facts), status


@blueprint.get("/me/email")
@gates.open_to("account")
def ask_email() -> Any:
    """Ask for another address."""
    return _page("own_email.html")


@blueprint.post("/me/email")
@gates.open_to("account")
def begin_email() -> Any:
    """Have a code mailed to the new address."""
    email, password = request.form.get("email", "").strip(), request.form.get("password", "")
    words = _("Enter your email address, like name@example.com.")
    errors = {} if "@" in email else {"email": words}
    errors |= {} if password else {"password": _("Enter your password.")}
    if errors:
        return _page("own_email.html", 422, form={"email": email}, errors=errors)
    try:
        begun = calls.ask("identity", "POST", "/me/email", {"email": email, "password": password})
    except Refused as refused:
        return _page("own_email.html", 422, form={"email": email}, errors=_mistakes(refused, words))
    session.keep(EMAIL, {"id": str(begun["id"]), "email": masking.masked_email(email)})
    return app_redirect("/me/email/code")


def _mistakes(refused: Refused, words: str) -> dict[str, str]:
    if refused.slug == "too-many-code-mails":
        return {"email": _("We sent several codes already. Wait an hour before you ask for another.")}
    return {"email": words} if refused.status == 422 else mistake_of_password(refused)


@blueprint.get("/me/email/code")
@gates.open_to("account")
def ask_code() -> Any:
    """Ask for the code that the new address got."""
    kept = session.kept(EMAIL)
    return _page("own_email_code.html", email=kept["email"]) if kept else app_redirect("/me/email")


@blueprint.post("/me/email/code")
@gates.open_to("account")
def finish_email() -> Any:
    """Take the new address."""
    kept, code = session.kept(EMAIL), "".join(request.form.get("code", "").split())
    if not kept:
        return app_redirect("/me/email")
    if not code:
        return _page(
            "own_email_code.html", 422, email=kept["email"], errors={"code": _("Enter the code from the email.")}
        )
    try:
        calls.ask("identity", "POST", calls.at("/me/email/{}", str(kept["id"])), {"code": code})
    except Refused as refused:
        if refused.status not in {403, 404, 410, 422}:
            raise
        errors = {"code": _("That code is wrong or too old.")}
        return _page("own_email_code.html", 422, email=kept["email"], errors=errors)
    session.forget(EMAIL)
    return app_redirect("/me?saved=email")


@blueprint.get("/me/password")
@gates.open_to("account")
def ask_password() -> Any:
    """Ask for the password and a new one."""
    return _page("own_password.html")


@blueprint.post("/me/password")
@gates.open_to("account")
def change_password() -> Any:
    """Choose another password; everybody else who was logged in is logged out."""
    body = {name: request.form.get(name, "") for name in ("password", "newPassword")}
    missing = {"password": _("Enter your password."), "newPassword": words_of_length()}
    errors = {name: text for name, text in missing.items() if not body[name]}
    if errors:
        return _page("own_password.html", 422, errors=errors)
    try:
        calls.ask("identity", "PUT", "/me/password", body)
    except Refused as refused:
        is_about_new = refused.status == 422
        errors = {"newPassword": words_of_refusal(refused)} if is_about_new else mistake_of_password(refused)
        return _page("own_password.html", 422, errors=errors)
    return app_redirect("/me?saved=password")
