"""The second step of a log-in, and passkeys in place of a password."""

from typing import Annotated, Any, Literal

from apiflask import APIBlueprint
from flask import Response, jsonify
from pydantic import Field, RootModel

from services.chassis.idempotency import idempotent
from services.chassis.web import Answer, Ask
from services.identity.api.doors import entry, parts
from services.identity.api.tokens import TokensAnswer, tokens_answer
from services.identity.usecases import challenges, passkeys
from services.identity.usecases.factor_proofs import Proof

bp = APIBlueprint("challenges", __name__)

CHALLENGE = "{challengeId, methods, passkeyOptions?}: a second factor is set; answer at /sessions/challenges/{id}"
OPTIONS = "{challengeId, options}: what navigator.credentials.get is asked; send its answer with the challengeId"


class ChallengeAnswer(Answer):
    """What is to be answered within 10 minutes, in 5 tries."""

    challenge_id: str
    methods: list[Literal["totp", "passkey", "recovery-code"]]
    passkey_options: dict[str, Any] | None


class OptionsAnswer(Answer):
    """What a passkey is to sign."""

    challenge_id: str
    options: dict[str, Any]


class CodeAsk(Ask):
    """A code of an authenticator app, or a recovery code."""

    method: Literal["totp", "recovery-code"]
    code: str = Field(max_length=100, repr=False)


class CredentialAsk(Ask):
    """What a passkey signed (AuthenticationResponseJSON)."""

    method: Literal["passkey"]
    credential: dict[str, Any] = Field(repr=False)


class ProofAsk(RootModel[Annotated[CodeAsk | CredentialAsk, Field(discriminator="method")]]):
    """One of them."""


class PasskeySessionAsk(Ask):
    """Nothing, for a challenge; then its id and what a passkey signed."""

    challenge_id: str | None = Field(None, max_length=64)
    credential: dict[str, Any] | None = Field(None, repr=False)


def challenge_answer(asked: challenges.Asked) -> Response:
    """Give the answer to a right password where a second factor is set."""
    answer = ChallengeAnswer(**vars(asked))
    return jsonify(answer.model_dump(mode="json", by_alias=True, exclude_none=True))


@bp.post("/sessions/challenges/<challenge_id>")
@bp.input(ProofAsk, arg_name="ask")
@bp.output(TokensAnswer, status_code=201)
@idempotent
def answer_challenge(challenge_id: str, ask: ProofAsk) -> tuple[TokensAnswer, int]:
    """Finish a log-in by its second factor."""
    proof = Proof(**ask.root.model_dump())
    return tokens_answer(challenges.answer(parts(), challenge_id, proof, entry())), 201


@bp.post("/passkey-sessions")
@bp.input(PasskeySessionAsk, arg_name="ask")
@bp.output(TokensAnswer, status_code=201)
@bp.doc(responses={200: OPTIONS})
@idempotent
def log_in_by_passkey(ask: PasskeySessionAsk) -> tuple[TokensAnswer, int] | Response:
    """Log in by a passkey alone, in two calls; it must have verified its user."""
    if ask.challenge_id is None or ask.credential is None:
        asked = passkeys.begin_passkey_session(parts())
        return jsonify(OptionsAnswer(**vars(asked)).model_dump(mode="json", by_alias=True))
    tokens = passkeys.log_in_by_passkey(parts(), ask.challenge_id, ask.credential, entry())
    return tokens_answer(tokens), 201
