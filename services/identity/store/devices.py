"""Devices: what each session of an account came from, and which an account has been seen on."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from services.chassis.db import Tx, insert_new
from services.identity.store.base import Base


class SessionDeviceRow(Base):
    """What a session came from."""

    __tablename__ = "session_device"
    session: Mapped[str] = mapped_column(String(64), primary_key=True)
    device: Mapped[str] = mapped_column(String(64))
    address: Mapped[str | None] = mapped_column(String(64))
    """Shortened."""
    began_at: Mapped[datetime] = mapped_column(index=True)


class KnownDeviceRow(Base):
    """A device on which an account was logged in; *mark* is a keyed hash that tells nothing."""

    __tablename__ = "known_device"
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), primary_key=True)
    mark: Mapped[str] = mapped_column(String(64), primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(index=True)


def add_session(tx: Tx, *, session: str, device: str, address: str | None, began_at: datetime) -> None:
    """Keep what a session came from."""
    tx.add(SessionDeviceRow(session=session, device=device, address=address, began_at=began_at))


def find_sessions(tx: Tx, sessions: list[str]) -> dict[str, SessionDeviceRow]:
    """Give what sessions came from, by session; those of before it was kept are missing."""
    rows = tx.scalars(select(SessionDeviceRow).where(SessionDeviceRow.session.in_(sessions)))
    return {row.session: row for row in rows}


def has_known(tx: Tx, account_id: str) -> bool:
    """Whether an account was seen on any device."""
    return tx.scalars(select(KnownDeviceRow.mark).filter_by(account_id=account_id)).first() is not None


def note_seen(tx: Tx, account_id: str, mark: str, now: datetime) -> bool:
    """Note that an account was seen on a device; whether it is a new one."""
    values = {"account_id": account_id, "mark": mark, "seen_at": now}
    is_new = insert_new(tx, KnownDeviceRow, values, ["account_id", "mark"])
    if not is_new:
        tx.get_one(KnownDeviceRow, (account_id, mark)).seen_at = now
    return is_new


def forget_known(tx: Tx, account_id: str) -> None:
    """Forget on which devices an account was seen."""
    tx.execute(delete(KnownDeviceRow).filter_by(account_id=account_id))


def delete_old(tx: Tx, begun_before: datetime, seen_before: datetime) -> None:
    """Delete what sessions begun before *begun_before* came from, and devices not seen since *seen_before*."""
    tx.execute(delete(SessionDeviceRow).where(SessionDeviceRow.began_at < begun_before))
    tx.execute(delete(KnownDeviceRow).where(KnownDeviceRow.seen_at < seen_before))
