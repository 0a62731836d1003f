"""What happens around every request: a limit per address before it, security headers after it."""

import time

from flask import Flask, Response, g, request
from werkzeug.exceptions import TooManyRequests

from gateway.edge.context import client_address, edge
from gateway.edge.limits import Count
from gateway.edge.problems import problem
from gateway.edge.routes import BASE, ROUTES, Limit

UNCOUNTED = ("/static/", "/healthz", "/readyz", "/metrics")
SECRET_CALLS = frozenset(
    (method, route.rule) for route in ROUTES if route.limit == "secret" for method in route.methods
)
SECRET_PAGES = frozenset(
    {
        "/enter/icode", "/enter/account", "/enter/second-factor", "/enter/passkey", "/enter/passkey/options.json",
        "/register/1", "/register/2", "/register/3", "/register/4", "/register/4/code", "/password-reset",
        "/password-reset/code", "/user-id-reminder", "/me/icodes", "/me/email", "/me/email/code", "/me/password",
        "/me/close", "/me/second-factors/new", "/me/second-factors/confirmation", "/me/second-factors/removal",
        "/me/recovery-codes", "/s", "/staff", "/get-help", "/guest-appointment",
    }
)  # fmt: skip
"""Pages whose form tries a code or password, or has a mail sent."""

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'", "img-src 'self'", "style-src 'self'", "script-src 'self'", "connect-src 'self'",
        "manifest-src 'self'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'",
    )
)  # fmt: skip
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
STRICT_TRANSPORT = "max-age=31536000; includeSubDomains"


def guard(app: Flask) -> None:
    """Put the guards around *app*."""
    app.before_request(_count_request)
    app.after_request(_add_headers)


def is_api() -> bool:
    """Whether this request is for the public face rather than a page."""
    return request.path.startswith((f"{BASE}/", "/.well-known/"))


def _limit_of_request() -> Limit:
    rule = request.url_rule.rule if request.url_rule else ""
    is_secret = (request.method, rule) in SECRET_CALLS or (request.method == "POST" and rule in SECRET_PAGES)
    return "secret" if is_secret else "read"


def _count_request() -> Response | None:
    if request.path.startswith(UNCOUNTED):
        return None
    count: Count = edge().limits.count(_limit_of_request(), client_address(), time.time())
    g.limit_count = count
    if not count.is_over:
        return None
    if is_api():
        return problem(429, "too-many-requests", "Too many requests from this address.", count.resets_in_s)
    raise TooManyRequests(retry_after=count.resets_in_s)


def _add_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if edge().settings.public_url.startswith("https://"):
        response.headers.setdefault("Strict-Transport-Security", STRICT_TRANSPORT)
    if "limit_count" in g:
        response.headers.update(g.limit_count.headers())
    return response
