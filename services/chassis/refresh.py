"""Refresh sessions of the two issuers: a token is used once, and its thief or its owner is noticed.

Only hashes are stored. A refresh token's successor is an HMAC of it under a key that stands in no database, so the
token just replaced can be answered with the same successor again (a reply may get lost) though nothing is kept in
clear. An older one means that two parties hold the family: it ends.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import delete, select, update

from contracts.access import Issuer
from contracts.tokens import REFRESH_PREFIX
from services.chassis.db import Tx, new_id
from services.chassis.tables import RefreshSession, RefreshToken

REPEAT_FOR = timedelta(seconds=30)
"""The token just replaced gives the same successor for this long (design/api.md, "Coming in")."""
KEEP_ENDED = timedelta(days=1)


@dataclass(frozen=True)
class Limits:
    """When a session ends by itself: unused for *idle*, or *absolute* after it began."""

    idle: timedelta
    absolute: timedelta


@dataclass(frozen=True)
class Rotation:
    """What a presented refresh token gave.

    ``rotated``: *refresh_token* is its successor. ``reused``: it was replaced before, so the session ended just now
    (tell ``session_ended`` and commit). ``refused``: unknown, or its session is over.
    """

    kind: Literal["rotated", "reused", "refused"]
    session: str = ""
    holder: str = ""
    refresh_token: str = ""


REFUSED = Rotation("refused")


def begin(tx: Tx, issuer: Issuer, holder: str, limits: Limits, now: datetime) -> tuple[str, str]:
    """Begin a session of *holder*; give its id and its first refresh token."""
    session, token = new_id(), REFRESH_PREFIX[issuer] + secrets.token_urlsafe(32)
    tx.add(
        RefreshSession(
            session=session,
            holder=holder,
            begun_at=now,
            used_at=now,
            idle_s=int(limits.idle.total_seconds()),
            ends_at=now + limits.absolute,
            ended_at=None,
        )
    )
    tx.flush()
    tx.add(RefreshToken(token_hash=_hash(token), session=session, replaced_at=None))
    return session, token


def rotate(tx: Tx, token: str, key: bytes, now: datetime) -> Rotation:
    """Take *token* and give its successor under *key* (32 secret bytes); see Rotation. Commit whatever it gives."""
    found = tx.get(RefreshToken, _hash(token))
    if found is None:
        return REFUSED
    session = tx.get_one(RefreshSession, found.session, with_for_update=True, populate_existing=True)
    if not is_open(session, now):
        return REFUSED
    tx.refresh(found)
    successor = _successor(token, key)
    if found.replaced_at is None:
        found.replaced_at, session.used_at = now, now
        tx.add(RefreshToken(token_hash=_hash(successor), session=session.session, replaced_at=None))
    elif not _may_repeat(tx, found.replaced_at, successor, now):
        session.ended_at = now
        return Rotation("reused", session.session, session.holder)
    return Rotation("rotated", session.session, session.holder, successor)


def is_open(session: RefreshSession, now: datetime) -> bool:
    """Whether *session* has not ended and is inside both its limits."""
    idle_ends_at = session.used_at + timedelta(seconds=session.idle_s)
    return session.ended_at is None and now < min(idle_ends_at, session.ends_at)


def find_end(tx: Tx, session: str) -> datetime:
    """Give when *session* ends whatever it does; no access token may live longer."""
    return tx.get_one(RefreshSession, session).ends_at


def _may_repeat(tx: Tx, replaced_at: datetime, successor: str, now: datetime) -> bool:
    """Whether a replaced token is the one just replaced: its successor is unused, and the 30 s are not over."""
    following = tx.get(RefreshToken, _hash(successor))
    return following is not None and following.replaced_at is None and now < replaced_at + REPEAT_FOR


def end(tx: Tx, session: str, now: datetime) -> None:
    """End *session*; harmless when it is over. The issuer tells ``session_ended`` besides."""
    open_one = RefreshSession.session == session, RefreshSession.ended_at.is_(None)
    tx.execute(update(RefreshSession).where(*open_one).values(ended_at=now))


def end_all(tx: Tx, holder: str, now: datetime) -> None:
    """End every session of *holder*. The issuer raises the holder's version besides."""
    open_ones = RefreshSession.holder == holder, RefreshSession.ended_at.is_(None)
    tx.execute(update(RefreshSession).where(*open_ones).values(ended_at=now))


def find_open(tx: Tx, holder: str, now: datetime) -> list[RefreshSession]:
    """Give the open sessions of *holder*, oldest first."""
    query = select(RefreshSession).filter_by(holder=holder, ended_at=None).order_by(RefreshSession.begun_at)
    return [session for session in tx.scalars(query) if is_open(session, now)]


def delete_old(tx: Tx, now: datetime) -> None:
    """Delete sessions, and their tokens, that could not be used any more a day ago."""
    over = select(RefreshSession.session).where(RefreshSession.ends_at < now - KEEP_ENDED)
    tx.execute(delete(RefreshToken).where(RefreshToken.session.in_(over)))
    tx.execute(delete(RefreshSession).where(RefreshSession.ends_at < now - KEEP_ENDED))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _successor(token: str, key: bytes) -> str:
    prefix = token[: token.index("_") + 1]
    digest = hmac.new(key, b"refresh\n" + token.encode(), hashlib.sha256).digest()
    return prefix + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
