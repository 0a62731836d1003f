"""Telling what became of a share, and taking access back: the only places that raise its versions."""

from datetime import datetime
from typing import Literal

from contracts.access import AccessEnded
from contracts.messages import About, ContactChanged
from contracts.sharing import ShareState
from services.chassis.access import note_ended
from services.chassis.db import Tx
from services.chassis.outbox import put_event
from services.sharing.domain.shares import Permissions, Share
from services.sharing.store import shares
from services.sharing.store.tables import ShareRow

OWNER = "sharing"


def holder_of(share_id: str) -> str:
    """Give the holder that a recipient's access hangs on."""
    return f"share:{share_id}"


def as_share(row: ShareRow, exam_ids: list[str]) -> Share:
    """Give the share of a row."""
    return Share(
        id=row.id,
        generation=row.generation,
        holder=row.holder,
        nickname=row.nickname,
        exam_ids=tuple(exam_ids),
        permissions=Permissions(row.may_download, row.include_report, row.include_visit_summary),
        created_at=row.created_at,
        expires_at=row.expires_at,
        locked_at=row.locked_at,
        ended_at=row.ended_at,
        end_reason=row.end_reason,
        opens=row.opens,
        last_opened_at=row.last_opened_at,
    )


def find_share(tx: Tx, row: ShareRow) -> Share:
    """Give the share of a row, with the exams that are in it now."""
    return as_share(row, shares.find_exam_ids(tx, [row.id]).get(row.id, []))


def tell(tx: Tx, kind: type[ShareState], row: ShareRow, now: datetime, reason: str | None = None) -> None:
    """Tell the share's whole state as *kind*; its version rises by one."""
    row.version += 1
    put_event(tx, OWNER, state_event(tx, kind, row, now, reason), now)


def state_event(tx: Tx, kind: type[ShareState], row: ShareRow, now: datetime, reason: str | None) -> ShareState:
    """Give the share's whole state as *kind*, under the version that it has."""
    return kind(
        id=row.id,
        version=row.version,
        at=now,
        holder=row.holder,
        exams=shares.find_exam_ids(tx, [row.id]).get(row.id, []),
        may_download=row.may_download,
        include_report=row.include_report,
        include_visit_summary=row.include_visit_summary,
        expires_at=row.expires_at,
        opens=row.opens,
        reason=reason,
    )


def take_back(tx: Tx, row: ShareRow, reason: str, now: datetime) -> None:
    """Refuse, here and everywhere, the access tokens that recipients hold; refreshing gives what is granted now."""
    row.access_version += 1
    holder = holder_of(row.id)
    note_ended(tx, holder, row.access_version, now)
    put_event(tx, OWNER, AccessEnded(id=holder, version=row.access_version, at=now, reason=reason), now)


def tell_contact(
    tx: Tx,
    row: ShareRow,
    now: datetime,
    *,
    email: str | None = None,
    phone: str | None = None,
    language: Literal["en", "es"] | None = None,
) -> None:
    """Tell the notifier where to write about the share; it alone keeps the address. Without one: to forget it."""
    row.contact_version += 1
    event = ContactChanged(
        id=f"share:{row.id}",
        version=row.contact_version,
        at=now,
        about=About(kind="share", id=row.id),
        emails=[email] if email else [],
        phone=phone,
        language=language,
        wants=["*"] if email or phone else [],
    )
    put_event(tx, OWNER, event, now)
