"""The page that a share link opens: the recipient's password (guide, 06). Before it, nothing of the share is told."""

from typing import Any

from flask import Blueprint, Response, make_response, render_template, request
from flask_babel import gettext as _
from flask_babel import ngettext

from gateway.portal import calls
from gateway.portal.calls import Refused
from gateway.portal.entering import come_in

blueprint = Blueprint("recipient", __name__)


@blueprint.get("/s")
def ask_password() -> Any:
    """Ask for the password; the link's token is in the fragment, which only the page's script can read."""
    return _page()


def _page(status: int = 200, **facts: Any) -> Response:
    page = render_template("recipient.html", ended="ended" in request.args, closed="closed" in request.args, **facts)
    answer = make_response(page, status)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def token_of(pasted: str) -> str:
    """Give the token of a whole link, or of the token alone."""
    return pasted.strip().rpartition("#")[2].strip()


@blueprint.post("/s")
def open_share() -> Any:
    """Open the share with its password."""
    token = token_of(request.form.get("token") or request.form.get("link") or "")
    password, name = request.form.get("password", ""), request.form.get("name", "").strip()
    if not token:
        return _page(422, name=name, link_error=_("Paste the whole link that you were given."))
    if not password:
        return _page(422, name=name, token=token, error=_("Enter the password."))
    body = {"token": token, "password": password} | ({"name": name} if name else {})
    try:
        answer = calls.ask_as_nobody("sharing", "POST", "/share-sessions", body)
    except Refused as refused:
        return _refused(refused, token, name, password)
    return come_in(answer, "share")


def _refused(refused: Refused, token: str, name: str, password: str) -> Response:
    if refused.status == 410:
        return _page(410, is_over=True)
    if refused.status == 429:
        return _page(429, token=token, name=name, error=_("Too many tries. Wait a moment, then try again."))
    if refused.slug == "name-malformed":
        return _page(422, token=token, name=name, name_error=_("That is too long."))
    if refused.status not in {401, 422}:
        raise refused
    words = _("That password does not open this link.")
    left = refused.facts.get("remainingAttempts")
    if isinstance(left, int):
        words += " " + ngettext("%(num)d try left.", "%(num)d tries left.", left)
    if password != password.strip():
        words += " " + _("It begins or ends with a blank. Was that meant?")
    return _page(422, token=token, name=name, error=words)
