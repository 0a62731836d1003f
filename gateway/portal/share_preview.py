"""Preview as recipient (guide, 06, and O8): an owner sees what a link shows.

The pages are the recipient's own, made by the same views from the owner's own calls and cut to the share, so nothing
is counted as an opening; only the links between them are led back here. Pictures come as the owner's.
"""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, abort, g, make_response, render_template, request

from gateway.portal import calls, exams, gates, images, report, viewing

blueprint = Blueprint("share_preview", __name__)

OVER = ("ended", "expired")


def _begin(share_id: str) -> str:
    """Cut this request to the share; give the address that its pages stand under.

    Aborts with 404 for one that is over.
    """
    share = calls.ask("sharing", "GET", calls.at("/shares/{}", share_id))
    if share.get("state") in OVER:
        abort(404)
    viewing.look_as_recipient(share)
    g.preview = share
    return calls.at("/share/{}/preview", share_id)


@blueprint.app_context_processor
def _preview() -> dict[str, Any]:
    """Let the pages say that they are a preview."""
    return {"preview": g.get("preview")}


def _led_back(page: Any, base: str) -> Response:
    """Give *page* with its links to the recipient's pages led to those of the preview."""
    answer = make_response(page)
    text = answer.get_data(as_text=True).replace('href="/exams/', f'href="{base}/exams/')
    answer.set_data(text.replace('href="/shared', f'href="{base}'))
    return answer


@blueprint.get("/share/<share_id>/preview")
@gates.open_to(*gates.PATIENTS)
def shared_list(share_id: str) -> Any:
    """Show the list as the recipient comes to it."""
    base = _begin(share_id)
    its_list = viewing.load(request.args.get("page"))
    share, zone = viewing.share_facts(its_list.exams), viewing.zone_of(its_list.exams)
    return _led_back(render_template("exams.html", list=its_list, share=share, zone=zone, tab="visit"), base)


TABS: dict[str, Callable[[str], Any]] = {
    "visit": exams.visit_summary,
    "report": report.report,
    "images": images.images,
}


@blueprint.get("/share/<share_id>/preview/exams/<exam_id>/<any(visit, report, images):tab>")
@gates.open_to(*gates.PATIENTS)
def exam(share_id: str, exam_id: str, tab: str) -> Any:
    """Show an exam's tab as the recipient sees it."""
    base = _begin(share_id)
    return _led_back(TABS[tab](exam_id), base)


@blueprint.get("/share/<share_id>/preview/exams/<exam_id>/report.pdf")
@gates.open_to(*gates.PATIENTS)
def report_pdf(share_id: str, exam_id: str) -> Any:
    """Give the report as PDF where the share has it."""
    _begin(share_id)
    if not viewing.context(exam_id, "report")["share"]["includeReport"]:
        abort(404)
    return report.report_pdf(exam_id)


@blueprint.get("/share/<share_id>/preview/exams/<exam_id>/download")
@gates.open_to(*gates.PATIENTS)
def download(share_id: str, exam_id: str) -> Any:
    """Say that the recipient downloads here as the owner does; a preview prepares nothing."""
    base = _begin(share_id)
    if not images.context(exam_id)["may_download"]:
        abort(404)
    back = base + calls.at("/exams/{}/images", exam_id)
    return render_template("share_preview_download.html", back=back, share={})
