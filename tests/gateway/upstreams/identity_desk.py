"""What staff do with accounts, at identity as the gateway sees it."""

from typing import Any

from flask import Flask, request

from tests.gateway.upstreams.known import Services, problem

STAFF = {"roles": ["front-desk", "support", "operator"], "locations": None}
PATIENT = {"id": "p1", "name": "Marisol <b>Vega</b>", "dateOfBirth": "1984-03-14"}
ACCOUNT = {
    "id": "a1", "userId": "marisol", "email": "m•••••l@example.com", "openedAt": "2026-11-20T20:30:00Z",
    "state": "open", "locked": True, "secondFactors": 1, "patients": [PATIENT],
}  # fmt: skip


def add_desk(app: Flask, kept: Services) -> None:
    @app.get("/staff/accounts")
    def accounts() -> Any:
        asked = request.args
        if asked.get("patient") == "far" and "reason" not in asked:
            return problem(422, "reason-needed")
        is_none = asked.get("userId") == "nobody" or asked.get("patient") == "p2"
        return {"accounts": [] if is_none else [ACCOUNT], "next": None}

    @app.post("/staff/accounts/<account_id>/<act>")
    def act(account_id: str, act: str) -> Any:
        if request.get_json().get("note") == "gone":
            return problem(404, "account-not-found")
        states: dict[str, dict[str, object]] = {
            "freeze": {"state": "frozen"},
            "unlock": {"locked": False},
            "second-factor-reset": {"secondFactors": 0},
        }
        return ACCOUNT | states.get(act, {})

    @app.post("/staff/patients/<patient_id>/invitations")
    def invite(patient_id: str) -> Any:
        if request.get_json().get("note") == "again":
            return problem(409, "account-exists")
        return {"id": "i1", "invitationCode": "4QXR-77KM-2T9W", "expiresAt": "2026-12-24T20:30:00Z"}, 201

    @app.post("/staff/patients/<patient_id>/contacts-confirmation")
    def confirm_contacts(patient_id: str) -> Any:
        return {"confirmedAt": "2026-11-24T20:30:00Z"}

    @app.get("/staff/audit")
    def audit() -> Any:
        if request.args.get("since") == "never":
            return problem(422, "invalid", errors=[{"field": "since", "slug": "datetime-parsing"}])
        entry = {
            "at": "2026-11-23T20:30:00Z", "actor": "staff:s1", "actorUserId": "dana", "action": "icode.issue",
            "patient": "p1", "object": "icode:c2", "from": "203.0.113.7", "outcome": "done", "slug": None,
            "reason": "photo-id: <b>came back</b>",
        }  # fmt: skip
        return {"entries": [entry], "next": None if "cursor" in request.args else "77"}
