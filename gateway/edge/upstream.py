"""The services behind the gateway, over pooled connections: forwarded as a stream, or asked for JSON by the portal.

No redirect is followed, no environment proxy is used, nothing is decoded on the way.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import urllib3

from gateway.edge.routes import Service

CHUNK_BYTES = 512 * 1024
CONNECT_TIMEOUT_S = 3.0
READ_TIMEOUT_S = 60.0
"""Between two chunks, not for the whole answer."""
BUSY_RETRY_S = 5
READING = frozenset({"GET", "HEAD"})


class UpstreamDown(Exception):
    """Raised when a service cannot be reached or breaks off before its answer; ``service`` names it."""

    def __init__(self, service: Service) -> None:
        super().__init__(service)
        self.service = service


@dataclass(frozen=True)
class Answer:
    """A service's whole answer, when it was asked for JSON."""

    status: int
    headers: Mapping[str, str]
    body: Any
    """Decoded JSON; None for an empty or other body."""
    raw: bytes = field(repr=False, default=b"")

    @property
    def is_ok(self) -> bool:
        """Whether the service did what it was asked."""
        return 200 <= self.status < 300

    @property
    def slug(self) -> str:
        """The refusal's slug (the end of problem+json's ``type``); empty when there is none."""
        kind = self.body.get("type", "") if isinstance(self.body, dict) else ""
        return str(kind).rstrip("/").rsplit("/", 1)[-1].rsplit(":", 1)[-1]


class Upstream:
    """Connections to the services; one for the whole gateway, used by all its threads.

    Only reading uses connections again: a service may close an idle one just as a request is sent on it, and what
    changes something is not to be sent twice.
    """

    def __init__(self, addresses: Mapping[Service, str], connections: int = 32) -> None:
        """*addresses*: each service's base address without a slash at the end."""
        self._addresses = {name: address.rstrip("/") for name, address in addresses.items()}
        self._kept = _pool(len(self._addresses), connections)
        self._fresh = _pool(len(self._addresses), 1)

    def open(
        self, service: Service, method: str, path: str, headers: Mapping[str, str], body: Any = None
    ) -> urllib3.BaseHTTPResponse:
        """Send a request and give the answer with its body still to be read. Raises UpstreamDown.

        *path* holds the query. Whoever calls reads the body with ``pour`` and closes the answer.
        """
        try:
            if method in READING:
                with suppress(urllib3.exceptions.ProtocolError):  # the connection kept was closed: once more
                    return self._send(self._kept, service, method, path, headers, body)
            return self._send(self._fresh, service, method, path, {**headers, "Connection": "close"}, body)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise UpstreamDown(service) from error

    def _send(
        self, pool: urllib3.PoolManager, service: Service, method: str, path: str, headers: Mapping[str, str], body: Any
    ) -> urllib3.BaseHTTPResponse:
        return pool.request(
            method,
            self._addresses[service] + path,
            headers=dict(headers),
            body=body,
            preload_content=False,
            decode_content=False,
            redirect=False,
        )

    def ask(
        self,
        service: Service,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: Mapping[str, Any] | None = None,
    ) -> Answer:
        """Send *body* as JSON and give the whole answer. Raises UpstreamDown."""
        sent = {**headers, "Accept": "application/json, application/problem+json"}
        data = None
        if body is not None:
            sent["Content-Type"] = "application/json"
            data = json.dumps(body).encode()
        response = self.open(service, method, path, sent, data)
        try:
            raw = response.read(decode_content=True)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            response.close()
            raise UpstreamDown(service) from error
        response.release_conn()
        return Answer(response.status, response.headers, decoded(response.headers.get("Content-Type"), raw), raw)


def segment_of(value: str) -> str:
    """Give *value* quoted to be one segment of a path, ``.`` and ``..`` too: none can climb out of its place."""
    quoted = quote(value, safe="")
    return quoted.replace(".", "%2E") if quoted in {".", ".."} else quoted


def _pool(services: int, connections: int) -> urllib3.PoolManager:
    timeout = urllib3.Timeout(connect=CONNECT_TIMEOUT_S, read=READ_TIMEOUT_S)
    return urllib3.PoolManager(services or 1, maxsize=connections, block=False, retries=False, timeout=timeout)


def decoded(content_type: str | None, raw: bytes) -> Any:
    """Give a body's JSON; None for an empty, other or broken one."""
    if not raw or "json" not in (content_type or ""):
        return None
    try:
        return json.loads(raw)
    except ValueError:
        return None


def pour(response: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    """Give the body in chunks as they come. Close *response* when the client is served or gone."""
    while chunk := response.read1(CHUNK_BYTES):
        yield chunk
