"""Identity as the gateway sees it."""

from typing import Any

from flask import Flask, Response, request

from tests.gateway.upstreams.known import HOUSTON, Services, new_app, problem


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
        return {"kind": "icode", "name": "Marisol Vega"}

    @app.get("/staff/visits")
    def visits() -> Any:
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

    return app
