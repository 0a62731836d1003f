"""Studies that no exam has, matched by hand: the exam is looked up and shown beside the study before that."""

from typing import Any

from flask import Blueprint, render_template, request
from flask_babel import gettext as _

from gateway.portal import calls, gates
from gateway.portal.calls import Refused
from gateway.portal.paging import page_of
from gateway.portal.refusals import app_redirect

blueprint = Blueprint("staff_unmatched", __name__)

LONGEST_NOTE = 2000
SHOWN = 10
NOT_FOUND = 404


@blueprint.get("/staff/unmatched")
@gates.open_to(*gates.STAFF)
def studies() -> Any:
    """Show the studies that wait, the oldest first."""
    page = page_of(_waiting(), SHOWN, request.args.get("page"))
    return render_template("staff_unmatched.html", page=page, reasons=_reasons(), is_done="done" in request.args)


def _waiting() -> list[dict[str, Any]]:
    return list(calls.ask("exams", "GET", "/staff/unmatched-studies").get("studies", []))


def _reasons() -> dict[str, str]:
    return {
        "no-order": _("No order claims it."),
        "other-patient": _("Its patient ID is another than the exam’s."),
    }


@blueprint.post("/staff/unmatched/<study_id>/exam")
@gates.open_to(*gates.STAFF)
def look_up(study_id: str) -> Any:
    """Show the exam with that accession number beside the study."""
    accession, reason = request.form.get("accession", "").strip(), request.form.get("reason", "").strip()
    return _beside_page(study_id, accession, reason)


def _beside_page(
    study_id: str, accession: str, reason: str, status: int = 200, errors: dict[str, str] | None = None
) -> Any:
    study = next((one for one in _waiting() if one["id"] == study_id), None)
    if study is None:
        return app_redirect("/staff/unmatched")
    found, errors = [], dict(errors or {})
    if not accession:
        errors["accession"] = _("Enter the accession number of the exam.")
    else:
        try:
            found = _exams(accession, reason)
        except Refused as refused:
            if refused.status != 422:
                raise
            errors["reason"] = _("Say why you look: it is outside your locations, or the record is protected.")
        if not found and not errors:
            errors["accession"] = _("No exam has that accession number.")
    page = render_template(
        "staff_match.html", study=study, found=found, reasons=_reasons(), errors=errors,
        form={"accession": accession, "reason": reason},
    )  # fmt: skip
    return page, 422 if errors and status == 200 else status


def _exams(accession: str, reason: str) -> list[dict[str, Any]]:
    """Give the exams with that accession number, each with its visit. Raises Refused."""
    query = f"accession={calls.at('{}', accession)}" + (f"&reason={calls.at('{}', reason)}" if reason else "")
    visits = calls.ask("identity", "GET", f"/staff/visits?{query}").get("visits", [])
    return [exam | {"visit": visit} for visit in visits for exam in visit["exams"] if exam["accession"] == accession]


@blueprint.post("/staff/unmatched/<study_id>/match")
@gates.open_to(*gates.STAFF)
def match(study_id: str) -> Any:
    """Make the study that exam's, saying how it is known."""
    form = {name: request.form.get(name, "").strip() for name in ("examId", "note", "accession", "reason")}
    again = (study_id, form["accession"], form["reason"])
    if not form["note"] or len(form["note"]) > LONGEST_NOTE:
        return _beside_page(*again, 422, {"note": _("Write how you know that it is this exam’s.")})
    body = {name: form[name] for name in ("examId", "note")}
    try:
        calls.ask("exams", "POST", calls.at("/staff/unmatched-studies/{}/match", study_id), body)
    except Refused as refused:
        if refused.status != NOT_FOUND:
            raise
        if refused.facts.get("errors"):
            words = _("That exam is not at one of your locations. Ask somebody there.")
            return _beside_page(*again, 404, {"note": words})  # the exam; without a field it is the study
        return app_redirect("/staff/unmatched")
    return app_redirect("/staff/unmatched?done=1")
