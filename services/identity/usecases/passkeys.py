"""Coming in by a passkey alone: it is something one has, unlocked by something one knows or is."""

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from contracts.refusal import Refusal
from services.chassis.db import Tx, new_id
from services.identity.domain.challenges import ChallengeOver
from services.identity.domain.passkeys import PasskeyRefused
from services.identity.domain.sessions import SessionOver
from services.identity.parts import Parts
from services.identity.passkey_ceremony import user_handle
from services.identity.store import accounts
from services.identity.store import challenges as store
from services.identity.usecases.challenges import count_try_at, note_refused
from services.identity.usecases.factor_proofs import signs
from services.identity.usecases.sessions import Entry, Tokens, begin_session


@dataclass(frozen=True)
class PasskeyAsked:
    """What a passkey must sign."""

    challenge_id: str
    options: dict[str, Any] = field(repr=False)
    """For ``navigator.credentials.get``."""


def begin_passkey_session(parts: Parts) -> PasskeyAsked:
    """Ask for a passkey of this portal, whoever's; its user must be verified."""
    to_sign, options = parts.passkeys.begin_proving([], verifies_user=True)
    challenge_id = new_id()
    with parts.db.begin() as tx:
        store.add_challenge(tx, id=challenge_id, account_id=None, asked=to_sign, made_at=parts.clock.now())
    return PasskeyAsked(challenge_id, options)


def log_in_by_passkey(parts: Parts, challenge_id: str, credential: dict[str, Any], entry: Entry) -> Tokens:
    """Begin a session of the account whose passkey answers. Raises ChallengeOver, PasskeyRefused."""
    with parts.db.begin() as tx:
        if count_try_at(tx, challenge_id, parts.clock.now()).account_id is not None:
            raise ChallengeOver
    with parts.db.begin() as tx:
        outcome = _settle(tx, parts, challenge_id, credential, entry)
    if isinstance(outcome, Refusal):
        raise outcome
    return outcome


def _settle(tx: Tx, parts: Parts, challenge_id: str, credential: dict[str, Any], entry: Entry) -> Tokens | Refusal:
    now, challenge = parts.clock.now(), store.lock_challenge(tx, challenge_id)
    if challenge is None or challenge.ended_at is not None:
        return ChallengeOver()
    account_id = user_handle(credential) or ""
    holder = f"account:{account_id}" if accounts.lock_account(tx, account_id) else None
    if holder and signs(tx, parts, account_id, challenge.asked, credential, now, verifies_user=True):
        challenge.ended_at = now
        with suppress(SessionOver):  # frozen or closed: as any other
            return begin_session(tx, parts, holder, entry, now)
    note_refused(tx, holder, PasskeyRefused.slug, entry, now)
    return PasskeyRefused()
