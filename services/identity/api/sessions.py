"""Logging in, refreshing, logging out; the public signing keys."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response
from pydantic import Field

from services.chassis.idempotency import idempotent
from services.chassis.web import Ask, caller
from services.identity.api.challenges import CHALLENGE, challenge_answer
from services.identity.api.doors import entry, parts
from services.identity.api.tokens import TokensAnswer, tokens_answer
from services.identity.usecases import sessions
from services.identity.usecases.challenges import Asked, log_in_account
from services.identity.usecases.passwords import Credentials
from services.identity.usecases.staff import log_in_staff

bp = APIBlueprint("sessions", __name__)


class CredentialsAsk(Ask):
    """User ID and password."""

    user_id: str = Field(max_length=200)
    password: str = Field(max_length=1000, repr=False)


class RefreshAsk(Ask):
    """The newest refresh token."""

    refresh_token: str = Field(max_length=200, repr=False)


@bp.post("/sessions")
@bp.input(CredentialsAsk, arg_name="ask")
@bp.output(TokensAnswer, status_code=201)
@bp.doc(responses={200: CHALLENGE})
@idempotent
def log_in(ask: CredentialsAsk) -> tuple[TokensAnswer, int] | Response:
    """Log in with an account; where a second factor is set, the answer is a challenge."""
    came_in = log_in_account(parts(), Credentials(ask.user_id, ask.password), entry())
    if isinstance(came_in, Asked):
        return challenge_answer(came_in)
    return tokens_answer(came_in), 201  # said here too: @idempotent keeps it


@bp.post("/staff/sessions")
@bp.input(CredentialsAsk, arg_name="ask")
@bp.output(TokensAnswer, status_code=201)
@idempotent
def log_in_as_staff(ask: CredentialsAsk) -> tuple[TokensAnswer, int]:
    """Log in as a member of staff."""
    answer = tokens_answer(log_in_staff(parts(), Credentials(ask.user_id, ask.password), entry()))
    return answer, 201  # said here too: @idempotent keeps it


@bp.post("/sessions/refresh")
@bp.input(RefreshAsk, arg_name="ask")
@bp.output(TokensAnswer)
def refresh(ask: RefreshAsk) -> TokensAnswer:
    """Get a new pair; the token just replaced gives the same successor for 30 seconds."""
    return tokens_answer(sessions.refresh_session(parts(), ask.refresh_token))


@bp.delete("/sessions/current")
def log_out() -> tuple[str, int]:
    """Log out here."""
    who = caller()
    with parts().db.begin() as tx:
        sessions.log_out(tx, who, parts().clock.now())
    return "", 204


@bp.delete("/sessions")
def log_out_everywhere() -> tuple[str, int]:
    """Log out on every device."""
    who = caller()
    with parts().db.begin() as tx:
        sessions.log_out_everywhere(tx, who, parts().clock.now())
    return "", 204


@bp.get("/signing-keys")
def signing_keys() -> dict[str, Any]:
    """Give identity's public keys (RFC 8037)."""
    with parts().db.read() as tx:
        return {"keys": sessions.find_signing_keys(tx, parts().clock.now())}
