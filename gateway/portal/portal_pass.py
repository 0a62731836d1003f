"""The Portal Pass of a code just issued, to print (guide, 02): identity's own sheet within the portal's page."""

from typing import Any

from flask import Blueprint, Response, render_template
from markupsafe import Markup

from gateway.portal import calls, gates, words
from gateway.portal.calls import Refused

blueprint = Blueprint("portal_pass", __name__)

NOT_FOUND = 404
OPENING, CLOSING = "<article", "</article>"


@blueprint.get("/staff/visits/<visit_id>/pass/<icode_id>")
@gates.open_to(*gates.STAFF)
def page(visit_id: str, icode_id: str) -> Any:
    """Show the Pass, for 15 minutes and in the session that issued its code alone; after that, what to do."""
    try:
        sheet = article_of(_fetch(icode_id, "").get_data(as_text=True))
    except Refused as refused:
        if refused.status != NOT_FOUND:
            raise
        return render_template("staff_pass.html", sheet=None, pdf=""), NOT_FOUND
    return render_template(
        "staff_pass.html", sheet=sheet, pdf=calls.at("/staff/visits/{}/pass/{}.pdf", visit_id, icode_id)
    )


@blueprint.get("/staff/visits/<visit_id>/pass/<icode_id>.pdf")
@gates.open_to(*gates.STAFF)
def pdf(visit_id: str, icode_id: str) -> Response:
    """Give the Pass as PDF."""
    return _fetch(icode_id, ".pdf")


def _fetch(icode_id: str, ending: str) -> Response:
    path = calls.at("/staff/icodes/{}/portal-pass", icode_id)
    answer = calls.pass_on("identity", f"{path}{ending}?lang={words.language()}")
    answer.direct_passthrough = False
    return answer


def article_of(page: str) -> Markup:
    """Give the sheet itself out of identity's page: its one ``<article>``, in which identity escaped all data."""
    within = page.partition(OPENING)[2].partition(CLOSING)[0]
    return Markup(OPENING + within + CLOSING)  # noqa: S704 - our own service's markup; the page's policy allows no script
