"""Share History's changes: a link's nickname, date and permissions, which act at once on whoever has it open (O8)."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, abort, render_template, request
from flask_babel import gettext as _

from gateway.portal import calls, gates, sharing, words
from gateway.portal.calls import Refused
from gateway.portal.refusals import app_redirect

blueprint = Blueprint("share_change", __name__)


@blueprint.get("/share/<share_id>/change")
@gates.open_to(*gates.PATIENTS)
def ask(share_id: str) -> Any:
    """Show the form as things stand."""
    made = _made(share_id)
    allows = made["permissions"]
    form = {
        "nickname": made["nickname"],
        "expiresAt": _last_day(made),
        "mayDownload": "yes" if allows["mayDownload"] else "",
        "includeReport": "yes" if allows["includeReport"] else "no",
        "includeVisitSummary": "yes" if allows["includeVisitSummary"] else "no",
    }
    return _page(made, form, {})


def _made(share_id: str) -> dict[str, Any]:
    """Give the share. Aborts with 404 for one that is over, or that somebody else made."""
    made = sharing.one_shown(share_id)
    if made.get("state") in sharing.ENDED or not made["is_own"]:
        abort(404)
    return made


def _last_day(made: dict[str, Any]) -> str:
    ends_at = words.parse(made["expiresAt"])
    return (ends_at.astimezone(words.zone(made["zone"])) - timedelta(seconds=1)).date().isoformat() if ends_at else ""


def _page(made: dict[str, Any], form: Any, errors: dict[str, str], status: int = 200) -> Response:
    earliest = words.today(made["zone"]).isoformat()
    page = render_template("share_change.html", made=made, form=form, errors=errors, earliest=earliest, share={})
    return Response(page, status, content_type="text/html; charset=utf-8")


@blueprint.post("/share/<share_id>/change")
@gates.open_to(*gates.PATIENTS)
def change(share_id: str) -> Any:
    """Change what the form says, or show it again with each mistake at its field."""
    made, form = _made(share_id), request.form
    errors = _mistakes(form)
    if errors:
        return _page(made, form, errors, 422)
    body = {
        "nickname": form["nickname"].strip(),
        "mayDownload": form.get("mayDownload") == "yes",
        "includeReport": sharing.ANSWERS[form["includeReport"]],
        "includeVisitSummary": sharing.ANSWERS[form["includeVisitSummary"]],
    }
    if form["expiresAt"] != _last_day(made):
        body["expiresAt"] = form["expiresAt"]
    try:
        calls.ask("sharing", "PATCH", calls.at("/shares/{}", share_id), body)
    except Refused as refused:
        if refused.status != 422:
            raise
        return _page(made, form, sharing.errors_of(refused), 422)
    return app_redirect("/share")


def _mistakes(form: Any) -> dict[str, str]:
    errors = {
        "nickname": "" if form.get("nickname", "").strip() else _("Enter a nickname."),
        "expiresAt": "" if sharing.day_of(form.get("expiresAt", "")) else _("Enter the date when the link ends."),
        "includeReport": "" if form.get("includeReport") in sharing.ANSWERS else _("Choose yes or no."),
        "includeVisitSummary": "" if form.get("includeVisitSummary") in sharing.ANSWERS else _("Choose yes or no."),
    }
    return {name: words_ for name, words_ in errors.items() if words_}
