"""Second factors and recovery codes of one's own account.

A factor that waits for its confirmation stands in the sealed cookie, with the secret that its page shows. Recovery
codes are on the answer that makes them and nowhere again.
"""

import json
from typing import Any

from flask import Blueprint, Response, abort, render_template, request
from flask_babel import gettext as _

from gateway.portal import calls, gates, qr_codes, session
from gateway.portal.calls import Refused
from gateway.portal.own_account import mistake_of_password
from gateway.portal.passkey_options import fitting
from gateway.portal.refusals import app_redirect
from gateway.portal.second_step import credential_of

blueprint = Blueprint("own_factors", __name__)

NAME = "factor"
KINDS = ("totp", "passkey")
FULL = 409


def _page(template: str, status: int = 200, **facts: Any) -> tuple[str, int]:
    return render_template(template, **{"errors": {}, "form": {}} | facts), status


@blueprint.get("/me/second-factors/new")
@gates.open_to("account")
def new() -> Any:
    """Ask which kind, what to call it, and for the password."""
    return _page("own_factor_new.html")


@blueprint.post("/me/second-factors/new")
@gates.open_to("account")
def begin() -> Any:
    """Begin to set one up."""
    form = {name: request.form.get(name, "").strip() for name in ("kind", "name")}
    body = form | {"password": request.form.get("password", "")}
    errors = {} if form["kind"] in KINDS else {"kind": _("Choose one.")}
    errors |= {} if body["password"] else {"password": _("Enter your password.")}
    if errors:
        return _page("own_factor_new.html", 422, form=form, errors=errors)
    try:
        begun = calls.ask("identity", "POST", "/me/second-factors", {name: text for name, text in body.items() if text})
    except Refused as refused:
        return _page("own_factor_new.html", 422, form=form, errors=_mistakes(refused))
    facts = {name: begun[name] for name in ("id", "secret", "otpauthUrl") if begun.get(name)}
    session.keep(NAME, facts | {"kind": form["kind"], "options": fitting(begun.get("options"))})
    return app_redirect("/me/second-factors/confirmation")


def _mistakes(refused: Refused) -> dict[str, str]:
    if refused.status == FULL:
        return {"kind": _("You have ten already. Remove one first.")}
    return {"name": _("That is too long.")} if refused.status == 422 else mistake_of_password(refused)


@blueprint.get("/me/second-factors/confirmation")
@gates.open_to("account")
def ask_confirmation() -> Any:
    """Show the secret as QR code and text, or let the browser make the passkey."""
    return _confirmation_page() if session.kept(NAME) else app_redirect("/me/second-factors/new")


def _confirmation_page(status: int = 200, error: str = "") -> tuple[str, int]:
    kept = session.kept(NAME)
    secret = str(kept.get("secret", ""))
    groups = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    facts = {"kind": kept["kind"], "secret": groups, "options": json.dumps(kept.get("options"))}
    return _page("own_factor_confirm.html", status, errors={"code": error} if error else {}, **facts)


@blueprint.get("/me/second-factors/qr.svg")
@gates.open_to("account", is_background=True)
def qr() -> Response:
    """Draw the address that an authenticator app reads."""
    address = session.kept(NAME).get("otpauthUrl")
    if not address:
        abort(404)
    return qr_codes.picture_of(str(address))


@blueprint.post("/me/second-factors/confirmation")
@gates.open_to("account")
def confirm() -> Any:
    """Put it into use; with the first one come the recovery codes."""
    kept = session.kept(NAME)
    if not kept:
        return app_redirect("/me/second-factors/new")
    body = _proof_of_form()
    if body is None:
        return _confirmation_page(422, _("Enter the code."))
    try:
        path = calls.at("/me/second-factors/{}/confirmation", str(kept["id"]))
        codes = calls.ask("identity", "POST", path, body).get("recoveryCodes") or []
    except Refused as refused:
        return _unconfirmed(refused, body)
    session.forget(NAME)
    return render_template("own_codes.html", codes=codes, is_first=True) if codes else app_redirect("/me?saved=factor")


def _proof_of_form() -> dict[str, Any] | None:
    credential = credential_of(request.form.get("credential", ""))
    if credential is not None:
        return {"credential": credential}
    code = "".join(request.form.get("code", "").split())
    return {"code": code} if code else None


def _unconfirmed(refused: Refused, body: dict[str, Any]) -> Any:
    if refused.status == 404:
        session.forget(NAME)
        return _page("own_factor_new.html", 410, errors={"kind": _("That took too long. Begin again.")})
    if refused.status == 422 and "code" in body:
        return _confirmation_page(422, _("That code does not fit. Wait for the next one and try again."))
    if refused.status == 422:
        return _confirmation_page(422, _("That passkey was not taken. Try again, or another one."))
    raise refused


@blueprint.get("/me/second-factors/removal")
@gates.open_to("account")
def ask_removal() -> Any:
    """Ask for the password before one is removed."""
    return _removal_page(request.args.get("factor", ""))


def _removal_page(factor_id: str, status: int = 200, errors: dict[str, str] | None = None) -> Any:
    found = calls.ask("identity", "GET", "/me/second-factors").get("secondFactors", [])
    factor = next((one for one in found if one["id"] == factor_id), None)
    if factor is None:
        return app_redirect("/me")
    return _page("own_factor_removal.html", status, factor=factor, is_last=len(found) == 1, errors=errors or {})


@blueprint.post("/me/second-factors/removal")
@gates.open_to("account")
def remove() -> Any:
    """Remove it."""
    factor_id, password = request.form.get("factor", ""), request.form.get("password", "")
    try:
        calls.ask("identity", "DELETE", calls.at("/me/second-factors/{}", factor_id), {"password": password})
    except Refused as refused:
        if refused.slug == "password-too-short-alone":
            words = _("Alone, your password is too short. Choose one of 15 or more characters first.")
            return _removal_page(factor_id, FULL, {"password": words})
        if refused.status == 404:
            return app_redirect("/me")
        return _removal_page(factor_id, 422, mistake_of_password(refused))
    return app_redirect("/me?saved=removed")


@blueprint.get("/me/recovery-codes")
@gates.open_to("account")
def ask_codes() -> Any:
    """Ask for the password before new codes are made."""
    return _page("own_codes_new.html")


@blueprint.post("/me/recovery-codes")
@gates.open_to("account")
def renew_codes() -> Any:
    """Make ten new ones and show them."""
    try:
        made = calls.ask("identity", "POST", "/me/recovery-codes", {"password": request.form.get("password", "")})
    except Refused as refused:
        if refused.slug == "no-second-factor":
            return app_redirect("/me")
        return _page("own_codes_new.html", 422, errors=mistake_of_password(refused))
    return render_template("own_codes.html", codes=made["recoveryCodes"], is_first=False)
