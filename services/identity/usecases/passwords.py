"""Coming in by User ID and password: one way, one duration and one answer for every cause."""

from collections.abc import Callable
from dataclasses import dataclass, field

from contracts.refusal import Refusal
from services.chassis import audit
from services.chassis.db import Tx
from services.chassis.metrics import REFUSED_ENTRIES
from services.identity.domain.accounts import UserIdMalformed, fold_user_id
from services.identity.domain.sessions import SessionOver, WrongCredentials
from services.identity.domain.tries import PASSWORD_LIMITS
from services.identity.parts import Parts
from services.identity.usecases.sessions import Entry, Tokens, begin_session
from services.identity.usecases.tries import begin_try, forgive_try


@dataclass(frozen=True)
class Credentials:
    """What somebody who logs in sends."""

    user_id: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class Known:
    """The holder with a User ID, and the hash of its password."""

    holder: str
    password_hash: str = field(repr=False)


def log_in(
    parts: Parts, way: str, credentials: Credentials, find: Callable[[Tx, str], Known | None], entry: Entry
) -> Tokens:
    """Begin a session of whom *find* gives for the folded User ID; *way* tells accounts' tries from staff's.

    Raises WrongCredentials for every cause, TooManyTries, for unknown User IDs too.
    """
    now = parts.clock.now()
    try:
        folded = fold_user_id(credentials.user_id)
    except UserIdMalformed:
        parts.hasher.is_right(None, "")
        raise WrongCredentials from None
    subject = parts.tries_subject(way, folded)
    with parts.db.begin() as tx:
        begin_try(tx, subject, PASSWORD_LIMITS, now)
        known = find(tx, folded)
    is_right = parts.hasher.is_right(known.password_hash if known else None, credentials.password)
    with parts.db.begin() as tx:
        answer: Tokens | Refusal = WrongCredentials()
        if known and is_right:
            answer = _let_in(tx, parts, known.holder, subject, entry)
        if isinstance(answer, Refusal):
            _note_refused(tx, way, known, entry, parts)
    if isinstance(answer, Refusal):
        raise answer
    return answer


def _let_in(tx: Tx, parts: Parts, holder: str, subject: str, entry: Entry) -> Tokens | Refusal:
    now = parts.clock.now()
    try:
        tokens = begin_session(tx, parts, holder, entry, now)
    except SessionOver:
        return WrongCredentials()
    forgive_try(tx, subject, now)
    return tokens


def _note_refused(tx: Tx, way: str, known: Known | None, entry: Entry, parts: Parts) -> None:
    REFUSED_ENTRIES.labels(way).inc()
    audit.record(
        tx,
        "identity",
        "session.begin",
        parts.clock.now(),
        actor="nobody",
        object=known.holder if known else None,
        outcome="refused",
        slug=WrongCredentials.slug,
        address=entry.address,
    )
