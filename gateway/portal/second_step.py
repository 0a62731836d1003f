"""The second step of a log-in: a code from an app, a recovery code, or a passkey; and a passkey in place of it all.

Which challenge is answered stands in the sealed cookie. A passkey's answer is made by ``static/passkey.js`` and posted
by a form, so that it is checked as every form is.
"""

import json
from typing import Any

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext as _

from gateway.portal import calls, session
from gateway.portal.calls import Refused
from gateway.portal.entering import CHALLENGE, come_in, enter_page
from gateway.portal.refusals import app_redirect

blueprint = Blueprint("second_step", __name__)

PASSKEY = "passkey"
METHODS = ("totp", "recovery-code")
TOO_OLD = 410


@blueprint.get("/enter/second-factor")
def ask() -> Any:
    """Ask for the second step; whoever is at none is led to the first."""
    return _page() if session.kept(CHALLENGE) else app_redirect("/enter")


def _page(status: int = 200, method: str = "", error: str = "") -> Response:
    kept = session.kept(CHALLENGE)
    page = render_template(
        "second_step.html", methods=kept.get("methods", []), options=json.dumps(kept.get("options")),
        errors={method: error} if error else {},
    )  # fmt: skip
    answer = Response(page, status, content_type="text/html; charset=utf-8")
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.post("/enter/second-factor")
def give() -> Any:
    """Take the code or the passkey's answer, and come in."""
    kept = session.kept(CHALLENGE)
    if not kept:
        return app_redirect("/enter")
    body = _answer_of_form()
    if body is None:
        method = request.form.get("method", "totp")
        return _page(422, method if method in METHODS else "totp", _("Enter the code."))
    try:
        tokens = calls.ask_as_nobody("identity", "POST", calls.at("/sessions/challenges/{}", str(kept["id"])), body)
    except Refused as refused:
        return _refused(refused, str(body["method"]))
    return come_in(tokens, "account")


def _answer_of_form() -> dict[str, Any] | None:
    """Give the form's answer to a challenge; None for an empty one."""
    credential = credential_of(request.form.get("credential", ""))
    if credential is not None:
        return {"method": PASSKEY, "credential": credential}
    method, code = request.form.get("method", ""), "".join(request.form.get("code", "").split())
    return {"method": method, "code": code} if method in METHODS and code else None


def credential_of(text: str) -> dict[str, Any] | None:
    """Give a passkey's answer from its JSON; None for none, or what is no answer."""
    try:
        found = json.loads(text) if text else None
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _refused(refused: Refused, method: str) -> Response:
    if refused.status == TOO_OLD:
        session.forget(CHALLENGE)
        return enter_page(TOO_OLD, account_error=_("That took too long, or was tried too often. Log in again."))
    if refused.status in {401, 422}:
        words = {
            "totp": _("That code does not fit. Wait for the next one and try again."),
            "recovery-code": _("That recovery code does not fit, or was used before."),
        }
        return _page(422, method, words.get(method, _("That passkey does not fit. Try again, or use a code.")))
    if refused.status == 429:
        return _page(429, method, _("Too many tries. Wait a while, or Get Help."))
    raise refused


@blueprint.post("/enter/passkey/options.json")
def passkey_options() -> Any:
    """Give what the browser needs to ask for a passkey."""
    begun = calls.ask_as_nobody("identity", "POST", "/passkey-sessions", {})
    session.keep(PASSKEY, {"id": str(begun["challengeId"])})
    return Response(json.dumps(begun["options"]), 200, {"Cache-Control": "no-store"}, content_type="application/json")


@blueprint.post("/enter/passkey")
def enter_by_passkey() -> Any:
    """Log in by a passkey alone."""
    kept, credential = session.kept(PASSKEY), credential_of(request.form.get("credential", ""))
    refusal = _("That passkey does not open an account here. Log in with your User ID and password.")
    if not kept or credential is None:
        return enter_page(422, account_error=refusal)
    body = {"challengeId": kept["id"], "credential": credential}
    session.forget(PASSKEY)
    try:
        tokens = calls.ask_as_nobody("identity", "POST", "/passkey-sessions", body)
    except Refused as refused:
        if refused.status not in {401, 403, 404, 410, 422}:
            raise
        return enter_page(422, account_error=refusal)
    return come_in(tokens, "account")
