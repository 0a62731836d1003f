"""Create Exam Share Link, the link made, and Share History (guide, 06)."""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext as _

from gateway.edge.context import edge
from gateway.portal import calls, gates, qr_codes, rows, session, viewing, words
from gateway.portal.calls import Refused
from gateway.portal.paging import page_of
from gateway.portal.refusals import app_redirect

blueprint = Blueprint("sharing", __name__)

ANSWERS = {"yes": True, "no": False}
ENDED = ("expired", "ended")
SHORTEST_PASSWORD = 8
PAGE, MOST_SHOWN = 200, 1000
"""Links asked for at once, and in all."""
LINKS_SHOWN, OPENINGS_SHOWN = 8, 50


@blueprint.get("/share/new")
@gates.open_to(*gates.PATIENTS)
def new() -> Any:
    """Show the form; exams named in the address are ticked."""
    return _form_page(request.args.getlist("exam"))


def _form_page(ticked: list[str], status: int = 200, form: Any = None, errors: Any = None) -> Response:
    its_list = viewing.load(request.form.get("page"))
    tomorrow = words.today(viewing.zone_of(its_list.exams)) + timedelta(days=1)
    page = render_template(
        "share_new.html", list=its_list, kept=_kept(ticked, its_list), ticked=ticked,
        form=form or {}, errors=errors or {}, earliest=tomorrow.isoformat(), once=secrets.token_urlsafe(16),
        tab="visit", share={}, offers_sms=edge().settings.offers_sms,
    )  # fmt: skip
    return Response(page, status, content_type="text/html; charset=utf-8")


def _kept(ticked: list[str], its_list: viewing.Listed) -> tuple[rows.Row, ...]:
    """Give what is ticked on other pages of the list."""
    rest = [exam_id for exam_id in ticked if all(row.id != exam_id for row in its_list.rows)]
    return tuple(row for row in viewing.rows_of(viewing.exams_of(rest, its_list.exams)) if row.has_begun)


@blueprint.post("/share/new")
@gates.open_to(*gates.PATIENTS)
def create() -> Any:
    """Make the link, or show the form again: with each mistake at its field, or another page of the exams."""
    form, exam_ids = request.form, request.form.getlist("examIds")
    if "page" in form:
        return _form_page(exam_ids, form=form)
    errors = _mistakes(form, exam_ids)
    if errors:
        return _form_page(exam_ids, 422, form, errors)
    body = {
        "examIds": exam_ids,
        "nickname": form["nickname"].strip(),
        "password": form["password"],
        "expiresAt": form["expiresAt"],
        "mayDownload": form.get("mayDownload") == "yes",
        "includeReport": ANSWERS[form["includeReport"]],
        "includeVisitSummary": ANSWERS[form["includeVisitSummary"]],
        "phiAcknowledged": True,
    } | {name: form[name].strip() for name in ("notifyEmail", "notifyPhone") if form.get(name, "").strip()}
    try:
        made = calls.ask("sharing", "POST", "/shares", body, idempotency_key=form.get("once", ""))
    except Refused as refused:
        if refused.status != 422:
            raise
        return _form_page(exam_ids, 422, form, errors_of(refused))
    return app_redirect(calls.at("/share/{}/made", str(made["id"])))


def _mistakes(form: Any, exam_ids: list[str]) -> dict[str, str]:
    """Give what is missing, by field; the service checks all of it again."""
    errors = {
        "examIds": "" if exam_ids else _("Choose at least one exam."),
        "nickname": "" if form.get("nickname", "").strip() else _("Enter a nickname."),
        "password": _password_mistake(form.get("password", "")),
        "expiresAt": "" if day_of(form.get("expiresAt", "")) else _("Enter the date when the link ends."),
        "includeReport": "" if form.get("includeReport") in ANSWERS else _("Choose yes or no."),
        "includeVisitSummary": "" if form.get("includeVisitSummary") in ANSWERS else _("Choose yes or no."),
        "phiAcknowledged": ""
        if form.get("phiAcknowledged") == "yes"
        else _("Check the box to say that you understand."),
    }
    return {name: words_ for name, words_ in errors.items() if words_}


def _password_mistake(password: str) -> str:
    return "" if len(password) >= SHORTEST_PASSWORD else _("Enter a password of 8 characters or more.")


def errors_of(refused: Refused) -> dict[str, str]:
    """Give a service's 422 by field, in our words."""
    told = {
        "expiresAt": _("Choose a date in the future."),
        "password": _("Enter a password of 8 characters or more."),
        "examIds": _("One of these exams cannot be shared yet."),
        "nickname": _("Enter a nickname."),
        "phiAcknowledged": _("Check the box to say that you understand."),
        "notifyEmail": _("Enter an email address like name@example.com."),
        "notifyPhone": _("Enter a phone number with its area code."),
    }
    fields = [str(one.get("field")) for one in refused.facts.get("errors", [])]
    return {name: told[name] for name in fields if name in told} or {"examIds": told["examIds"]}


def day_of(text: str) -> date | None:
    """Give the day that a form's date field says; None for none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _shares() -> list[dict[str, Any]]:
    """Give all shares, newest first, page after page."""
    found: list[dict[str, Any]] = []
    query = f"limit={PAGE}"
    while True:
        answer = calls.ask("sharing", "GET", f"/shares?{query}")
        found += answer.get("shares", [])
        if not answer.get("next") or len(found) >= MOST_SHOWN:
            return found
        query = f"limit={PAGE}&cursor={calls.at('{}', str(answer['next']))}"


def share(share_id: str) -> dict[str, Any]:
    """Give one of the caller's shares."""
    found: dict[str, Any] = calls.ask("sharing", "GET", calls.at("/shares/{}", share_id))
    return found


def shown(one: dict[str, Any], known: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
    """Give share *one* with its exams' names, its site's time zone, and whether this session made it."""
    exams = viewing.exams_of(one.get("examIds", []), known)
    zone = rows.zone_of(exams[0]) if exams else None
    names = ", ".join(rows.name_of(exam) for exam in exams)
    return one | {"names": names, "zone": zone, "is_own": one.get("madeBy") == session.current().kind}


def one_shown(share_id: str) -> dict[str, Any]:
    """Give one of the caller's links as ``shown`` does. Raises as ``share`` does."""
    return shown(share(share_id), viewing.load().exams)


@blueprint.get("/share/<share_id>/made")
@gates.open_to(*gates.PATIENTS)
def made(share_id: str) -> Any:
    """Show the link: blue, with its copy icon; the password is not there."""
    return render_template("share_made.html", made=one_shown(share_id), share={})


@blueprint.get("/share/<share_id>/qr.svg")
@gates.open_to(*gates.PATIENTS, is_background=True)
def qr(share_id: str) -> Response:
    """Draw the link as a QR code."""
    return qr_codes.picture_of(str(share(share_id)["url"]))


@blueprint.get("/share")
@gates.open_to(*gates.PATIENTS)
def history() -> Any:
    """Show the links that open, or those that are over (``?expired``)."""
    is_over, found = "expired" in request.args, _shares()
    over = [one for one in found if one.get("state") in ENDED]
    chosen = over if is_over else [one for one in found if one.get("state") not in ENDED]
    page, its_list = page_of(chosen, LINKS_SHOWN, request.args.get("page")), viewing.load()
    known = viewing.exams_of([exam_id for one in page.items for exam_id in one["examIds"]], its_list.exams)
    page = replace(page, items=tuple(shown(one, known) for one in page.items))
    facts = {"active": len(found) - len(over), "ended": len(over), "is_over": is_over}
    return render_template("share_history.html", page=page, share={}, **facts)


@blueprint.get("/share/<share_id>/activity")
@gates.open_to(*gates.PATIENTS)
def activity(share_id: str) -> Any:
    """Show who opened the link, newest first."""
    its_share = one_shown(share_id)
    found = calls.ask("sharing", "GET", calls.at("/shares/{}/accesses", share_id)).get("accesses", [])
    page = page_of(found, OPENINGS_SHOWN, request.args.get("page"))
    return render_template("share_activity.html", made=its_share, page=page, share={})


@blueprint.get("/share/<share_id>/end")
@gates.open_to(*gates.PATIENTS)
def ask_end(share_id: str) -> Any:
    """Ask once before a link is ended."""
    return render_template("share_end.html", made=one_shown(share_id), share={})


@blueprint.post("/share/<share_id>/end")
@gates.open_to(*gates.PATIENTS)
def end(share_id: str) -> Any:
    """Expire the link now."""
    calls.ask("sharing", "DELETE", calls.at("/shares/{}", share_id))
    return app_redirect("/share")


@blueprint.get("/share/<share_id>/password")
@gates.open_to(*gates.PATIENTS)
def ask_password(share_id: str) -> Any:
    """Show the form for a new password."""
    return render_template("share_password.html", made=one_shown(share_id), share={}, error="")


@blueprint.post("/share/<share_id>/password")
@gates.open_to(*gates.PATIENTS)
def set_password(share_id: str) -> Any:
    """Set a new password; sessions that the old one opened end."""
    password = request.form.get("password", "")
    error = _password_mistake(password)
    if error:
        page = render_template("share_password.html", made=one_shown(share_id), share={}, error=error)
        return Response(page, 422, content_type="text/html; charset=utf-8")
    calls.ask("sharing", "PATCH", calls.at("/shares/{}", share_id), {"password": password})
    return app_redirect("/share")
