"""Identity as the gateway sees it."""

from typing import Any

from flask import Flask, Response, request

from tests.gateway.upstreams.identity_accounts import CHALLENGE, LONG_ID, OPTIONS, add_accounts
from tests.gateway.upstreams.identity_desk import STAFF, add_desk
from tests.gateway.upstreams.known import HOUSTON, Services, kind_of, new_app, problem


def identity(kept: Services) -> Flask:  # noqa: C901 - one function a call
    app = new_app("identity", kept)

    @app.post("/icode-sessions")
    def icode() -> Any:
        code = request.get_json().get("icode", "").replace("-", "")
        if code == "0000000000000":
            return problem(410, "icode-expired")
        if code == "1111111111111":
            return problem(429, "too-many-tries")
        return (kept.pair("identity", "icode"), 201) if code == "7K2MQ4XW9P3TB" else problem(401, "icode-refused")

    @app.post("/sessions")
    def account() -> Any:
        if request.get_json() == {"userId": "careful", "password": "right"}:
            return CHALLENGE
        if request.get_json() == {"userId": "collector", "password": "right"}:
            known = [{"id": f"{number}{LONG_ID[1:]}", "type": "public-key"} for number in range(10)]
            return CHALLENGE | {"passkeyOptions": OPTIONS | {"allowCredentials": known}}
        is_right = request.get_json() == {"userId": "marisol", "password": "right"}
        return (kept.pair("identity", "account"), 201) if is_right else problem(401, "log-in-refused")

    @app.post("/staff/sessions")
    def staff() -> Any:
        return kept.pair("identity", "staff"), 201

    @app.post("/sessions/refresh")
    def refresh() -> Any:
        return kept.pair("identity", "icode") if request.get_json()["refreshToken"] != "ri_dead" else problem(401, "no")

    @app.delete("/sessions/current")
    def log_out() -> Any:
        return "", 204

    @app.get("/regions")
    def regions() -> Any:
        return {"regions": [{"id": "texas", "name": "Texas"}, {"id": "ny", "name": "New York"}]}

    @app.get("/regions/<region>/locations")
    def locations(region: str) -> Any:
        heights = HOUSTON | {"id": "TX-HOU-02", "name": "Houston, Heights", "address": "1919 N Shepherd Dr"}
        return {"locations": [HOUSTON | {"address": "6410 Fannin St"}, heights]}

    @app.get("/signing-keys")
    def keys() -> Any:
        return {"keys": [{"kty": "OKP", "kid": "i1"}]}

    @app.get("/me")
    def me() -> Any:
        kind = kind_of(request)
        return {"kind": kind, "name": "Marisol Vega"} | (STAFF | kept.staff if kind == "staff" else kept.me)

    @app.get("/staff/visits")
    def visits() -> Any:
        if request.args.get("lastName") == "Nobody":
            return {"visits": []}
        if request.args.get("accession") == "far" and "reason" not in request.args:
            return problem(422, "reason-needed")
        exams = [{"id": "e1", "accession": "H26-118201", "description": "MRI of the brain"}]
        visit = {"id": "v1", "mrn": "00482913", "date": "2026-11-23", "locationId": "TX-HOU-01", "exams": exams}
        return {"visits": [visit | {"patient": {"id": "p1", "name": "Marisol Vega", "dateOfBirth": "1984-03-14"}}]}

    @app.get("/staff/visits/<visit_id>/icodes")
    def icodes(visit_id: str) -> Any:
        return {"icodes": [{"id": "c1", "state": "active", "expiresAt": "2027-02-21T20:30:00Z"}]}

    @app.post("/staff/visits/<visit_id>/icodes")
    def issue(visit_id: str) -> Any:
        return {"id": "c2", "icode": "7K2MQ-4XW9-P3TB", "expiresAt": "2027-02-22T20:30:00Z", "portalPassUrl": ""}, 201

    @app.get("/staff/icodes/<icode_id>/portal-pass")
    def portal_pass(icode_id: str) -> Any:
        if icode_id != "c2":
            return problem(404, "portal-pass-not-found")
        said = f"7K2MQ-4XW9-P3TB in {request.args['lang']}"
        return f"<!doctype html><style>own</style><main><article class='pass'>{said}</article></main>"

    @app.get("/staff/icodes/<icode_id>/portal-pass.pdf")
    def portal_pass_pdf(icode_id: str) -> Any:
        if icode_id != "c2":
            return problem(404, "portal-pass-not-found")
        return Response(b"%PDF-1.7", content_type="application/pdf")

    @app.post("/help-requests")
    def help_request() -> Any:
        is_long = len(request.get_json()["contact"]) > 254
        if is_long:
            return problem(422, "value-refused", errors=[{"field": "contact", "slug": "value-refused"}])
        return {"state": "received"}, 202

    @app.get("/staff/help-requests")
    def help_requests() -> Any:
        icode = {"id": "c1", "state": "expired", "expiresAt": "2026-11-20T20:30:00Z", "locationId": "TX-HOU-01"}
        about = {"patientName": "Marisol Vega", "dateOfBirth": "1984-03-14", "visitId": "v1", "patientId": "p1"}
        asked = {
            "id": "r1", "reason": "not-my-exam", "name": "Rosa <b>Vega</b>", "contact": "rosa@example.org",
            "dateOfBirth": "1984-03-14", "message": "Whose is this?", "language": "es", "icode": icode | about,
            "madeAt": "2026-11-23T20:30:00Z", "state": request.args["state"], "verifiedBy": None, "note": None,
            "answeredAt": None,
        }  # fmt: skip
        return {"helpRequests": [asked, asked | {"id": "r2", "reason": "code-expired", "icode": None}], "next": "50"}

    @app.post("/staff/help-requests/<request_id>/grant")
    def grant(request_id: str) -> Any:
        return problem(409, "icode-not-proven") if request_id == "r2" else {"state": "granted", "expiresAt": None}

    @app.post("/staff/help-requests/<request_id>/refusal")
    def refuse(request_id: str) -> Any:
        return {"state": "refused", "expiresAt": None}

    @app.post("/guest-appointments")
    def guest_appointment() -> Any:
        if request.get_json()["phone"] == "call me":
            return problem(422, "value-refused", errors=[{"field": "phone", "slug": "value-refused"}])
        return {"state": "received"}, 202

    @app.get("/staff/guest-appointments")
    def guest_appointments() -> Any:
        asked = {
            "id": "g1", "firstName": "Mia", "lastName": "Vega", "dateOfBirth": "2015-06-01", "guardian": "Rosa Vega",
            "phone": "713-555-0000", "email": None, "locationId": "TX-HOU-01", "examWanted": "X-ray, left arm",
            "preferredTimes": "mornings", "language": "es", "madeAt": "2026-11-23T20:30:00Z",
        }  # fmt: skip
        return {"guestAppointments": [asked], "next": None}

    add_accounts(app, kept)
    add_desk(app, kept)
    return app
