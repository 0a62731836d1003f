"""Where ``List-Unsubscribe`` leads: a page to stop one kind of message, and the one click of RFC 8058.

The address's own token says what may be done, so the form needs no other: a mail program posts here without a page.
"""

from typing import Any

from flask import Blueprint, Response, make_response, render_template, request
from flask_babel import gettext as _

from gateway.portal import calls

blueprint = Blueprint("unsubscribing", __name__)


def kinds() -> dict[str, str]:
    """Give the kinds of message that can be stopped, by template, in the language of the request."""
    return {
        "images-available": _("Messages about new images"),
        "report-available": _("Messages about new reports"),
        "share-opened": _("Messages about links of yours being opened"),
        "new-login": _("Messages about new log-ins"),
    }


@blueprint.get("/unsubscribe/<token>")
def ask(token: str) -> Any:
    """Say which kind of message it is about; nothing is stopped by looking, as programs that scan mails do."""
    found = calls.ask_as_nobody("notifier", "GET", calls.at("/unsubscriptions/{}", token))
    return _page(found)


@blueprint.post("/unsubscribe/<token>")
def set_wanted(token: str) -> Any:
    """Stop that kind of message; or, from the page alone, have it sent again."""
    body = {"isWanted": request.form.get("isWanted") == "yes"}
    found = calls.ask_as_nobody("notifier", "PUT", calls.at("/unsubscriptions/{}", token), body)
    return _page(found, is_done=True)


def _page(found: dict[str, Any], is_done: bool = False) -> Response:
    kind = kinds().get(str(found["template"]), _("Messages of this kind"))
    answer = make_response(
        render_template("unsubscribe.html", kind=kind, is_wanted=found["isWanted"], is_done=is_done, share={})
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer
