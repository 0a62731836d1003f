"""The Portal Pass, to print: as a page and as a PDF."""

from apiflask import APIBlueprint
from flask import Response

from services.chassis.web import Ask, staff_with
from services.identity.api.doors import parts
from services.identity.api.staff import FRONT_DESK
from services.identity.domain.portal_passes import Language
from services.identity.portal_pass import PAGE_POLICY, PassSheet, make_html, make_pdf
from services.identity.usecases.portal_passes import show_pass

bp = APIBlueprint("portal_passes", __name__)


class PassAsk(Ask):
    """In which language it begins; both are on it."""

    lang: Language = "en"


def _sheet(icode_id: str, ask: PassAsk) -> PassSheet:
    who = staff_with(*FRONT_DESK)
    with parts().db.begin() as tx:
        return show_pass(tx, parts(), who, icode_id, ask.lang, parts().clock.now())


@bp.get("/staff/icodes/<icode_id>/portal-pass")
@bp.input(PassAsk, location="query", arg_name="ask")
@bp.doc(summary="The Portal Pass as a page", responses=[200, 401, 403, 404])
def page(icode_id: str, ask: PassAsk) -> Response:
    """Give the Pass as a page, for 15 minutes, to the session that issued its code alone."""
    headers = {"Content-Security-Policy": PAGE_POLICY, "Cache-Control": "no-store"}
    return Response(make_html(_sheet(icode_id, ask)), content_type="text/html; charset=utf-8", headers=headers)


@bp.get("/staff/icodes/<icode_id>/portal-pass.pdf")
@bp.input(PassAsk, location="query", arg_name="ask")
@bp.doc(summary="The Portal Pass as a PDF", responses=[200, 401, 403, 404])
def pdf(icode_id: str, ask: PassAsk) -> Response:
    """Give the Pass as a PDF that screen readers can read, under the same terms."""
    headers = {"Content-Disposition": 'inline; filename="portal-pass.pdf"', "Cache-Control": "no-store"}
    return Response(make_pdf(_sheet(icode_id, ask)), content_type="application/pdf", headers=headers)
