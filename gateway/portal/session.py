"""The portal's session: all of it in a sealed cookie; the gateway keeps none.

It ends after 15 idle minutes and after 12 hours, whatever the issuer says. A background request (a picture, a poll)
is no sign of life.
"""

import secrets
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import timedelta
from typing import Any

from flask import Flask, Request, Response, g, request

from contracts.tokens import Kind
from gateway.edge.context import edge
from gateway.portal.sealed import Seal

IDLE = timedelta(minutes=15)
LONGEST = timedelta(hours=12)
TOUCH_S = 30
"""The cookie is written anew for a sign of life at most this often."""
THEMES = ("light", "dark")
"""Those that an account may prefer to the device's."""
PIECE_CHARS = 3600
MAX_PIECES = 2
"""A browser keeps about 4 KB a cookie and a server reads 8 KB of them; a share of very many exams needs two pieces."""


@dataclass(frozen=True)
class Session:
    """Who is logged in here, and the secret behind the tokens of this browser's forms. Times: seconds since 1970."""

    csrf_key: str
    access: str = ""
    refresh: str = ""
    access_until: int = 0
    kind: Kind | None = None
    name: str = ""
    started_at: int = 0
    seen_at: int = 0
    after: str = ""
    """The page asked for before logging in."""
    theme: str = ""
    """``light`` or ``dark`` where the account prefers one; else the device's."""
    may_open_account: bool = True
    """False for a minor's I-Code: no account is offered then."""
    roles: list[str] = field(default_factory=list)
    """A member of staff's roles, for what the menu offers; what they may do is for the services to say."""
    under_way: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What takes several pages (a registration, a second step, a new password), by name; see ``keep``."""

    @property
    def is_logged_in(self) -> bool:
        """Whether there are tokens; whether they still open anything is for the services to say."""
        return bool(self.access)


def current() -> Session:
    """Give this request's session; an empty one, with a new secret, for a browser that has none."""
    if "session" not in g:
        g.session_before = _read(request)
        g.session = g.session_before or Session(csrf_key=secrets.token_urlsafe(24))
    session: Session = g.session
    return session


def now_s() -> int:
    """Give this instant in whole seconds since 1970."""
    return int(edge().now().timestamp())


def change(**facts: Any) -> Session:
    """Change this request's session; the cookie goes out with the answer."""
    g.session = replace(current(), **facts)
    session: Session = g.session
    return session


def keep(name: str, facts: dict[str, Any]) -> None:
    """Keep *facts* for the next page of what is done in several, such as ``registration``."""
    change(under_way=current().under_way | {name: facts})


def kept(name: str) -> dict[str, Any]:
    """Give what was kept under *name*; empty for nothing."""
    return current().under_way.get(name, {})


def forget(name: str) -> None:
    """Keep nothing more under *name*."""
    change(under_way={other: facts for other, facts in current().under_way.items() if other != name})


def start(answer: Any, kind: Kind) -> Session:
    """Begin a logged-in session from an issuer's ``{accessToken, refreshToken, expiresIn}``, under a new secret."""
    now = now_s()
    current()
    g.session = Session(csrf_key=secrets.token_urlsafe(24), kind=kind, started_at=now, seen_at=now)
    return renew(answer)


def renew(answer: Any) -> Session:
    """Put a new pair of tokens into the session."""
    return change(
        access=str(answer["accessToken"]),
        refresh=str(answer.get("refreshToken") or current().refresh),
        access_until=now_s() + int(answer.get("expiresIn") or 0),
    )


def end() -> None:
    """Forget the session; the browser is told to forget it too."""
    current()
    g.session = Session(csrf_key=secrets.token_urlsafe(24))


def touch() -> None:
    """Note a sign of life, if the last one noted is a while ago."""
    if current().is_logged_in and now_s() - current().seen_at >= TOUCH_S:
        change(seen_at=now_s())


def is_over(session: Session, now: int) -> bool:
    """Whether *session* ended by idleness or age; *now* in seconds since 1970."""
    is_idle = now - session.seen_at >= IDLE.total_seconds()
    return session.is_logged_in and (is_idle or now - session.started_at >= LONGEST.total_seconds())


def add_to(app: Flask) -> None:
    """Have every answer of *app* carry the session where it changed."""
    app.after_request(_write)


def _seal() -> Seal:
    return Seal(edge().settings.cookie_key.get_secret_value())


def cookie_name() -> str:
    """Give ``__Host-portal`` where the portal is reached by https, else ``portal``."""
    return "__Host-portal" if edge().settings.public_url.startswith("https://") else "portal"


def _piece_name(number: int) -> str:
    return cookie_name() + (f"-{number}" if number else "")


def _read(incoming: Request) -> Session | None:
    pieces = [incoming.cookies.get(_piece_name(number), "") for number in range(MAX_PIECES)]
    facts = _seal().open("".join(pieces), cookie_name()) if pieces[0] else None
    if facts is None:
        return None
    known = {one.name for one in fields(Session)}
    session = Session(**{name: value for name, value in facts.items() if name in known})
    g.session_over = session.kind if is_over(session, now_s()) else None
    return Session(csrf_key=session.csrf_key, after=session.after) if g.session_over else session


def over() -> Kind | None:
    """Give whose session the browser came with where it had ended by itself; None where it had not."""
    current()
    kind: Kind | None = g.get("session_over")
    return kind


def _write(response: Response) -> Response:
    if "session" not in g or g.session == g.session_before:
        return response
    sealed = _seal().close(asdict(g.session), cookie_name())
    pieces = [sealed[at : at + PIECE_CHARS] for at in range(0, len(sealed), PIECE_CHARS)]
    if len(pieces) > MAX_PIECES:
        raise ValueError("the session does not fit into the browser's cookies")
    for number in range(MAX_PIECES):
        _write_piece(response, number, pieces[number] if number < len(pieces) else "")
    return response


def _write_piece(response: Response, number: int, value: str) -> None:
    is_secure = cookie_name().startswith("__Host-")
    name = _piece_name(number)
    if value:
        response.set_cookie(name, value, secure=is_secure, httponly=True, samesite="Lax", path="/")
    elif name in request.cookies:
        response.delete_cookie(name, secure=is_secure, httponly=True, samesite="Lax", path="/")
