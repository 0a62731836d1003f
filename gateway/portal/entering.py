"""From the regional portal to the first page: region, pop-up, location, and the three ways in (guide, 02)."""

from contextlib import suppress
from typing import Any
from urllib.parse import quote, unquote

from flask import Blueprint, Response, abort, current_app, make_response, redirect, render_template, request
from flask_babel import gettext as _

from contracts.tokens import Kind
from gateway.edge import issuers
from gateway.edge.context import edge
from gateway.edge.upstream import UpstreamDown
from gateway.portal import calls, desks, gates, session, words
from gateway.portal.calls import Refused, SessionEnded
from gateway.portal.passkey_options import fitting
from gateway.portal.refusals import app_redirect

blueprint = Blueprint("entering", __name__)

PLACE_COOKIE = "place"
A_YEAR_S = 365 * 86400
SPANISH = "es"
CHALLENGE = "challenge"
"""Under this name the session keeps what is asked of an account besides its password."""


@blueprint.get("/")
def regions() -> Any:
    """Show the regions to choose from; where there is one alone, that."""
    known = calls.ask_as_nobody("identity", "GET", "/regions").get("regions", [])
    if len(known) == 1:
        return redirect(calls.at("/r/{}", str(known[0]["id"])), 303)
    return render_template("regions.html", regions=known)


@blueprint.get("/r/<region>")
def region(region: str) -> Any:
    """Show a regional portal with its **Portal** button."""
    return _region_page(region, is_asked=False)


@blueprint.get("/r/<region>/login")
def connect(region: str) -> Any:
    """Show the pop-up "Login to Connect" as a page, for browsers without script."""
    return _region_page(region, is_asked=True)


def _region_page(region_id: str, *, is_asked: bool) -> str:
    its_name, locations = _locations(region_id)
    states = {place.get("state") for place in locations}
    laws = [text for state, text in words.law_of_state().items() if state in states]
    return render_template(
        "region.html", region_id=region_id, region_name=its_name, locations=locations, laws=laws, is_asked=is_asked
    )


def _locations(region_id: str) -> tuple[str, list[dict[str, Any]]]:
    """Give a region's name and locations. Aborts with 404 for an unknown one."""
    known = calls.ask_as_nobody("identity", "GET", "/regions").get("regions", [])
    its_name = next((str(one.get("name", region_id)) for one in known if str(one["id"]) == region_id), None)
    if its_name is None:
        abort(404)
    found = calls.ask_as_nobody("identity", "GET", calls.at("/regions/{}/locations", region_id))
    return its_name, list(found.get("locations", []))


def all_locations() -> list[dict[str, Any]]:
    """Give the locations of all regions, by name."""
    found: list[dict[str, Any]] = []
    for one in calls.ask_as_nobody("identity", "GET", "/regions").get("regions", []):
        path = calls.at("/regions/{}/locations", str(one["id"]))
        found += calls.ask_as_nobody("identity", "GET", path).get("locations", [])
    return sorted({str(one["id"]): one for one in found}.values(), key=lambda one: str(one["name"]))


@blueprint.get("/r/<region>/locations")
def locations(region: str) -> Any:
    """Show the locations to choose from, the last choice first."""
    its_name, known = _locations(region)
    last = place_chosen().get("id")
    known.sort(key=lambda one: one["id"] != last)
    return render_template("locations.html", region_id=region, region_name=its_name, locations=known, last=last)


@blueprint.get("/r/<region>/locations/<location>")
def choose_location(region: str, location: str) -> Any:
    """Remember the location chosen, and go on to the main screen."""
    chosen = next((one for one in _locations(region)[1] if one["id"] == location), None)
    if chosen is None:
        abort(404)
    answer = app_redirect("/enter")
    value = "|".join(quote(part, safe="") for part in (region, location, str(chosen["name"])))
    _keep_cookie(answer, PLACE_COOKIE, value)
    return answer


def _keep_cookie(answer: Response, name: str, value: str) -> None:
    is_https = edge().settings.public_url.startswith("https://")
    answer.set_cookie(name, value, max_age=A_YEAR_S, secure=is_https, httponly=True, samesite="Lax")


def place_chosen() -> dict[str, str]:
    """Give the location this browser chose last: ``region``, ``id``, ``name``; empty for none."""
    parts = [unquote(part) for part in request.cookies.get(PLACE_COOKIE, "").split("|")]
    return dict(zip(("region", "id", "name"), parts, strict=True)) if len(parts) == 3 else {}


@blueprint.get("/enter")
def enter() -> Any:
    """Show the main screen with its three options."""
    return enter_page()


def enter_page(status: int = 200, **facts: Any) -> Response:
    """Give the main screen; *facts*: what was refused, and where."""
    page = render_template(
        "enter.html", place=place_chosen(), ended="ended" in request.args, closed="closed" in request.args, **facts
    )
    answer = make_response(page, status)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.post("/enter/icode")
def enter_icode() -> Any:
    """Enter with an I-Code."""
    code, born = request.form.get("icode", "").strip(), request.form.get("dateOfBirth", "").strip()
    if not code:
        return enter_page(422, icode_error=_("Enter your I-Code."))
    body = {"icode": code} | ({"dateOfBirth": born} if born else {})
    try:
        answer = calls.ask_as_nobody("identity", "POST", "/icode-sessions", body)
    except Refused as refused:
        return _icode_refused(refused, code)
    return come_in(answer, "icode")


def _icode_refused(refused: Refused, code: str) -> Response:
    if refused.status == 410:
        return enter_page(410, is_expired=True)
    if refused.slug == "date-of-birth-needed":
        return enter_page(422, code=code, asks_birth=True, icode_error=_("Enter your date of birth too."))
    if refused.status == 429:
        return enter_page(429, icode_error=_("Too many tries. Wait a while, or Get Help."))
    if refused.status in {401, 422}:
        wrong = _("That I-Code does not open any exams. Check it against your Portal Pass.")
        return enter_page(422, code=code, icode_error=wrong)
    raise refused


@blueprint.post("/enter/account")
def enter_account() -> Any:
    """Log in to an account."""
    user_id, password = request.form.get("userId", "").strip(), request.form.get("password", "")
    if not user_id or not password:
        return enter_page(422, user_id=user_id, account_error=_("Enter your User ID and your password."))
    try:
        answer = calls.ask_as_nobody("identity", "POST", "/sessions", {"userId": user_id, "password": password})
    except Refused as refused:
        return _account_refused(refused, user_id)
    if "challengeId" in answer:
        facts = {"id": str(answer["challengeId"]), "methods": answer.get("methods", [])}
        session.keep(CHALLENGE, facts | {"options": fitting(answer.get("passkeyOptions"))})
        return app_redirect("/enter/second-factor")
    return come_in(answer, "account")


def _account_refused(refused: Refused, user_id: str) -> Response:
    if refused.status == 429:
        return enter_page(429, user_id=user_id, account_error=_("Too many tries. Wait a while, or Get Help."))
    if refused.status in {401, 422}:
        return enter_page(422, user_id=user_id, account_error=_("That User ID and password do not match."))
    raise refused


def come_in(answer: dict[str, Any], kind: Kind) -> Response:
    """Begin the session that an issuer opened, and lead to the page asked for, else the first one."""
    if "accessToken" not in answer:
        abort(503)
    after = session.current().after
    session.start(answer, kind)
    me = _ask_about_caller() if kind != "share" else {}
    session.change(**_shown(me))
    came_in = app_redirect(after if _may_go_to(after, kind) else first_page())
    if kind == "account":
        _remember_account(came_in, me)
    return came_in


def _may_go_to(after: str, kind: Kind) -> bool:
    is_of_account = after == "/me" or after.startswith("/me/")
    return kind in gates.PATIENTS and is_own_page(after) and (kind == "account" or not is_of_account)


def _remember_account(answer: Response, me: dict[str, Any]) -> None:
    """Have the browser keep the name by which the account knows it again, and the account's Spanish.

    A browser's English is often nobody's choice, a record's neither; the Spanish of either is, and stays.
    """
    _keep_cookie(answer, calls.DEVICE_COOKIE, calls.device_name())
    if words.COOKIE not in request.cookies and me.get("language") == SPANISH:
        remember_language(answer, SPANISH)


def first_page() -> str:
    """Give the page that somebody logged in begins with."""
    who = session.current()
    if who.kind == "staff":
        return desks.first()
    return "/shared" if who.kind == "share" else "/exams"


def _ask_about_caller() -> dict[str, Any]:
    """Give what identity knows of the caller; nothing when nobody tells."""
    try:
        return dict(calls.ask("identity", "GET", "/me"))
    except (Refused, SessionEnded, UpstreamDown):
        return {}


def _shown(me: dict[str, Any]) -> dict[str, Any]:
    """Give the caller's name, theme and roles, for the menu and the look."""
    theme = me.get("theme")
    return {
        "name": str(me.get("name") or ""),
        "theme": theme if theme in session.THEMES else "",
        "may_open_account": me.get("mayOpenAccount") is not False,
        "roles": [str(role) for role in me.get("roles") or []],
    }


@blueprint.post("/log-out")
@gates.meant_for(*gates.PATIENTS)
def log_out() -> Any:
    """End the session here and at its issuer, and have the browser forget what it kept."""
    who = session.current()
    issuer = issuers.issuer_of_refresh(who.refresh)
    if issuer is not None:
        with suppress(UpstreamDown, Refused, SessionEnded):  # its tokens end by themselves; the browser forgets them
            calls.ask(issuer, "DELETE", "/sessions/current", {"refreshToken": who.refresh})
    session.end()
    answer = app_redirect({"share": "/s?closed=1", "staff": "/staff"}.get(who.kind or "", "/enter"))
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer


@blueprint.get("/session/stay.json")
def stay() -> Any:
    """Note a sign of life, and give the seconds left before the session ends by itself."""
    session.touch()
    return left()


@blueprint.get("/session/left.json")
def left() -> Any:
    """Give the seconds left before the session ends by itself; 401 when it has."""
    who = session.current()
    if not who.is_logged_in:
        return Response(status=401)
    now = session.now_s()
    ends = min(who.seen_at + session.IDLE.total_seconds(), who.started_at + session.LONGEST.total_seconds())
    answer = make_response({"seconds": max(0, int(ends - now))})
    answer.headers["Cache-Control"] = "no-store"
    return answer


def is_own_page(where: str) -> bool:
    """Whether *where* is a path of ours: browsers leave out tabs and line breaks, and take a backslash for a slash."""
    return where.startswith("/") and not where.startswith("//") and where.isprintable() and "\\" not in where


@blueprint.app_template_global()
def page_again() -> str:
    """Give the address that shows this page again in the other language; what a form brought starts anew."""
    if request.method == "GET":
        return request.full_path.rstrip("?")
    if current_app.url_map.bind("").test(request.path, "GET"):
        return request.path
    return first_page() if session.current().is_logged_in else "/enter"


@blueprint.get("/language/<code>")
def choose_language(code: str) -> Any:
    """Remember the language chosen, and go back to the page."""
    back = request.args.get("next", "/")
    answer = app_redirect(back if is_own_page(back) else "/")
    if code in words.LANGUAGES:
        remember_language(answer, code)
    return answer


def remember_language(answer: Response, code: str) -> None:
    """Have the browser keep the language chosen."""
    _keep_cookie(answer, words.COOKIE, code)
