"""How a page asks the services: as the caller, by the edge's own connections, with tokens renewed in time."""

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from flask import Response, current_app, g, request
from urllib3 import BaseHTTPResponse

from gateway.edge import issuers
from gateway.edge.context import caller_headers, edge
from gateway.edge.routes import Service
from gateway.edge.upstream import Answer, decoded, pour, segment_of
from gateway.portal import session, words

RENEW_BEFORE_S = 45
"""An access token is renewed this long before its end, so that no page meets it expired."""
WEB_MARK = {"X-Portal-Web": "1"}
"""Marks a browser's session to its issuer; the edge takes it from every other request."""
REMEMBER_S = 30.0
"""As long as an issuer gives the same successor for a refresh token just replaced (design/api.md)."""
DEVICE_COOKIE = "device"
UNAUTHORIZED = 401
TOKEN_REFUSED = ("unauthenticated", "")
"""The slugs of a 401 that is about the token; other slugs are about what was typed."""
RENEWALS = "portal-renewals"
PASSED_ON = ("Content-Type", "Content-Length", "Content-Disposition")


class SessionEnded(Exception):
    """Raised when the caller's tokens open nothing any more: they must come in again."""


class Refused(Exception):
    """Raised when a service refuses; ``answer`` is its problem+json."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.slug)
        self.answer = answer

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.answer.status

    @property
    def slug(self) -> str:
        """The refusal's slug."""
        return self.answer.slug

    @property
    def facts(self) -> dict[str, Any]:
        """The problem's members."""
        return self.answer.body if isinstance(self.answer.body, dict) else {}


def at(pattern: str, *segments: str) -> str:
    """Give a path with *segments* quoted into its ``{}``: ``at("/exams/{}/report", exam_id)``."""
    return pattern.format(*(segment_of(segment) for segment in segments))


def ask(service: Service, method: str, path: str, body: dict[str, Any] | None = None, idempotency_key: str = "") -> Any:
    """Ask *service* as the caller and give the decoded answer. Raises Refused, SessionEnded, UpstreamDown."""
    more = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
    return decode(as_caller(lambda headers: edge().upstream.ask(service, method, path, headers | more, body)))


def ask_as_nobody(service: Service, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """Ask *service* without a token, for entering. Marks the web's log-in, whose sessions idle out after 15 minutes."""
    headers = _headers(None) | WEB_MARK | {"X-Portal-Device": device_name()}
    return decode(edge().upstream.ask(service, method, path, headers, body))


def device_name() -> str:
    """Give the name by which an account knows this browser again; it says nothing of who may come in."""
    if "device_name" not in g:
        g.device_name = request.cookies.get(DEVICE_COOKIE) or secrets.token_urlsafe(16)
    name: str = g.device_name
    return name


def _headers(bearer: str | None) -> dict[str, str]:
    """Give the headers of a page's own calls: the browser and its language are told on."""
    told = {"Accept-Language": words.language(), "User-Agent": request.headers.get("User-Agent", "")}
    return caller_headers(bearer) | told


def decode(answer: Answer) -> Any:
    """Give the answer's JSON. Raises Refused."""
    if not answer.is_ok:
        raise Refused(answer)
    return answer.body


def as_caller(send: Callable[[dict[str, str]], Answer]) -> Answer:
    """Send with the caller's token, renewed first when it is about to end and once more when it was refused."""
    if session.current().access_until - session.now_s() < RENEW_BEFORE_S:
        renew()
    answer = send(_headers(session.current().access))
    if not _is_token_refused(answer):
        return answer
    renew()
    answer = send(_headers(session.current().access))
    if _is_token_refused(answer):
        raise SessionEnded
    return answer


def _is_token_refused(answer: Answer) -> bool:
    """Whether it is the token that opens nothing, and not a code or password that was sent along."""
    return answer.status == UNAUTHORIZED and answer.slug in TOKEN_REFUSED


def pass_on(service: Service, path: str) -> Response:
    """Give *service*'s answer to the caller's GET as a stream that no cache keeps. Raises as ``ask`` does."""
    answer = _open(service, path)
    if answer.status == UNAUTHORIZED:
        answer.close()
        renew()
        answer = _open(service, path)
    if answer.status >= 400:
        raw = answer.read(decode_content=True)
        answer.close()
        if answer.status == UNAUTHORIZED:
            raise SessionEnded
        raise Refused(Answer(answer.status, answer.headers, decoded(answer.headers.get("Content-Type"), raw)))
    kept = {name: answer.headers[name] for name in PASSED_ON if name in answer.headers}
    response = Response(pour(answer), 200, kept, direct_passthrough=True)
    response.call_on_close(answer.close)
    return response


def _open(service: Service, path: str) -> BaseHTTPResponse:
    if session.current().access_until - session.now_s() < RENEW_BEFORE_S:
        renew()
    return edge().upstream.open(service, "GET", path, _headers(session.current().access))


def renew() -> None:
    """Replace the session's tokens by the refresh token's successors. Raises SessionEnded."""
    refresh = session.current().refresh
    issuer = issuers.issuer_of_refresh(refresh)
    if issuer is None:
        raise SessionEnded
    renewals: Renewals = current_app.extensions[RENEWALS]
    pair = renewals.pair_of(refresh, lambda: _ask_for_successors(issuer, refresh))
    if pair is None:
        raise SessionEnded
    session.renew(pair)


def _ask_for_successors(issuer: Service, refresh: str) -> dict[str, Any] | None:
    headers = _headers(None) | WEB_MARK
    answer = edge().upstream.ask(issuer, "POST", "/sessions/refresh", headers, {"refreshToken": refresh})
    if answer.is_ok:
        return dict(answer.body)
    if answer.status >= 500:
        raise Refused(answer)
    return None


@dataclass
class _Renewal:
    lock: threading.Lock = field(default_factory=threading.Lock)
    pair: dict[str, Any] | None = None
    at_s: float = 0.0
    waiting: int = 0


class Renewals:
    """Renews a refresh token once however many requests of one page want it at the same time."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._by_hash: dict[bytes, _Renewal] = {}
        self._lock = threading.Lock()
        self._monotonic = monotonic

    def pair_of(self, refresh: str, get: Callable[[], dict[str, Any] | None]) -> dict[str, Any] | None:
        """Give *refresh*'s successors: those of half a minute ago at most, else from *get*."""
        with self._renewal(sha256(refresh.encode()).digest()) as renewal, renewal.lock:
            if renewal.pair is None:
                renewal.pair = get()
                renewal.at_s = self._monotonic()
            return renewal.pair

    @contextmanager
    def _renewal(self, key: bytes) -> Iterator[_Renewal]:
        with self._lock:
            self._forget_old()
            renewal = self._by_hash.setdefault(key, _Renewal())
            renewal.waiting += 1
        try:
            yield renewal
        finally:
            with self._lock:
                renewal.waiting -= 1

    def _forget_old(self) -> None:
        now = self._monotonic()
        old = [
            key
            for key, renewal in self._by_hash.items()
            if not renewal.waiting and (renewal.pair is None or now - renewal.at_s >= REMEMBER_S)
        ]
        for key in old:
            del self._by_hash[key]
