"""The archiver as the gateway sees it."""

from collections.abc import Iterator
from typing import Any

from flask import Flask, Response, request

from tests.gateway.upstreams.known import Services, new_app, problem


def archiver(kept: Services) -> Flask:  # noqa: C901 - one function a call
    app = new_app("archiver", kept)

    @app.get("/packages")
    def listed() -> Any:
        return {"packages": list(kept.packages.values())}

    @app.post("/packages")
    def ask() -> Any:
        body = request.get_json()
        if body.get("phiAcknowledged") is not True:
            return problem(422, "phi-not-acknowledged", errors=[{"field": "phiAcknowledged", "slug": "required"}])
        package = {
            "id": "p1",
            "examIds": body["examIds"],
            "format": body["format"],
            "state": "preparing",
            "progress": 0.4,
            "etaSeconds": 170,
        }
        kept.packages["p1"] = package
        return package, 202, {"Location": "/packages/p1"}

    @app.get("/packages/<package_id>")
    def one(package_id: str) -> Any:
        return kept.packages.get(package_id) or problem(404, "package-not-found")

    @app.delete("/packages/<package_id>")
    def cancel(package_id: str) -> Any:
        kept.packages[package_id]["state"] = "cancelled"
        return "", 204

    @app.put("/packages/<package_id>/notification")
    def notify(package_id: str) -> Any:
        if "@" not in request.get_json()["email"]:
            return problem(422, "email-malformed")
        if kept.packages[package_id]["state"] == "cancelled":
            return problem(410, "package-ended")
        kept.packages[package_id]["notifyEmailMasked"] = "a***@example.com"
        return "", 204

    @app.post("/packages/<package_id>/downloads")
    def ticket(package_id: str) -> Any:
        return {"url": "/api/v1/downloads/t1", "expiresIn": 60}, 201

    @app.get("/downloads/t1")
    def download() -> Any:
        name = 'attachment; filename="H26118201-MRI-of-the-brain.zip"'
        headers = {"Content-Disposition": name, "ETag": '"sha"'}
        headers |= {"Set-Cookie": "a=b"}
        asked = request.headers.get("Range")
        if asked:
            first, last = (int(part) for part in asked.removeprefix("bytes=").split("-"))
            headers["Content-Range"] = f"bytes {first}-{last}/{len(kept.file)}"
            return Response(kept.file[first : last + 1], 206, headers, content_type="application/zip")
        return Response(kept.file, 200, headers, content_type="application/zip")

    @app.get("/downloads/endless")
    def endless() -> Any:
        def pieces() -> Iterator[bytes]:
            try:
                while True:
                    yield bytes(65536)
                    kept.opened.set()
            finally:
                kept.closed.set()

        return Response(pieces(), content_type="application/zip")

    return app
