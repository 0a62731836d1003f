"""Taking access back: the holder's version rises, and every service is told within a second."""

from datetime import datetime

from contracts.access import AccessEnded
from services.chassis import access, refresh
from services.chassis.db import Tx
from services.chassis.outbox import put_event
from services.identity.store import holders
from services.identity.usecases import pushes


def narrow_access(tx: Tx, holder: str, reason: str, now: datetime) -> None:
    """Refuse the tokens that *holder* has; its sessions go on, and refreshing gives what it may see now."""
    version = holders.raise_version(tx, holder)
    access.note_ended(tx, holder, version, now)
    put_event(tx, "identity", AccessEnded(id=holder, version=version, at=now, reason=reason), now)


def end_access(tx: Tx, holder: str, reason: str, now: datetime) -> None:
    """Refuse the tokens that *holder* has, and end its sessions."""
    refresh.end_all(tx, holder, now)
    pushes.forget_holder(tx, holder, now)
    narrow_access(tx, holder, reason, now)


def end_session(tx: Tx, session: str, reason: str, now: datetime) -> None:
    """End one session whole."""
    refresh.end(tx, session, now)
    pushes.forget_session(tx, session, now)
    event = access.session_ended(session, reason, now)
    access.note_ended(tx, event.id, event.version, now)
    put_event(tx, "identity", event, now)
