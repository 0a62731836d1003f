"""Coming in by User ID and password: one way, one duration and one answer for every cause; proving one's password."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from services.chassis import audit
from services.chassis.caller import Caller
from services.chassis.db import Tx
from services.chassis.metrics import REFUSED_ENTRIES
from services.identity.domain.accounts import UserIdMalformed, check_password, fold_user_id
from services.identity.domain.passwords import WrongPassword, check_uncommon
from services.identity.domain.sessions import SessionOver, WrongCredentials
from services.identity.domain.tries import PASSWORD_LIMITS
from services.identity.parts import Parts
from services.identity.store import accounts
from services.identity.usecases.own_account import find_own_account
from services.identity.usecases.sessions import Entry
from services.identity.usecases.tries import begin_try, forgive_try, settle_try

OF_THE_PORTAL = ("Patient Portal", "patient", "portal", "RadNet")
"""Words that a stranger would try here of all places."""

T = TypeVar("T")


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
    parts: Parts,
    way: str,
    credentials: Credentials,
    find: Callable[[Tx, str], Known | None],
    let_in: Callable[[Tx, Known], T],
    entry: Entry,
) -> T:
    """Give what *let_in* gives for whom *find* gives for the folded User ID; *way* tells accounts' tries from staff's.

    *let_in* may raise SessionOver or WrongCredentials before it has changed anything. Raises WrongCredentials for
    every cause, TooManyTries, for unknown User IDs too.
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
    refusal = WrongCredentials()
    with parts.db.begin() as tx:
        if known and is_right:
            try:
                came_in = let_in(tx, known)
            except (SessionOver, WrongCredentials):
                pass
            else:
                forgive_try(tx, subject, now)
                return came_in
        _note_refused(tx, way, known, entry, parts)
    raise refusal


def _note_refused(tx: Tx, way: str, known: Known | None, entry: Entry, parts: Parts) -> None:
    REFUSED_ENTRIES.labels(way).inc()
    audit.record(
        tx,
        "identity",
        "session.begin",
        parts.clock.now(),
        actor="nobody",
        object=known.holder if known else None,
        slug=WrongCredentials.slug,
        address=entry.address,
    )


def prove_password(parts: Parts, caller: Caller, password: str) -> accounts.AccountRow:
    """Give the account of *caller*, who gives its password again; wrong ones count as those at the door.

    Raises WrongPassword, TooManyTries, SessionOver for an account that is not live.
    """
    now = parts.clock.now()
    with parts.db.begin() as tx:
        account = find_own_account(tx, caller)
        subject = parts.tries_subject("account", account.user_id_folded)
        begin_try(tx, subject, PASSWORD_LIMITS, now)
    is_right = parts.hasher.is_right(account.password_hash, password)
    with parts.db.begin() as tx:
        settle_try(tx, subject, is_right=is_right, now=now)
        if not is_right:
            slug = WrongPassword.slug
            audit.record(
                tx,
                "identity",
                "password.prove",
                now,
                caller=caller,
                object=caller.holder,
                slug=slug,
            )
    if not is_right:
        raise WrongPassword(field="password")
    return account


def check_new_password(
    parts: Parts, password: str, *, user_id: str, email: str, has_second_factor: bool = False, field: str = "password"
) -> None:
    """Raise PasswordRefused for a length that will not do, PasswordTooCommon for what a stranger would try first."""
    check_password(password, has_second_factor=has_second_factor, field=field)
    context = (user_id, email, email.partition("@")[0], parts.passkeys.rp_id, *OF_THE_PORTAL)
    check_uncommon(password, parts.common_passwords, context, field=field)
