"""The notifier as the gateway sees it."""

from typing import Any

from flask import Flask, request

from tests.gateway.upstreams.known import Services, new_app, problem

SWITCHABLE = ("images-available", "new-login", "report-available", "share-opened")


def notifier(kept: Services) -> Flask:
    app = new_app("notifier", kept)

    @app.get("/me/messages")
    def switches() -> Any:
        messages = [{"template": name, "isWanted": name not in kept.unwanted} for name in SWITCHABLE]
        return {"messages": messages, "isAddressRefused": kept.is_address_refused}

    @app.patch("/me/messages")
    def switch() -> Any:
        kept.unwanted = set(request.get_json()["unwanted"])
        return switches()

    @app.get("/unsubscriptions/<token>")
    def find(token: str) -> Any:
        if token != "right":
            return problem(404, "unsubscription-unknown")
        return {"template": "report-available", "isWanted": "report-available" not in kept.unwanted}

    @app.put("/unsubscriptions/<token>")
    def unsubscribe(token: str) -> Any:
        if token == "right":
            kept.unwanted = set() if request.get_json()["isWanted"] else {"report-available"}
        return find(token)

    return app
