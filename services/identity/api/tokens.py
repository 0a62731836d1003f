"""The answer of every log-in and refresh."""

from datetime import date

from pydantic import Field

from services.chassis.web import Answer
from services.identity.usecases.sessions import Tokens


class VisitAnswer(Answer):
    """A visit that an I-Code opens; *day* is its day at the location."""

    id: str
    day: date | None = Field(serialization_alias="date")
    location_id: str


class ViewerAnswer(Answer):
    """Who came in; null what its kind has not (a member of staff's *locations*: all)."""

    kind: str
    user_id: str | None = None
    visits: list[VisitAnswer] | None = None
    roles: list[str] | None = None
    locations: list[str] | None = None


class TokensAnswer(Answer):
    """An access token for *expires_in* seconds, and the refresh token for the next."""

    access_token: str
    refresh_token: str
    expires_in: int
    viewer: ViewerAnswer


def tokens_answer(tokens: Tokens) -> TokensAnswer:
    """Give the answer for *tokens*."""
    viewer = tokens.viewer
    is_staff = viewer.kind == "staff"
    visits = [VisitAnswer(id=one.id, day=one.day, location_id=one.location_id) for one in viewer.visits]
    return TokensAnswer(
        access_token=tokens.access_token,
        refresh_token=tokens.refresh_token,
        expires_in=tokens.expires_in_s,
        viewer=ViewerAnswer(
            kind=viewer.kind,
            user_id=viewer.user_id,
            visits=visits if viewer.kind == "icode" else None,
            roles=viewer.roles if is_staff else None,
            locations=viewer.locations if is_staff else None,
        ),
    )
