"""What every request of the edge and the portal may use; wired once in ``app.py``."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flask import current_app, g, request

from gateway.edge.client_address import find_client_address
from gateway.edge.headers import told
from gateway.edge.limits import Limits
from gateway.edge.progress import ProgressBoard
from gateway.edge.signing_keys import SigningKeys
from gateway.edge.upstream import Upstream
from gateway.settings import GatewaySettings

NAME = "portal-edge"


@dataclass(frozen=True)
class Edge:
    """The gateway's parts. ``now`` gives this instant, UTC."""

    settings: GatewaySettings
    upstream: Upstream
    limits: Limits
    progress: ProgressBoard
    signing_keys: SigningKeys
    now: Callable[[], datetime]


def edge() -> Edge:
    """Give the parts of the app that answers this request."""
    parts: Edge = current_app.extensions[NAME]
    return parts


def client_address() -> str:
    """Give the caller's address, past trusted proxies."""
    if "client_address" not in g:
        g.client_address = find_client_address(
            request.remote_addr, request.headers.get("X-Forwarded-For"), edge().settings.trusted_proxies
        )
    address: str = g.client_address
    return address


def caller_headers(bearer: str | None) -> dict[str, str]:
    """Give the headers with which the gateway itself asks a service in this request, for the holder of *bearer*."""
    headers = told(g.request_id, client_address())
    if bearer:
        headers["Authorization"] = f"Bearer {bearer}"
    return headers
