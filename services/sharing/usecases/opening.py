"""Opening a link by its password.

A try is counted before its password is looked at and given back when it was right, each in a transaction of its own,
so that parallel tries cannot slip through and no lock is held while argon2 works. A process that dies between the two
has used up a try: the safe side.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil

from contracts.refusal import Refusal
from contracts.sharing import ShareLocked, ShareOpened
from services.chassis import audit
from services.chassis.addresses import shorten_address
from services.chassis.db import Tx
from services.chassis.devices import kind_of
from services.sharing.domain.tries import WRONG_LIMIT, ShareClosed, TryLater, refused, wait_after
from services.sharing.domain.visitors import check_name
from services.sharing.parts import Parts
from services.sharing.share_links import hash_of
from services.sharing.store import links, shares
from services.sharing.store.tables import ShareRow
from services.sharing.usecases.sessions import Opened, begin
from services.sharing.usecases.telling import OWNER, holder_of, tell

FORGET_UNKNOWN_AFTER = timedelta(days=30)
KEEP_ACCESSES_FOR = timedelta(days=6 * 365 + 2)
"""6 years, leap days among them (rules: Keeping)."""


@dataclass(frozen=True)
class OpenAsk:
    """What a recipient gives."""

    token: str = field(repr=False)
    password: str = field(repr=False)
    name: str | None
    user_agent: str | None
    address: str | None


@dataclass(frozen=True)
class Try:
    """One try at a link: the *number*-th wrong one unless it is right."""

    link_hash: str
    number: int
    is_beyond: bool
    """All tries were used up before this one."""
    share_id: str | None
    """None for a link that no share has."""
    password_hash: str | None = field(repr=False)


def open_link(parts: Parts, ask: OpenAsk) -> Opened:
    """Give a session for the right password (S58, S59). Raises ShareRefused, ShareClosed, TryLater, NameRefused."""
    check_name(ask.name)
    with parts.db.begin() as tx:
        one = take_try(tx, hash_of(ask.token), parts.clock.now())
    is_right = parts.hasher.is_right(one.password_hash, ask.password)
    with parts.db.begin() as tx:
        outcome = settle(tx, parts, one, ask, is_right, parts.clock.now())
    if isinstance(outcome, Refusal):
        raise outcome
    return outcome


def take_try(tx: Tx, link_hash: str, now: datetime) -> Try:
    """Count a try. Raises TryLater while the wait after the last one lasts."""
    link = links.lock_link(tx, link_hash, now)
    if link.next_try_at is not None and now < link.next_try_at:
        raise TryLater(retry_after_s=ceil((link.next_try_at - now).total_seconds()))
    is_beyond = link.tries >= WRONG_LIMIT
    link.tries = min(link.tries + 1, WRONG_LIMIT)
    link.tried_at, link.next_try_at = now, now + wait_after(link.tries)
    share = shares.find_by_link(tx, link_hash)
    if share is None:
        return Try(link_hash, link.tries, is_beyond, None, None)
    return Try(link_hash, link.tries, is_beyond, share.id, share.password_hash)


def settle(tx: Tx, parts: Parts, one: Try, ask: OpenAsk, is_right: bool, now: datetime) -> Opened | Refusal:
    """Give what a try led to; commit it, a refusal too."""
    share = shares.lock_share(tx, one.share_id) if one.share_id else None
    if share is None:
        return refused(one.number)
    if not is_right or share.password_hash != one.password_hash:  # a new password was set meanwhile
        return _wrong(tx, share, one, ask, now)
    if one.is_beyond:
        _lock(tx, share, ask, now)
    else:
        _give_back(tx, one, now)
    if share.locked_at or share.ended_at or now >= share.expires_at:
        _record(tx, share, "share.open", ask, now, slug=ShareClosed.slug)
        return ShareClosed()
    return _open(tx, parts, share, ask, now)


def _wrong(tx: Tx, share: ShareRow, one: Try, ask: OpenAsk, now: datetime) -> Refusal:
    refusal = refused(one.number)
    _record(tx, share, "share.open", ask, now, slug=refusal.slug)
    if one.number >= WRONG_LIMIT and share.password_hash == one.password_hash:
        _lock(tx, share, ask, now)
    return refusal


def _lock(tx: Tx, share: ShareRow, ask: OpenAsk, now: datetime) -> None:
    if share.locked_at is None and share.ended_at is None and now < share.expires_at:
        share.locked_at = now
        tell(tx, ShareLocked, share, now, "wrong-passwords")
        _record(tx, share, "share.lock", ask, now)


def _give_back(tx: Tx, one: Try, now: datetime) -> None:
    link = links.lock_link(tx, one.link_hash, now)
    link.tries, link.next_try_at = max(0, link.tries - 1), None


def _open(tx: Tx, parts: Parts, share: ShareRow, ask: OpenAsk, now: datetime) -> Opened:
    share.opens += 1
    share.last_opened_at = now
    shares.add_access(
        tx,
        share.id,
        now,
        name=check_name(ask.name),
        device=kind_of(ask.user_agent),
        address=shorten_address(ask.address),
    )
    tell(tx, ShareOpened, share, now)
    _record(tx, share, "share.open", ask, now)
    return begin(tx, parts, share, now)


def _record(tx: Tx, share: ShareRow, action: str, ask: OpenAsk, now: datetime, slug: str | None = None) -> None:
    audit.record(
        tx,
        OWNER,
        action,
        now,
        actor=holder_of(share.id),
        object=f"share:{share.id}",
        slug=slug,
        address=ask.address,
        person=check_name(ask.name),
        device=kind_of(ask.user_agent),
    )


def forget_unknown(tx: Tx, now: datetime) -> None:
    """Forget the tries at links that no share has, a month after the last one."""
    links.delete_unknown(tx, now - FORGET_UNKNOWN_AFTER)


def forget_accesses(tx: Tx, now: datetime) -> None:
    """Forget who opened links when, 6 years after."""
    shares.delete_accesses(tx, now - KEEP_ACCESSES_FOR)
