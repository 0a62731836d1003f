"""The recipient's door: the password, refreshing, logging out, and who one is. And the public keys of this issuer."""

from typing import Any

from apiflask import APIBlueprint
from flask import request

from services.chassis.auth import find_jwks
from services.chassis.caller import Caller
from services.chassis.idempotency import idempotent
from services.chassis.web import Forbidden, caller, client_address, value_or_refusal
from services.sharing.api.bodies import (
    OpenBody,
    RefreshBody,
    SigningKeysAnswer,
    TokensAnswer,
    ViewerAnswer,
    viewer_answer,
)
from services.sharing.api.shares import parts
from services.sharing.usecases import opening, sessions

bp = APIBlueprint("sessions", __name__)


def recipient() -> Caller:
    """Give the recipient that makes this request. Raises Unauthenticated, Forbidden."""
    who = caller()
    if who.kind != "share":
        raise Forbidden
    return who


@bp.post("/share-sessions")
@bp.input(OpenBody, arg_name="body")
@bp.output(TokensAnswer, status_code=201)
@idempotent
def open_link(body: OpenBody) -> Any:
    """Open a link by its password (S58); nothing is said before, not even whether the link exists."""
    ask = opening.OpenAsk(body.token, body.password, body.name, request.headers.get("User-Agent"), client_address())
    return _tokens(opening.open_link(parts(), ask)), 201  # said here too: @idempotent keeps it


@bp.post("/sessions/refresh")
@bp.input(RefreshBody, arg_name="body")
@bp.output(TokensAnswer)
def renew(body: RefreshBody) -> Any:
    """Give new tokens with what is granted now."""
    with parts().db.begin() as tx:
        outcome = sessions.renew(tx, parts(), body.refresh_token, parts().clock.now())
    return _tokens(value_or_refusal(outcome))


@bp.delete("/sessions/current")
def log_out() -> Any:
    """End this session."""
    who = recipient()
    with parts().db.begin() as tx:
        sessions.log_out(tx, who, parts().clock.now())
    return "", 204


@bp.get("/me")
@bp.output(ViewerAnswer)
def me() -> Any:
    """Say what this recipient may do, and until when."""
    who = recipient()
    with parts().db.read() as tx:
        return viewer_answer(sessions.find_own(tx, who))


@bp.get("/signing-keys")
@bp.output(SigningKeysAnswer)
def signing_keys() -> Any:
    """Give the public keys of this issuer."""
    with parts().db.read() as tx:
        return SigningKeysAnswer(keys=find_jwks(tx, "sharing", parts().clock.now()))


def _tokens(opened: sessions.Opened) -> TokensAnswer:
    return TokensAnswer(
        access_token=opened.access_token,
        refresh_token=opened.refresh_token,
        expires_in=opened.expires_in_s,
        viewer=viewer_answer(opened.share),
    )
