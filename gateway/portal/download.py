"""The download panel, from "Choose file type" to "successfully downloaded" (guide, 05)."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, abort, render_template, request
from flask_babel import gettext as _
from flask_babel import ngettext

from gateway.edge.context import edge
from gateway.portal import calls, csrf, gates, images, rows, words
from gateway.portal.calls import Refused
from gateway.portal.refusals import app_redirect

blueprint = Blueprint("download", __name__)

EXPIRING_HOURS = 4
UNDER_WAY = ("queued", "preparing")


def panel_of(package: dict[str, Any], now: datetime) -> str:
    """Give the panel's state for *package* at *now* (UTC)."""
    state = str(package.get("state"))
    if state != "ready":
        return state
    if package.get("lastDownloadedAt"):
        return "downloaded"
    if 0 < int(package.get("bytesSent") or 0) < int(package.get("size") or 0):
        return "downloading"
    hours = words.hours_left(package.get("expiresAt"), now)
    return "expiring" if hours is not None and hours <= EXPIRING_HOURS else "ready"


@blueprint.get("/exams/<exam_id>/download")
@gates.open_to(*gates.VIEWERS)
def choose(exam_id: str) -> Any:
    """Show the panel: file type, PHI box unticked, Download."""
    return _choose_page(exam_id)


def _choose_page(exam_id: str, error: str = "", status: int = 200) -> Any:
    known = images.context(exam_id)
    if not known["may_download"]:
        abort(404)
    has_report = (known["exam"].get("report") or {}).get("status") == "available"
    is_shown = not known["share"] or known["share"].get("includeReport")
    page = render_template("download.html", **known, panel="asked", has_report=has_report and is_shown, error=error)
    return Response(page, status, content_type="text/html; charset=utf-8")


@blueprint.post("/exams/<exam_id>/download")
@gates.open_to(*gates.VIEWERS)
def request_package(exam_id: str) -> Any:
    """Ask for the package."""
    form = request.form
    body = {
        "examIds": [exam_id],
        "format": form.get("format", "zip"),
        "phiAcknowledged": form.get("phiAcknowledged") == "yes",
        "includeReport": form.get("includeReport") == "yes",
    }
    try:
        package = calls.ask("archiver", "POST", "/packages", body)
    except Refused as refused:
        if refused.status != 422:
            raise
        return _choose_page(exam_id, _("Check the box to say that you understand, then click Download."), 422)
    return app_redirect(calls.at("/packages/{}", str(package["id"])))


def _package(package_id: str) -> dict[str, Any]:
    found: dict[str, Any] = calls.ask("archiver", "GET", calls.at("/packages/{}", package_id))
    return found


@blueprint.get("/packages/<package_id>")
@gates.open_to(*gates.VIEWERS)
def package(package_id: str) -> Any:
    """Show the panel in the package's state, over the exam's pictures."""
    return _package_page(package_id)


def _package_page(package_id: str, status: int = 200, **more: Any) -> Any:
    found = _package(package_id)
    now = edge().now()
    known = images.context(str(found["examIds"][0]))
    page = render_template(
        "package.html", **known, package=found, panel=panel_of(found, now), note=_note(found),
        left=words.say_left((words.hours_left(found.get("expiresAt"), now) or 0) * 3600), **more,
    )  # fmt: skip
    return Response(page, status, content_type="text/html; charset=utf-8")


def _note(found: dict[str, Any]) -> str:
    """Give what stands beside the bar: how many are before, what is left, or what has been sent."""
    if found.get("state") == "queued":
        ahead = int(found.get("ahead") or 0)
        return str(ngettext("%(num)d request before yours", "%(num)d requests before yours", ahead)) if ahead else ""
    if found.get("state") == "preparing":
        return words.say_wait(found.get("etaSeconds"))
    sent, size = words.say_size(found.get("bytesSent") or 0), words.say_size(found.get("size"))
    return str(_("%(sent)s of %(size)s", sent=sent, size=size))


def _percent(found: dict[str, Any]) -> int:
    if found.get("state") == "ready":
        return int(100 * int(found.get("bytesSent") or 0) / max(1, int(found.get("size") or 0)))
    return round(100 * (found.get("progress") or 0))


@blueprint.app_template_global()
def percent_of(found: dict[str, Any]) -> int:
    """Give the whole percent of a package's bar: prepared, or once ready, sent."""
    return _percent(found)


@blueprint.get("/packages/<package_id>/state.json")
@gates.open_to(*gates.VIEWERS, is_background=True)
def state(package_id: str) -> Any:
    """Give the panel's state for the page's script; no sign of life."""
    found = _package(package_id)
    now = edge().now()
    chip = rows.package_chip(found, now, None)
    facts = {"panel": panel_of(found, now), "percent": _percent(found), "note": _note(found)}
    return facts | ({"chip": asdict(chip)} if chip else {})


@blueprint.post("/packages/<package_id>/notify")
@gates.open_to(*gates.VIEWERS)
def notify(package_id: str) -> Any:
    """Leave an e-mail address to be told when the package is ready (S35)."""
    email = request.form.get("notifyEmail", "").strip()
    try:
        calls.ask("archiver", "PUT", calls.at("/packages/{}/notification", package_id), {"email": email})
    except Refused as refused:
        if refused.status == 422:
            return _package_page(
                package_id, 422, email=email, email_error=_("Enter an email address like name@example.com.")
            )
        if refused.status not in {409, 410}:  # ready or over by now, as its page says
            raise
    return app_redirect(calls.at("/packages/{}", package_id))


@blueprint.post("/packages/<package_id>/cancel")
@gates.open_to(*gates.VIEWERS)
def cancel(package_id: str) -> Any:
    """Cancel the request (O1)."""
    calls.ask("archiver", "DELETE", calls.at("/packages/{}", package_id))
    return app_redirect(calls.at("/packages/{}", package_id))


@blueprint.get("/packages/<package_id>/file")
@gates.open_to(*gates.VIEWERS)
def here(package_id: str) -> Any:
    """The link "here": take a ticket and lead to the bytes; only from our own pages."""
    if not csrf.is_from_here():
        return app_redirect(calls.at("/packages/{}", package_id))
    part = request.args.get("part", "")
    body = {"part": int(part)} if part.isascii() and part.isdigit() else {}
    try:
        ticket = calls.ask("archiver", "POST", calls.at("/packages/{}/downloads", package_id), body)
    except Refused as refused:
        if refused.status not in {409, 410}:
            raise
        return app_redirect(calls.at("/packages/{}", package_id))
    return app_redirect(str(ticket["url"]))
