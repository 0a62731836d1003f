"""Pages for what did not work: what is so, and what to do now. No PHI in any."""

from typing import cast

from flask import Flask, Response, g, redirect, render_template, request
from werkzeug.exceptions import HTTPException

from gateway.edge.guards import is_api
from gateway.edge.upstream import UpstreamDown
from gateway.portal import calls, session
from services.chassis import log

GONE = 410
SERVER_FAULTS = 500
PAGES = {400: "expired-form", 404: "not-found", 405: "not-found", 410: "gone", 429: "too-many", 503: "resting"}
"""The page for each status; others get ``fault``."""


def page(status: int, retry_after_s: str | None = None) -> Response:
    """Give the page that explains *status*."""
    kind = PAGES.get(status, "fault" if status >= SERVER_FAULTS else "not-found")
    body = render_template("refusal.html", kind=kind, reference=g.get("request_id", ""), wait_s=retry_after_s)
    response = Response(body, status, content_type="text/html; charset=utf-8")
    if retry_after_s:
        response.headers["Retry-After"] = retry_after_s
    return response


def add_to(app: Flask) -> None:
    """Have *app*'s pages explain themselves; calls of the public face keep problem+json."""
    handlers = app.error_handler_spec[None][None]
    problem_of_http, problem_of_fault = handlers[HTTPException], handlers[Exception]

    def http(error: HTTPException) -> Response:
        if is_api():
            return app.make_response(cast(Response, problem_of_http(error)))
        wait = getattr(error, "retry_after", None)
        return page(error.code or SERVER_FAULTS, str(wait) if wait else None)

    def fault(error: Exception) -> Response:
        answer = app.make_response(cast(Response, problem_of_fault(error)))
        return answer if is_api() else page(SERVER_FAULTS)

    app.register_error_handler(HTTPException, http)
    app.register_error_handler(Exception, fault)
    app.register_error_handler(calls.SessionEnded, session_ended)
    app.register_error_handler(calls.Refused, refused)
    app.register_error_handler(UpstreamDown, down)


def session_ended(_error: calls.SessionEnded) -> Response:
    """Forget the session and lead to the way in that it came by."""
    kind = session.current().kind
    session.end()
    if wants_json():
        return Response(status=401)
    return app_redirect({"share": "/s?ended=1", "staff": "/staff?ended=1"}.get(kind or "", "/enter?ended=1"))


def app_redirect(where: str) -> Response:
    """Give a 303 to *where*, as a plain response."""
    answer = redirect(where, 303)
    return Response(answer.get_data(), answer.status_code, dict(answer.headers))


def refused(error: calls.Refused) -> Response:
    """Explain a service's refusal that its page did not expect."""
    if error.status >= SERVER_FAULTS:
        log.get().warning("service-refused", status=error.status, slug=error.slug)
    if wants_json():
        return Response(status=error.status)
    return page(error.status, error.answer.headers.get("Retry-After"))


def down(error: UpstreamDown) -> Response:
    """Say that a part rests."""
    log.get().warning("service-down", reason=error.service)
    return Response(status=503, headers={"Retry-After": "5"}) if wants_json() else page(503, "5")


def wants_json() -> bool:
    """Whether a script or picture asks, to whom a page says nothing."""
    return request.path.endswith((".jpg", ".json"))
