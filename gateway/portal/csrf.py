"""Forms are believed only from our own pages: where the browser says they come from, and a token per form.

The token is made from a secret in the sealed session and the address that the form posts to, so one form's token
opens no other form.
"""

import hmac
from hashlib import sha256
from urllib.parse import urlsplit

from flask import Flask, Response, abort, request
from markupsafe import Markup

from gateway.edge.context import edge
from gateway.edge.routes import BASE
from gateway.portal import gates, session

FIELD = "csrf"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
FREE = (f"{BASE}/", "/unsubscribe/")
"""Below these no form's token is asked for: a call brings its own, and so does the address to unsubscribe by."""


def token_for(action: str) -> str:
    """Give the token of the form that posts to *action* (a path)."""
    secret = session.current().csrf_key
    return hmac.new(secret.encode(), action.encode(), sha256).hexdigest()


def field_for(action: str) -> Markup:
    """Give the hidden field of the form that posts to *action*, and have the session's cookie sent."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, token_for(action))


def is_from_here() -> bool:
    """Whether the browser says that this request comes from our own pages, or says nothing."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = request.headers.get("Origin")
    own = {request.host, urlsplit(edge().settings.public_url).netloc}
    return origin is None or urlsplit(origin).netloc in own


def check() -> Response | None:
    """Refuse (400) a form that did not come from its page; lead to the way in where its session is gone."""
    if request.method in SAFE_METHODS or request.path.startswith(FREE):
        return None
    if not is_from_here():
        abort(400, "form-refused")
    sent = request.form.get(FIELD, "").encode(errors="replace")
    if hmac.compare_digest(sent, token_for(request.path).encode()):
        return None
    return gates.way_in() or abort(400, "form-refused")


def add_to(app: Flask) -> None:
    """Have every form that posts to *app*'s pages checked."""
    app.before_request(check)
    app.jinja_env.globals.update(csrf=field_for, csrf_token=token_for)
