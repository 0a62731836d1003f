"""Who may open a page, and what every signed-in answer carries."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Response, abort, current_app, make_response, request

from contracts.tokens import Kind
from gateway.portal import session
from gateway.portal.refusals import app_redirect, wants_json

PATIENTS: tuple[Kind, ...] = ("account", "icode")
VIEWERS: tuple[Kind, ...] = ("account", "icode", "share")
RECIPIENTS: tuple[Kind, ...] = ("share",)
STAFF: tuple[Kind, ...] = ("staff",)
View = Callable[..., Any]
KINDS = "kinds"
"""Under this name a view says whose page it is."""


def meant_for(*kinds: Kind) -> Callable[[View], View]:
    """Note that a page is for logged-in callers of *kinds*; this alone keeps nobody out."""

    def note(view: View) -> View:
        vars(view)[KINDS] = kinds
        return view

    return note


def way_in() -> Response | None:
    """Give the way in to a page for those logged in, to a browser whose session is gone; None for all others."""
    kinds = getattr(current_app.view_functions.get(request.endpoint or ""), KINDS, ())
    return _to_way_in(kinds, wants_json(), is_gone=True) if kinds and not session.current().is_logged_in else None


def open_to(*kinds: Kind, is_background: bool = False) -> Callable[[View], View]:
    """Let only logged-in callers of *kinds* in; others are led to the way in and come back here after it.

    A background answer (a picture, a poll) is no sign of life.
    """

    def wrap(view: View) -> View:
        @meant_for(*kinds)
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Response:
            who = session.current()
            if not who.is_logged_in:
                return _to_way_in(kinds, is_background)
            if who.kind not in kinds:
                abort(404)
            if not is_background:
                session.touch()
            answer = make_response(view(*args, **kwargs))
            answer.headers["Cache-Control"] = "no-store"
            return answer

        return guarded

    return wrap


def _to_way_in(kinds: tuple[Kind, ...], is_background: bool, *, is_gone: bool = False) -> Response:
    if is_background:
        return Response(status=401)
    over = session.over()
    ended = "?ended=1" if over or is_gone else ""
    if kinds == STAFF:
        return app_redirect(f"/staff{ended}")
    if kinds == RECIPIENTS or ("share" in kinds and over == "share"):
        return app_redirect(f"/s{ended}")
    if request.method == "GET":
        session.change(after=request.full_path.rstrip("?"))
    return app_redirect(f"/enter{ended}")
