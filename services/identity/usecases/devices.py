"""The devices that an account is logged in on: listing and ending them, and a word to the owner of a new one."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.chassis import audit, refresh
from services.chassis.addresses import shorten_address as shorten
from services.chassis.caller import Caller
from services.chassis.db import Tx
from services.chassis.devices import UNKNOWN, browser_and_system_of
from services.chassis.tables import RefreshSession
from services.identity.domain.devices import KNOWN_FOR, DeviceNotFound, device_mark
from services.identity.parts import Parts
from services.identity.store import devices as store
from services.identity.usecases.access import end_session
from services.identity.usecases.account_letters import tell_owner

LONGEST_SESSION = timedelta(days=30)


@dataclass(frozen=True)
class Origin:
    """Where somebody comes from: the header ``User-Agent``, the address, and the name that the device bears."""

    user_agent: str | None
    address: str | None
    named: str | None
    """Opaque: the gateway's cookie or an app gives it; None: no device of ours has one yet."""


@dataclass(frozen=True)
class Device:
    """A session as its owner sees it."""

    id: str
    device: str
    began_at: datetime
    last_used_at: datetime
    address: str | None
    """Shortened."""
    is_current: bool


def note_device(tx: Tx, parts: Parts, account_id: str, session: str, origin: Origin, now: datetime) -> None:
    """Keep what a session came from; of a device not seen before the owner is told, but of the very first one."""
    device, place = browser_and_system_of(origin.user_agent), shorten(origin.address)
    store.add_session(tx, session=session, device=device, address=place, began_at=now)
    mark = device_mark(parts.tries_key, account_id, named=origin.named, device=device, place=place)
    is_first = not store.has_known(tx, account_id)
    if store.note_seen(tx, account_id, mark, now) and not is_first:
        tell_owner(tx, account_id, "new-login", now)


def find_devices(tx: Tx, caller: Caller, now: datetime) -> list[Device]:
    """Give the open sessions of *caller*'s account, the newest first."""
    sessions = refresh.find_open(tx, caller.holder, now)
    came_from = store.find_sessions(tx, [one.session for one in sessions])
    return [_device(one, came_from.get(one.session), caller) for one in reversed(sessions)]


def _device(session: RefreshSession, row: store.SessionDeviceRow | None, caller: Caller) -> Device:
    return Device(
        id=session.session,
        device=row.device if row else UNKNOWN,
        began_at=session.begun_at,
        last_used_at=session.used_at,
        address=row.address if row else None,
        is_current=session.session == caller.session,
    )


def end_device(tx: Tx, caller: Caller, session: str, now: datetime) -> None:
    """End one session of *caller*'s account, at once and everywhere. Raises DeviceNotFound."""
    if session not in {one.session for one in refresh.find_open(tx, caller.holder, now)}:
        raise DeviceNotFound
    end_session(tx, session, "ended-by-owner", now)
    audit.record(tx, "identity", "session.end", now, caller=caller, object=f"session:{session}")


def end_others(tx: Tx, holder: str, session: str | None, reason: str, now: datetime) -> None:
    """End every session of *holder* but *session*."""
    for one in refresh.find_open(tx, holder, now):
        if one.session != session:
            end_session(tx, one.session, reason, now)


def delete_old(tx: Tx, now: datetime) -> None:
    """Delete what nobody asks of sessions that are over, and devices not seen for half a year."""
    store.delete_old(tx, now - LONGEST_SESSION - refresh.KEEP_ENDED, now - KNOWN_FOR)
