"""Sessions: beginning, refreshing and ending them, whoever's they are."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from contracts.tokens import Kind
from services.chassis import audit, refresh
from services.chassis.auth import find_jwks
from services.chassis.caller import Caller
from services.chassis.db import Tx
from services.identity.domain.accounts import account_id_of
from services.identity.domain.sessions import SessionOver, lasting
from services.identity.parts import Parts
from services.identity.store import holders
from services.identity.usecases.access import end_access, end_session
from services.identity.usecases.devices import Origin, note_device
from services.identity.usecases.standing import Standing, Viewer, find_standing


@dataclass(frozen=True)
class Entry:
    """How somebody comes in: through the gateway's own portal or an app, and from which address."""

    is_web: bool
    address: str | None
    user_agent: str | None = None
    device: str | None = None
    """A name that the device bears, opaque."""


@dataclass(frozen=True)
class Tokens:
    """What whoever comes in is given."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in_s: int
    viewer: Viewer


def begin_session(tx: Tx, parts: Parts, holder: str, entry: Entry, now: datetime) -> Tokens:
    """Begin a session of *holder*, who has proved to be it. Raises SessionOver when they may see nothing."""
    standing = find_standing(tx, parts, holder, now)
    kind = cast("Kind", holder.partition(":")[0])
    lasts = lasting(kind, is_web=entry.is_web)
    session, refresh_token = refresh.begin(
        tx, "identity", holder, refresh.Limits(idle=lasts.idle, absolute=lasts.absolute), now
    )
    if kind == "account":
        origin = Origin(entry.user_agent, entry.address, entry.device)
        note_device(tx, parts, account_id_of(holder), session, origin, now)
    audit.record(tx, "identity", "session.begin", now, actor=holder, object=f"session:{session}", address=entry.address)
    return _tokens(tx, parts, holder, session, refresh_token, standing, now)


def refresh_session(parts: Parts, refresh_token: str) -> Tokens:
    """Give a new pair for *refresh_token*; reuse of an old one ends the session whole. Raises SessionOver."""
    with parts.db.begin() as tx:
        tokens = _refresh(tx, parts, refresh_token, parts.clock.now())
    if tokens is None:
        raise SessionOver
    return tokens


def _refresh(tx: Tx, parts: Parts, refresh_token: str, now: datetime) -> Tokens | None:
    rotation = refresh.rotate(tx, refresh_token, parts.refresh_key, now)
    if rotation.kind == "reused":
        end_session(tx, rotation.session, "refresh-token-reused", now)
        audit.record(
            tx,
            "identity",
            "session.end",
            now,
            actor=rotation.holder,
            object=f"session:{rotation.session}",
            slug="refresh-token-reused",
        )
    if rotation.kind != "rotated":
        return None
    standing = find_standing(tx, parts, rotation.holder, now)
    return _tokens(tx, parts, rotation.holder, rotation.session, rotation.refresh_token, standing, now)


def _tokens(
    tx: Tx, parts: Parts, holder: str, session: str, refresh_token: str, standing: Standing, now: datetime
) -> Tokens:
    ends = [instant for instant in (standing.ends_at, refresh.find_end(tx, session)) if instant is not None]
    access_token, expires_in_s = parts.minter.mint(
        holder=holder,
        session=session,
        version=holders.find_version(tx, holder),
        grants=standing.grants,
        now=now,
        ends_at=min(ends, default=None),
    )
    return Tokens(access_token, refresh_token, expires_in_s, standing.viewer)


def log_out(tx: Tx, caller: Caller, now: datetime) -> None:
    """End the session that *caller* came by."""
    end_session(tx, caller.session, "logged-out", now)
    audit.record(tx, "identity", "session.end", now, caller=caller, object=f"session:{caller.session}")


def log_out_everywhere(tx: Tx, caller: Caller, now: datetime) -> None:
    """End every session of *caller*'s holder."""
    end_access(tx, caller.holder, "logged-out-everywhere", now)
    audit.record(tx, "identity", "session.end-all", now, caller=caller, object=caller.holder)


def find_signing_keys(tx: Tx, now: datetime) -> list[dict[str, str]]:
    """Give identity's public keys that are believed at *now*, as JWKs."""
    return find_jwks(tx, "identity", now)
