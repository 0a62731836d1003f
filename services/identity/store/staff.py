"""Members of staff and other systems: who they are and what they may do."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, String, select
from sqlalchemy.orm import Mapped, mapped_column

from services.chassis.db import Tx, insert_new
from services.identity.store.base import Base


class StaffRow(Base):
    """A member of staff."""

    __tablename__ = "staff"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[str] = mapped_column(String(100))
    user_id_folded: Mapped[str] = mapped_column(String(100), unique=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    roles: Mapped[list[str]] = mapped_column(JSON)
    locations: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    """Location codes; None: all."""
    added_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class SystemRow(Base):
    """Another system that holds a token for a year."""

    __tablename__ = "system"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    scopes: Mapped[list[str]] = mapped_column(JSON)
    issued_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


def add_staff(tx: Tx, **columns: Any) -> bool:
    """Add a member; False when the User ID is taken."""
    return insert_new(tx, StaffRow, {"ended_at": None, **columns}, ["user_id_folded"])


def find_staff(tx: Tx, staff_id: str) -> StaffRow | None:
    """Give a member by id."""
    return tx.get(StaffRow, staff_id)


def find_staff_by_user_id(tx: Tx, user_id_folded: str) -> StaffRow | None:
    """Give a member by User ID."""
    return tx.scalars(select(StaffRow).filter_by(user_id_folded=user_id_folded)).one_or_none()


def add_system(tx: Tx, **columns: Any) -> None:
    """Add a system."""
    tx.add(SystemRow(ended_at=None, **columns))


def find_system(tx: Tx, system_id: str) -> SystemRow | None:
    """Give a system by id."""
    return tx.get(SystemRow, system_id)
