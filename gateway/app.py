"""The wiring of the gateway: edge and portal in one Flask app."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from apiflask import APIFlask

from gateway import portal
from gateway.edge import guards, views
from gateway.edge.context import NAME, Edge
from gateway.edge.limits import Limits
from gateway.edge.progress import ProgressBoard
from gateway.edge.signing_keys import SigningKeys
from gateway.edge.upstream import Upstream
from gateway.settings import GatewaySettings
from services.chassis import web


def create_app(settings: GatewaySettings, now: Callable[[], datetime] | None = None) -> APIFlask:
    """Give the gateway's WSGI app. *now* gives this instant, UTC; without it the settings' clock does."""
    app = web.create_app("gateway", "Patient portal", verifier=None, ready=_ready)
    app.config["MAX_CONTENT_LENGTH"] = settings.body_limit_bytes
    app.extensions[NAME] = _edge(settings, now or settings.clock().now)
    guards.guard(app)
    app.register_blueprint(views.blueprint)
    portal.add_to(app)
    return app


def _ready() -> dict[str, Any]:
    """The gateway keeps nothing, so it is ready when it answers; what a service lacks, its own calls say."""
    return {}


def _edge(settings: GatewaySettings, now: Callable[[], datetime]) -> Edge:
    upstream = Upstream(
        {
            "identity": settings.identity_url,
            "exams": settings.exams_url,
            "sharing": settings.sharing_url,
            "archiver": settings.archiver_url,
            "notifier": settings.notifier_url,
        },
        connections=settings.threads,
    )
    return Edge(
        settings=settings,
        upstream=upstream,
        limits=Limits(settings.reads_per_minute, settings.secrets_per_minute),
        progress=ProgressBoard(upstream, streams=settings.threads // 2),
        signing_keys=SigningKeys(upstream),
        now=now,
    )
