"""The audit, for operators: who did what. What was searched for is in no address."""

from typing import Any

from flask import Blueprint, render_template, request
from flask_babel import gettext as _

from gateway.portal import calls, gates
from gateway.portal.calls import Refused

blueprint = Blueprint("staff_audit", __name__)

SEARCHED = ("patient", "actor", "since")
PAGE = 50


@blueprint.get("/staff/audit")
@gates.open_to(*gates.STAFF)
def search_page() -> Any:
    """Show the search."""
    return render_template("staff_audit.html", asked={}, entries=None, next=None, errors={})


@blueprint.post("/staff/audit")
@gates.open_to(*gates.STAFF)
def search() -> Any:
    """Show the acts found, newest first; asking is an act as well."""
    asked = {name: request.form.get(name, "").strip() for name in SEARCHED}
    cursor = request.form.get("cursor", "")
    query = "".join(f"&{name}={calls.at('{}', value)}" for name, value in (asked | {"cursor": cursor}).items() if value)
    try:
        found = calls.ask("identity", "GET", f"/staff/audit?limit={PAGE}{query}")
    except Refused as refused:
        if refused.status != 422:
            raise
        named = {str(one.get("field")) for one in refused.facts.get("errors", [])} & set(SEARCHED)
        errors = {name: _("This is not what it should be.") for name in sorted(named)} or {"patient": _("Enter less.")}
        return render_template("staff_audit.html", asked=asked, entries=None, next=None, errors=errors), 422
    facts = {"entries": found.get("entries", []), "next": found.get("next")}
    return render_template("staff_audit.html", asked=asked, errors={}, **facts)
