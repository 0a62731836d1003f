"""Create a new account in four steps (guide, 03: S18 to S22, S62).

Which registration is under way, and at which step, stands in the sealed cookie: its id opens it, so no address has it.
"""

from typing import Any

from flask import Blueprint, Response, make_response, render_template, request
from flask_babel import gettext as _

from gateway.portal import calls, demographics, masking, session
from gateway.portal.calls import Refused
from gateway.portal.entering import all_locations, place_chosen
from gateway.portal.new_passwords import words_of_length, words_of_refusal
from gateway.portal.refusals import app_redirect

blueprint = Blueprint("registering", __name__)

NAME = "registration"
STEP_PAGES = {"questions": "/register/2", "credentials": "/register/3", "validation": "/register/4"}
OVER = ("registration-over", "registration-step")


def page_of(template: str, status: int = 200, **facts: Any) -> Response:
    """Give a page of this section, which no cache keeps."""
    answer = make_response(render_template(template, **facts), status)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.get("/register/1")
def about_you() -> Any:
    """Show step 1, "Tell us about yourself", with the location chosen last."""
    return _about_you_page({"locationId": place_chosen().get("id", "")})


def _about_you_page(given: dict[str, str], status: int = 200, **more: Any) -> Response:
    places = [(str(one["id"]), str(one["name"])) for one in all_locations()]
    facts = {"months": demographics.months(), "sexes": demographics.sexes(), "places": places, "errors": {}}
    return page_of("register_1.html", status, form=given, **facts | more)


@blueprint.post("/register/1")
def say_about_you() -> Any:
    """Begin a registration; what is missing is said at its field (S18), minors are shown their ways (S62)."""
    given = demographics.read_form()
    errors = demographics.find_mistakes(given)
    if errors:
        return _about_you_page(given, 422, errors=errors)
    try:
        begun = calls.ask_as_nobody("identity", "POST", "/registrations", demographics.ask_of(given))
    except Refused as refused:
        return _about_you_refused(refused, given)
    return _go_on({"id": str(begun["registrationId"])}, str(begun["next"]))


def _about_you_refused(refused: Refused, given: dict[str, str]) -> Response:
    if refused.slug == "minor-no-account":
        return _about_you_page(given, 403, is_minor=True)
    if refused.slug == "invitation-refused":
        words = demographics.words_of_mistakes()
        return _about_you_page(given, 422, errors={demographics.INVITATION: words[demographics.INVITATION]})
    if refused.slug == "too-many-tries":
        return _about_you_page(
            given, 429, errors={demographics.INVITATION: _("Too many tries. Wait a while, or Get Help.")}
        )
    if refused.status == 422:
        return _about_you_page(given, 422, errors=demographics.mistakes_told_by(refused))
    raise refused


def _go_on(registration: dict[str, Any], step: str) -> Response:
    session.keep(NAME, registration | {"step": step})
    return app_redirect(STEP_PAGES.get(step, "/register/1"))


def _elsewhere(step: str) -> Response | None:
    """Give the way to the step that is due; None when that is *step*."""
    due = session.kept(NAME).get("step", "")
    return None if due == step else app_redirect(STEP_PAGES.get(due, "/register/1"))


def _path(ending: str) -> str:
    return calls.at(f"/registrations/{{}}/{ending}", str(session.kept(NAME)["id"]))


def _ended(refused: Refused) -> Response:
    """Explain a registration that is over, or at another step than this browser thinks. Raises what is neither."""
    if refused.slug not in OVER:
        raise refused
    session.forget(NAME)
    return page_of("register_over.html", 410)


@blueprint.get("/register/2")
def questions() -> Any:
    """Show step 2, "Verify your identity"."""
    return _elsewhere("questions") or _questions_page({})


def _questions_page(chosen: dict[str, str], status: int = 200, **more: Any) -> Response:
    try:
        asked = calls.ask_as_nobody("identity", "GET", _path("questions"))["questions"]
    except Refused as refused:
        return _ended(refused)
    return page_of("register_2.html", status, questions=asked, chosen=chosen, **{"errors": {}} | more)


@blueprint.post("/register/2")
def answer() -> Any:
    """Send the answers, once all are given; wrong ones are told as for somebody we do not know (S19)."""
    if away := _elsewhere("questions"):
        return away
    asked = request.form.getlist("question")
    chosen = {one: request.form.get(f"q-{one}", "") for one in asked}
    missing = {one: _("Choose an answer.") for one in asked if not chosen[one]}
    if missing or not asked:
        return _questions_page(chosen, 422, errors=missing)
    answers = [{"questionId": one, "choice": choice} for one, choice in chosen.items()]
    try:
        told = calls.ask_as_nobody("identity", "POST", _path("answers"), {"answers": answers})
    except Refused as refused:
        if refused.status == 422:
            return _questions_page(chosen, 422, errors={asked[0]: _("Choose an answer.")})
        return _questions_page(chosen, 403, is_unproven=True) if refused.status == 403 else _ended(refused)
    return _go_on(session.kept(NAME), str(told["next"]))


@blueprint.get("/register/3")
def credentials() -> Any:
    """Show step 3, "Create User ID and email"."""
    return _elsewhere("credentials") or _credentials_page({})


def _credentials_page(given: dict[str, str], status: int = 200, errors: dict[str, str] | None = None) -> Response:
    return page_of("register_3.html", status, form=given, errors=errors or {})


@blueprint.post("/register/3")
def choose_credentials() -> Any:
    """Choose User ID, address and password (S20); the password is never shown again."""
    if away := _elsewhere("credentials"):
        return away
    given = {name: request.form.get(name, "").strip() for name in ("userId", "email")}
    body = given | {"password": request.form.get("password", "")}
    errors = {name: text for name, text in _words_of_credentials().items() if not body[name]}
    if errors:
        return _credentials_page(given, 422, errors)
    try:
        told = calls.ask_as_nobody("identity", "POST", _path("credentials"), body)
    except Refused as refused:
        return _credentials_refused(refused, given)
    return _go_on(session.kept(NAME) | {"email": masking.masked_email(given["email"])}, str(told["next"]))


def _credentials_refused(refused: Refused, given: dict[str, str]) -> Response:
    if refused.slug == "user-id-taken":
        return _credentials_page(given, 422, {"userId": _("That User ID is taken. Choose another.")})
    if refused.status == 422:
        told = {str(one.get("field")) for one in refused.facts.get("errors", [])}
        words = _words_of_credentials() | {"password": words_of_refusal(refused)}
        named = {name: text for name, text in words.items() if name in told}
        return _credentials_page(given, 422, named or {"userId": words["userId"]})
    if refused.status == 429:
        return _credentials_page(given, 429, {"email": _("Too many tries. Wait a while, or Get Help.")})
    return _ended(refused)


def _words_of_credentials() -> dict[str, str]:
    return {
        "userId": _("Choose a User ID of letters and numbers, 64 at most."),
        "email": _("Enter your email address, like name@example.com."),
        "password": words_of_length(),
    }


@blueprint.get("/register/4")
def validation() -> Any:
    """Show step 4, "Email verification"."""
    return _elsewhere("validation") or _validation_page(is_sent_again="sent" in request.args)


def _validation_page(status: int = 200, error: str = "", *, is_sent_again: bool = False) -> Response:
    errors = {"code": error} if error else {}
    email = session.kept(NAME).get("email", "")
    return page_of("register_4.html", status, email=email, errors=errors, is_sent_again=is_sent_again)


@blueprint.post("/register/4")
def validate() -> Any:
    """Enter the code from the mail; only then the account exists (S21, S22)."""
    if away := _elsewhere("validation"):
        return away
    code = "".join(request.form.get("code", "").split())
    if not code:
        return _validation_page(422, _("Enter the validation code from the email."))
    try:
        calls.ask_as_nobody("identity", "POST", _path("validation"), {"code": code})
    except Refused as refused:
        if refused.status in {403, 422}:
            return _validation_page(422, _("That code is wrong or too old."))
        if refused.status == 429:
            return _validation_page(429, _("Too many tries. Wait a while, or Get Help."))
        return _taken_meanwhile() if refused.slug == "user-id-taken" else _ended(refused)
    session.forget(NAME)
    return app_redirect("/register/done")


def _taken_meanwhile() -> Response:
    """Go back to step 3: while the mail was on its way somebody else took the User ID."""
    session.keep(NAME, session.kept(NAME) | {"step": "credentials"})
    return _credentials_page({}, 409, {"userId": _("That User ID is taken. Choose another.")})


@blueprint.post("/register/4/code")
def send_again() -> Any:
    """Have a new code sent."""
    if away := _elsewhere("validation"):
        return away
    try:
        calls.ask_as_nobody("identity", "POST", _path("validation-codes"), {})
    except Refused as refused:
        if refused.status == 429:
            return _validation_page(429, _("We sent several codes already. Wait an hour before you ask for another."))
        return _ended(refused)
    return app_redirect("/register/4?sent=1")


@blueprint.get("/register/done")
def done() -> Any:
    """Say that the account is there, and lead to its log-in (S22)."""
    return page_of("register_done.html")
