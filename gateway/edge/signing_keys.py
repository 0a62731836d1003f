"""The issuers' public keys, gathered for ``/.well-known/jwks.json``."""

import threading
from collections.abc import Mapping
from typing import Any

from contracts.access import Issuer
from contracts.tokens import REFRESH_PREFIX
from gateway.edge.upstream import Upstream, UpstreamDown

FRESH_S = 60.0


class SigningKeys:
    """Keys by issuer, asked for again after a minute; an issuer that is down keeps those it had."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._keys: dict[Issuer, list[dict[str, Any]]] = {}
        self._asked_at = float("-inf")
        self._lock = threading.Lock()

    def jwks(self, headers: Mapping[str, str], now_s: float) -> dict[str, Any]:
        """Give ``{"keys": […]}`` (RFC 7517); *now_s* is a monotonic clock's time."""
        with self._lock:
            if now_s - self._asked_at >= FRESH_S:
                self._ask(headers)
                self._asked_at = now_s
            return {"keys": [key for keys in self._keys.values() for key in keys]}

    def _ask(self, headers: Mapping[str, str]) -> None:
        for issuer in REFRESH_PREFIX:
            try:
                answer = self._upstream.ask(issuer, "GET", "/signing-keys", headers)
            except UpstreamDown:
                continue
            if answer.is_ok and isinstance(answer.body, dict):
                self._keys[issuer] = list(answer.body.get("keys", []))
