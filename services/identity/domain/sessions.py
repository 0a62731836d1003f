"""How long sessions last (rules: Accounts), and why nobody gets in."""

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from contracts.refusal import Refusal, RefusalKind
from contracts.tokens import ACCESS_LIFETIME, Kind

WEB_IDLE = timedelta(minutes=15) + ACCESS_LIFETIME
"""The gateway ends a web session after exactly 15 idle minutes; it refreshes only as an access token runs out, so what
is seen here may lie that much behind."""
HALF_A_DAY = timedelta(hours=12)


class WrongCredentials(Refusal):
    """Raised when nobody logs in by what was sent; the same for every cause."""

    slug = "wrong-credentials"
    kind: ClassVar[RefusalKind] = "unauthenticated"
    words = "User ID and password do not fit."


class SessionOver(Refusal):
    """Raised when a refresh token gives nothing: unknown, used before, idle too long, ended."""

    slug = "session-over"
    kind: ClassVar[RefusalKind] = "unauthenticated"
    words = "Log in again."


@dataclass(frozen=True)
class Lasting:
    """How long a session lasts: *absolute* from its start, *idle* since its last refresh."""

    idle: timedelta
    absolute: timedelta


def lasting(kind: Kind, *, is_web: bool) -> Lasting:
    """Give how long a session of *kind* lasts; *is_web*: the gateway's own portal made it."""
    if kind == "icode":
        return Lasting(HALF_A_DAY, HALF_A_DAY)
    if is_web:
        return Lasting(WEB_IDLE, HALF_A_DAY)
    if kind == "staff":
        return Lasting(timedelta(hours=1), HALF_A_DAY)
    return Lasting(timedelta(hours=24), timedelta(days=30))
