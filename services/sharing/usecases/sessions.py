"""A recipient's session: begun by the password, kept going by refresh tokens, ended by log-out or by the owner."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from contracts.refusal import Refusal
from contracts.tokens import ShareGrants
from services.chassis import access, refresh
from services.chassis.caller import Caller
from services.chassis.db import Tx
from services.chassis.outbox import put_event
from services.sharing.domain.shares import Share, ShareNotFound
from services.sharing.domain.tries import SessionOver
from services.sharing.parts import Parts
from services.sharing.store import shares
from services.sharing.store.tables import ShareRow
from services.sharing.usecases.telling import OWNER, find_share, holder_of

LASTS = timedelta(hours=12)


@dataclass(frozen=True)
class Opened:
    """The tokens of a session, and what they open."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in_s: int
    share: Share


def begin(tx: Tx, parts: Parts, row: ShareRow, now: datetime) -> Opened:
    """Begin a session of the share *row*, which is open."""
    session, refresh_token = refresh.begin(tx, "sharing", holder_of(row.id), refresh.Limits(LASTS, LASTS), now)
    return _opened(tx, parts, row, session, refresh_token, now)


def renew(tx: Tx, parts: Parts, refresh_token: str, now: datetime) -> Opened | Refusal:
    """Give new tokens with what is granted now, or SessionOver; commit either.

    A locked link's sessions go on. A token used before ends its session for whoever holds it.
    """
    rotation = refresh.rotate(tx, refresh_token, parts.refresh_key, now)
    if rotation.kind == "reused":
        _tell_ended(tx, rotation.session, "refresh-token-reused", now)
    row = shares.lock_share(tx, rotation.holder.removeprefix("share:")) if rotation.kind == "rotated" else None
    if row is None or row.ended_at is not None or now >= row.expires_at:
        return SessionOver()
    return _opened(tx, parts, row, rotation.session, rotation.refresh_token, now)


def log_out(tx: Tx, caller: Caller, now: datetime) -> None:
    """End the session of *caller*, here and everywhere."""
    refresh.end(tx, caller.session, now)
    _tell_ended(tx, caller.session, "logged-out", now)


def find_own(tx: Tx, caller: Caller) -> Share:
    """Give the share that *caller*, a recipient, looks at. Raises ShareNotFound."""
    row = shares.find_share(tx, caller.holder.removeprefix("share:"))
    if row is None:
        raise ShareNotFound
    return find_share(tx, row)


def _opened(tx: Tx, parts: Parts, row: ShareRow, session: str, refresh_token: str, now: datetime) -> Opened:
    share = find_share(tx, row)
    token, expires_in_s = parts.minter.mint(
        holder=holder_of(row.id),
        session=session,
        version=row.access_version,
        grants=ShareGrants(
            exams=list(share.exam_ids),
            may_download=row.may_download,
            include_report=row.include_report,
            include_visit_summary=row.include_visit_summary,
        ),
        now=now,
        ends_at=row.expires_at,
    )
    return Opened(token, refresh_token, expires_in_s, share)


def _tell_ended(tx: Tx, session: str, reason: str, now: datetime) -> None:
    event = access.session_ended(session, reason, now)
    access.note_ended(tx, event.id, event.version, now)
    put_event(tx, OWNER, event, now)
