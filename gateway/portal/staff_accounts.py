"""Accounts, as support helps with them: found, unlocked, frozen, their second factors reset, patients invited.

What was searched for is in no address, but for a patient's opaque id. An invitation code is on the answer that makes
it and nowhere again.
"""

from typing import Any

from flask import Blueprint, render_template, request
from flask_babel import gettext as _

from gateway.edge.context import edge
from gateway.portal import calls, gates
from gateway.portal.calls import Refused
from gateway.portal.staff_requests import CHECKS

blueprint = Blueprint("staff_accounts", __name__)

ACTS = ("unlock", "freeze", "unfreeze", "second-factor-reset")
SEEN = "photo-id"
SHOWN = 5
SEARCHED = ("userId", "email", "patient", "reason")


@blueprint.get("/staff/accounts")
@gates.open_to(*gates.STAFF)
def accounts() -> Any:
    """Show the search; with a patient's id in the address, that patient's account or the way to invite them."""
    patient = request.args.get("patient", "")
    return _found_page({"patient": patient}) if patient else _page()


@blueprint.post("/staff/accounts")
@gates.open_to(*gates.STAFF)
def find() -> Any:
    """Show the accounts found."""
    asked = {name: request.form.get(name, "").strip() for name in SEARCHED}
    if not any(asked[name] for name in SEARCHED if name != "reason"):
        return _page(422, asked, errors={"userId": _("Enter something to search for.")})
    return _found_page(asked)


def _page(status: int = 200, asked: dict[str, str] | None = None, **more: Any) -> tuple[str, int]:
    asked = asked or {}
    facts = {"accounts": None, "patient": asked.get("patient", ""), "next": None, "done": "", "errors": {}} | more
    return render_template("staff_accounts.html", asked=asked, **facts), status


def _found_page(
    asked: dict[str, str], status: int = 200, errors: dict[str, str] | None = None, done: str = ""
) -> tuple[str, int]:
    query = "&".join(f"{name}={calls.at('{}', value)}" for name, value in asked.items() if value)
    try:
        found = calls.ask("identity", "GET", f"/staff/accounts?{query}&limit={SHOWN}")
    except Refused as refused:
        if refused.status != 422:
            raise
        is_far = refused.slug == "reason-needed"
        words = _("Say why you look: it is outside your locations, or the record is protected.")
        errors = {"reason": words} if is_far else {"userId": _("This is not what it should be.")}
        return _page(422, asked, errors=errors)
    facts = {"accounts": found.get("accounts", []), "next": found.get("next"), "done": done}
    return _page(status, asked, errors=errors or {}, **facts)


@blueprint.post("/staff/accounts/<account_id>/<any(unlock, freeze, unfreeze, 'second-factor-reset'):act>")
@gates.open_to(*gates.STAFF)
def do(account_id: str, act: str) -> Any:
    """Do something with an account, once it is said how its owner was checked; the account is shown as it is then."""
    check, note = request.form.get("verifiedBy", ""), request.form.get("note", "").strip()
    if check not in CHECKS or not note:
        return _page(422, errors={"userId": _("Say how you checked who asks, and write a note. Nothing was changed.")})
    path = calls.at(f"/staff/accounts/{{}}/{act}", account_id)
    try:
        account = calls.ask("identity", "POST", path, {"verifiedBy": check, "note": note})
    except Refused as refused:
        if refused.slug != "account-not-found":
            raise
        return _page(404, errors={"userId": _("There is no such account any more.")})
    return _page(accounts=[account], done=_words_of_acts()[act])


def _words_of_acts() -> dict[str, str]:
    return {
        "unlock": _("It is unlocked: the password can be tried again."),
        "freeze": _("It is frozen. Nobody can log in to it, and its links are ended."),
        "unfreeze": _("It can be logged in to again."),
        "second-factor-reset": _("Its second factors are removed. The owner is told by email."),
    }


@blueprint.post("/staff/patients/<patient_id>/invitations")
@gates.open_to(*gates.STAFF)
def invite(patient_id: str) -> Any:
    """Invite a patient whose photo ID was seen; the code is shown on this answer alone."""
    asked, note = {"patient": patient_id}, request.form.get("note", "").strip()
    if request.form.get("verifiedBy") != SEEN:
        return _found_page(asked, 422, {"seen": _("See a photo ID first, then check the box.")})
    body = {"verifiedBy": SEEN} | ({"note": note} if note else {})
    try:
        made = calls.ask("identity", "POST", calls.at("/staff/patients/{}/invitations", patient_id), body)
    except Refused as refused:
        words = _words_of_refusals().get(refused.slug)
        if words is None:
            raise
        return _found_page(asked, refused.status, {"seen": words})
    return render_template("staff_invited.html", made=made, url=edge().settings.public_url)


@blueprint.post("/staff/patients/<patient_id>/contacts-confirmation")
@gates.open_to(*gates.STAFF)
def confirm_contacts(patient_id: str) -> Any:
    """Let the contacts on record be those of a patient who came of age and showed a photo ID."""
    asked, note = {"patient": patient_id}, request.form.get("note", "").strip()
    if request.form.get("verifiedBy") != SEEN or not note:
        return _found_page(asked, 422, {"contacts": _("See a photo ID first, and write a note. Nothing was changed.")})
    path = calls.at("/staff/patients/{}/contacts-confirmation", patient_id)
    calls.ask("identity", "POST", path, {"verifiedBy": SEEN, "note": note})
    return _found_page(asked, done=_("The contacts on record are the patient’s own now."))


def _words_of_refusals() -> dict[str, str]:
    return {
        "account-exists": _("This patient has an account. Help them into it instead."),
        "invitation-not-possible": _("This record cannot have an account."),
        "minor-no-account": _("Minors cannot create accounts in the Patient Portal."),
        "reason-needed": _("Write a note: it is outside your locations, or the record is protected."),
    }
