"""The second step of a log-in: asking for it and taking its answer, each try counted before it is looked at."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from contracts.refusal import Refusal
from services.chassis import audit
from services.chassis.db import Tx, new_id
from services.chassis.metrics import REFUSED_ENTRIES
from services.identity.domain.accounts import account_id_of, may_stand_alone
from services.identity.domain.challenges import (
    SECOND_FACTOR_LIMITS,
    ChallengeOver,
    Method,
    SecondFactorWrong,
    check_may_answer,
)
from services.identity.domain.passwords import PasswordResetNeeded
from services.identity.domain.sessions import SessionOver, WrongCredentials
from services.identity.parts import Parts
from services.identity.store import accounts, recovery_codes, second_factors
from services.identity.store import challenges as store
from services.identity.usecases.factor_proofs import Proof, proves
from services.identity.usecases.passwords import Credentials, Known, log_in
from services.identity.usecases.sessions import Entry, Tokens, begin_session
from services.identity.usecases.standing import find_standing
from services.identity.usecases.tries import begin_try, clear_tries, forgive_try


@dataclass(frozen=True)
class Asked:
    """What somebody whose password was right must answer besides."""

    challenge_id: str
    methods: list[Method]
    passkey_options: dict[str, Any] | None = field(repr=False)
    """For ``navigator.credentials.get``; None: the account has no passkey."""


def log_in_account(parts: Parts, credentials: Credentials, entry: Entry) -> Tokens | Asked:
    """Begin a session of an account, or ask for its second factor.

    Raises WrongCredentials, TooManyTries; PasswordResetNeeded for a right password that may not stand alone.
    """
    may_be_alone = may_stand_alone(credentials.password)

    def let_in(tx: Tx, known: Known) -> Tokens | Asked | PasswordResetNeeded:
        now, account_id = parts.clock.now(), account_id_of(known.holder)
        account = accounts.lock_account(tx, account_id)
        if account is None or account.password_hash != known.password_hash:
            raise WrongCredentials  # it was changed while this one was looked at
        factors = second_factors.find_confirmed(tx, account_id)
        if factors:
            find_standing(tx, parts, known.holder, now)
            return _ask(tx, parts, account_id, factors, now)
        if not may_be_alone:
            return PasswordResetNeeded()
        return begin_session(tx, parts, known.holder, entry, now)

    came_in = log_in(parts, "account", credentials, _find_known, let_in, entry)
    if isinstance(came_in, PasswordResetNeeded):
        raise came_in
    return came_in


def _find_known(tx: Tx, user_id_folded: str) -> Known | None:
    account = accounts.find_account_by_user_id(tx, user_id_folded)
    return Known(f"account:{account.id}", account.password_hash) if account else None


def _ask(tx: Tx, parts: Parts, account_id: str, factors: list[second_factors.SecondFactorRow], now: datetime) -> Asked:
    kinds = {row.kind for row in factors}
    known = [row.credential_id for row in factors if row.credential_id]
    to_sign, options = parts.passkeys.begin_proving(known, verifies_user=False)
    methods: list[Method] = [one for one in ("totp", "passkey") if one in kinds]
    if recovery_codes.count_left(tx, account_id):
        methods.append("recovery-code")
    challenge_id = new_id()
    store.add_challenge(tx, id=challenge_id, account_id=account_id, asked=to_sign, made_at=now)
    return Asked(challenge_id, methods, options if known else None)


def answer(parts: Parts, challenge_id: str, proof: Proof, entry: Entry) -> Tokens:
    """Begin a session of the account whose challenge is answered.

    Raises ChallengeOver, SecondFactorWrong, and TooManyTries when the account's second factor was tried too often.
    """
    now = parts.clock.now()
    with parts.db.begin() as tx:
        account_id = count_try_at(tx, challenge_id, now).account_id
        if account_id is None:
            raise ChallengeOver
        begin_try(tx, factor_subject(parts, account_id), SECOND_FACTOR_LIMITS, now)
    with parts.db.begin() as tx:
        outcome = _settle(tx, parts, challenge_id, account_id, proof, entry)
    if isinstance(outcome, Refusal):
        raise outcome
    return outcome


def count_try_at(tx: Tx, challenge_id: str, now: datetime) -> store.ChallengeRow:
    """Count a try at a challenge; commit before looking at what was sent. Raises ChallengeOver, counting nothing."""
    row = store.lock_challenge(tx, challenge_id)
    if row is None:
        raise ChallengeOver
    check_may_answer(row.made_at, row.ended_at, row.tries, now)
    row.tries += 1
    return row


def factor_subject(parts: Parts, account_id: str) -> str:
    """Give under what the tries at an account's second factor are counted, over all its challenges."""
    return parts.tries_subject("second-factor", account_id)


def forget_tries(tx: Tx, parts: Parts, account_id: str) -> None:
    """Forget the wrong tries at an account's second factor, as staff may after a check."""
    clear_tries(tx, factor_subject(parts, account_id))


def _settle(tx: Tx, parts: Parts, challenge_id: str, account_id: str, proof: Proof, entry: Entry) -> Tokens | Refusal:
    now = parts.clock.now()
    accounts.lock_account(tx, account_id)
    row = store.lock_challenge(tx, challenge_id)
    if row is None or row.ended_at is not None:
        return ChallengeOver()
    if not proves(tx, parts, account_id, row.asked, proof, now):
        note_refused(tx, f"account:{account_id}", SecondFactorWrong.slug, entry, now)
        return SecondFactorWrong()
    row.ended_at = now
    forgive_try(tx, factor_subject(parts, account_id), now)
    try:
        return begin_session(tx, parts, f"account:{account_id}", entry, now)
    except SessionOver:  # frozen or closed meanwhile
        return ChallengeOver()


def note_refused(tx: Tx, holder: str | None, slug: str, entry: Entry, now: datetime) -> None:
    """Put on record that somebody did not come in by a second factor or a passkey."""
    REFUSED_ENTRIES.labels("second-factor").inc()
    audit.record(
        tx,
        "identity",
        "session.begin",
        now,
        actor="nobody",
        object=holder,
        slug=slug,
        address=entry.address,
    )


def delete_old(tx: Tx, before: datetime) -> None:
    """Delete the challenges made before *before*."""
    store.delete_made_before(tx, before)
