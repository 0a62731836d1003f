"""Sharing as the gateway sees it."""

from datetime import timedelta
from typing import Any

from flask import Flask, request

from services.sharing.domain.shares import NAME_MAX_CHARS
from tests.gateway.upstreams.known import NOW, Services, new_app, problem, stamp


def sharing(kept: Services) -> Flask:  # noqa: C901 - one function a call
    app = new_app("sharing", kept)

    @app.get("/shares")
    def listed() -> Any:
        """Two a page, whatever is asked for."""
        start = int(request.args.get("cursor", 0))
        page = list(kept.shares.values())[start : start + 2]
        return {"shares": page, "next": str(start + 2) if len(kept.shares) > start + 2 else None}

    @app.post("/shares")
    def make() -> Any:
        body = request.get_json()
        permissions = {name: body[name] for name in ("mayDownload", "includeReport", "includeVisitSummary")}
        share = {name: body[name] for name in ("nickname", "examIds")} | {
            "expiresAt": f"{body['expiresAt']}T23:59:59-06:00",
            "id": "s1",
            "url": "http://127.0.0.1/s#Qm7vX2kT9bRf4LwNz8HdYc",
            "state": "active",
            "permissions": permissions,
            "opens": 0,
            "madeBy": "icode",
        }
        kept.shares["s1"] = share
        return share, 201

    @app.get("/shares/<share_id>")
    def one(share_id: str) -> Any:
        return kept.shares.get(share_id) or problem(404, "share-not-found")

    @app.patch("/shares/<share_id>")
    def change(share_id: str) -> Any:
        asked = request.get_json()
        if asked.get("expiresAt") == "2020-01-01":
            return problem(422, "expiry-past", errors=[{"field": "expiresAt", "slug": "expiry-past"}])
        names = ("mayDownload", "includeReport", "includeVisitSummary")
        kept.shares[share_id]["permissions"] |= {name: asked[name] for name in names if name in asked}
        return kept.shares[share_id]

    @app.delete("/shares/<share_id>")
    def end(share_id: str) -> Any:
        kept.shares[share_id]["state"] = "ended"
        return "", 204

    @app.get("/shares/<share_id>/accesses")
    def accesses(share_id: str) -> Any:
        opened = {"at": stamp(NOW - timedelta(hours=3)), "name": "Dr. R. Shah", "device": "Windows computer"}
        return {"accesses": [opened | {"address": "203.0.113.…"}]}

    @app.post("/share-sessions")
    def enter() -> Any:
        body = request.get_json()
        if body["password"] == "over":
            return problem(410, "share-closed")
        if len(body.get("name", "")) > NAME_MAX_CHARS:
            return problem(422, "name-malformed", errors=[{"field": "name", "slug": "name-malformed"}])
        return (
            (kept.pair("sharing", "share"), 201)
            if body["password"] == "right"
            else problem(401, "share-refused", remainingAttempts=9)
        )

    @app.post("/sessions/refresh")
    def refresh() -> Any:
        return kept.pair("sharing", "share")

    @app.delete("/sessions/current")
    def log_out() -> Any:
        return "", 204

    @app.get("/signing-keys")
    def keys() -> Any:
        return {"keys": [{"kty": "OKP", "kid": "s1"}]}

    @app.get("/me")
    def me() -> Any:
        return {"kind": "share", "name": None, "share": kept.share_grants}

    return app
