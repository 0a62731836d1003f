"""What every HTTP door has: problem+json for every refusal, who asks, request ids, access log, probes and metrics."""

import time
from collections.abc import Callable
from typing import Any, TypeVar, cast

import structlog
from apiflask import APIFlask, HTTPError
from flask import Flask, Response, g, jsonify, request
from flask.json.provider import DefaultJSONProvider
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails
from sqlalchemy.exc import DataError

from contracts.refusal import Refusal, RefusalKind
from contracts.tokens import StaffRole
from services.chassis import log, metrics
from services.chassis.auth import Unauthenticated, Verifier
from services.chassis.caller import Caller
from services.chassis.db import DATABASE_DOWN, new_id
from services.chassis.objects import ObjectStoreDown
from services.chassis.outbox import oldest_unsent_age_s
from services.chassis.request_body import drain
from services.chassis.wording import LANGUAGES, Language, spanish

STATUS: dict[RefusalKind, int] = {
    "malformed": 400,
    "unauthenticated": 401,
    "forbidden": 403,
    "not-found": 404,
    "conflict": 409,
    "gone": 410,
    "too-large": 413,
    "unsupported": 415,
    "invalid": 422,
    "too-many": 429,
    "unavailable": 503,
}
HTTP_PROBLEMS = {
    400: ("malformed", "Something in this request cannot be read."),
    404: ("not-found", "There is nothing here."),
    405: ("method-not-allowed", "This cannot be done here."),
    413: ("too-large", "This is too large."),
    415: ("unsupported", "This kind of content is not taken here."),
}
"""Slug and words of what no route of ours refuses."""
V = TypeVar("V")

JSON_LIMIT_BYTES = 256 * 1024
"""A JSON body is small; doors that stream set their own limit."""
PROBLEM = "application/problem+json"
BUS_LAG_S = 10
"""A message that waits longer for the bus makes a part's readiness ``degraded``, which still is ready."""


class Ask(BaseModel):
    """The body of a request: camelCase names; fields we do not know are ignored."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True, extra="ignore")


class Answer(BaseModel):
    """The body of an answer: camelCase names."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)


class _Json(DefaultJSONProvider):
    """Reads JSON as Flask does; what is nested beyond reason is malformed like any other JSON that cannot be read."""

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Give what *s* says. Raises ValueError."""
        try:
            return super().loads(s, **kwargs)
        except RecursionError as deep:
            raise ValueError("nested too deeply") from deep


class Forbidden(Refusal):
    """Raised when a caller of this kind may not make this call at all, whatever the object."""

    slug = "forbidden"
    kind = "forbidden"
    words = "This is not open to you."


def create_app(service: str, title: str, *, verifier: Verifier | None, ready: Callable[[], dict[str, Any]]) -> APIFlask:
    """Give the app of *service* without its own routes. *ready* gives the readiness facts, raising when not ready."""
    app = APIFlask(service, title=title, version="1", docs_path=None, spec_path=None, json_errors=True)
    app.config["MAX_CONTENT_LENGTH"] = JSON_LIMIT_BYTES
    app.config["AUTO_404_RESPONSE"] = False
    app.json = _Json(app)
    app.json.sort_keys = False
    app.extensions["verifier"] = verifier
    _add_problems(app)
    _add_access_log(app, service)
    _add_probes(app, verifier, ready)
    return app


def caller() -> Caller:
    """Give who makes this request. Raises Unauthenticated."""
    if "caller" not in g:
        verifier: Verifier | None = _current_app().extensions["verifier"]
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if verifier is None or scheme.lower() != "bearer" or not token:
            raise Unauthenticated
        g.caller = verifier.verify(token.strip(), client_address())
    who: Caller = g.caller
    return who


def viewer() -> Caller:
    """Give the account, I-Code or share that makes this request. Raises Unauthenticated, Forbidden."""
    who = caller()
    if not who.is_viewer:
        raise Forbidden
    return who


def staff_with(*roles: StaffRole) -> Caller:
    """Give the member of staff in one of *roles* who makes this request. Raises Unauthenticated, Forbidden."""
    who = caller()
    if not who.has_role(*roles):
        raise Forbidden
    return who


def value_or_refusal(outcome: V | Refusal) -> V:
    """Give *outcome*, raising it if it is a refusal: for use cases whose refusal leaves something to be committed."""
    if isinstance(outcome, Refusal):
        raise outcome
    return outcome


def client_address() -> str | None:
    """Give the client's address as the gateway saw it; the peer's own where there is no gateway."""
    return request.headers.get("X-Client-Address") or request.remote_addr


def asked_language() -> Language | None:
    """Give the language that the request prefers of those we speak; None when it names none."""
    return cast("Language | None", request.accept_languages.best_match(LANGUAGES))


def answer_language() -> Language:
    """Give the language that the answer speaks: the one asked for, else English."""
    return asked_language() or "en"


def _said(words: str) -> str:
    return spanish(words) if answer_language() == "es" else words


def _current_app() -> Flask:
    from flask import current_app

    return current_app._get_current_object()  # type: ignore[attr-defined,no-any-return]


def problem(status: int, slug: str, words: str = "", **members: Any) -> Response:
    """Give an RFC 9457 answer in the language asked for; *members* are added to it. It never echoes what was sent."""
    title = _said(words) or slug.replace("-", " ").capitalize()
    body = {"type": f"/problems/{slug}", "title": title, "status": status}
    response = jsonify(body | {name: value for name, value in members.items() if value is not None})
    response.status_code = status
    response.content_type = PROBLEM
    response.headers["Cache-Control"] = "no-store"
    return response


def refused(refusal: Refusal) -> Response:
    """Give the answer to a request that *refusal* refuses."""
    errors = [{"field": refusal.field, "slug": refusal.slug, "detail": _said(refusal.words)}] if refusal.field else None
    response = problem(STATUS[refusal.kind], refusal.slug, refusal.words, errors=errors, **refusal.facts)
    if refusal.kind == "unauthenticated":
        response.headers["WWW-Authenticate"] = "Bearer"
    if refusal.kind in {"too-many", "unavailable"}:
        response.headers["Retry-After"] = str(refusal.retry_after_s or 5)
    return response


def _add_problems(app: APIFlask) -> None:
    app.register_error_handler(Refusal, refused)
    for fault in (*DATABASE_DOWN, ObjectStoreDown):
        app.register_error_handler(fault, _unavailable)
    app.register_error_handler(DataError, _not_storable)
    app.register_error_handler(Exception, _unexpected)
    app.error_processor(_http_problem)


def _http_problem(error: HTTPError) -> Response:
    cause = error.__cause__
    if isinstance(cause, ValidationError):
        found = cause.errors(include_input=False, include_url=False, include_context=False)
        return problem(422, "invalid", "Some fields are missing or malformed.", errors=[_field(one) for one in found])
    slug, words = HTTP_PROBLEMS.get(error.status_code, (f"http-{error.status_code}", "This cannot be answered."))
    response = problem(error.status_code, slug, words)
    for name, value in dict(error.headers or {}).items():
        if name in {"Allow", "Retry-After"}:
            response.headers[name] = value
    return response


def _field(error: ErrorDetails) -> dict[str, str]:
    """Give what is wrong with a field: in pydantic's words where these can hold nothing of what was sent."""
    words = "This field is needed." if error["type"] == "missing" else "This is not what it should be."
    is_told = answer_language() != "es" and error["type"] not in {"missing", "value_error", "assertion_error"}
    return {
        "field": ".".join(str(part) for part in error["loc"]),
        "slug": error["type"].replace("_", "-"),
        "detail": error["msg"] if is_told else _said(words),
    }


def _unavailable(error: Exception) -> Response:
    log.get().error("unavailable", exc_info=error)
    response = problem(503, "unavailable", "This part rests for a moment. Try again.")
    response.headers["Retry-After"] = "5"
    return response


def _not_storable(error: Exception) -> Response:
    """Refuse what the database cannot even compare with, such as a NUL in a text: no id or name of ours holds it."""
    log.get().info("not-storable", exc_info=error)
    return problem(400, "malformed", "Something in this request cannot be read.")


def _unexpected(error: Exception) -> Response:
    log.get().error("unexpected", exc_info=error)
    return problem(500, "unexpected", "Something went wrong on our side.", reference=g.get("request_id"))


def _add_access_log(app: APIFlask, service: str) -> None:
    @app.before_request
    def _begin() -> None:
        sent = request.headers.get("X-Request-Id", "")
        g.request_id = sent if sent.isascii() and sent.isalnum() and len(sent) <= 64 else new_id()
        g.began = time.perf_counter()
        structlog.contextvars.bind_contextvars(correlation_id=g.request_id)

    @app.after_request
    def _end(response: Response) -> Response:
        drain(request.environ)
        route = request.url_rule.rule if request.url_rule else "none"
        seconds = time.perf_counter() - g.get("began", time.perf_counter())
        metrics.REQUESTS.labels(service, route, response.status_code).observe(seconds)
        if route not in {"/healthz", "/readyz", "/metrics"}:
            log.get().info(
                "request",
                method=request.method,
                route=route,
                status=response.status_code,
                duration_ms=round(seconds * 1e3),
            )
        response.headers.setdefault("X-Request-Id", g.get("request_id", ""))
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        structlog.contextvars.unbind_contextvars("correlation_id")
        return response


def _add_probes(app: APIFlask, verifier: Verifier | None, ready: Callable[[], dict[str, Any]]) -> None:
    @app.get("/healthz")
    @app.doc(hide=True)
    def _health() -> dict[str, str]:
        return {"status": "alive"}

    @app.get("/readyz")
    @app.doc(hide=True)
    def _ready() -> Any:
        return (_standing(verifier) if verifier else {"status": "ready"}) | ready()

    @app.get("/metrics")
    @app.doc(hide=True)
    def _metrics() -> Response:
        return Response(metrics.text(), content_type=metrics.CONTENT_TYPE)


def _standing(verifier: Verifier) -> dict[str, Any]:
    """Say ``degraded`` when the bus takes nothing: what only looks goes on, what others must hear of waits."""
    with verifier.db.read() as tx:
        waits_s = oldest_unsent_age_s(tx, verifier.clock.now())
    return {"status": "degraded" if waits_s > BUS_LAG_S else "ready", "outboxOldestSeconds": round(waits_s)}
