"""What guests asked for; whoever works at the location calls them back."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from sqlalchemy import String, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from services.chassis.db import Tx
from services.identity.store.base import Base


class GuestAppointmentRow(Base):
    """One request."""

    __tablename__ = "guest_appointment"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    first_name: Mapped[str] = mapped_column(String(100))
    last_name: Mapped[str] = mapped_column(String(100))
    birth_date: Mapped[date]
    guardian: Mapped[str | None] = mapped_column(String(200))
    phone: Mapped[str] = mapped_column(String(32))
    email: Mapped[str | None] = mapped_column(String(254))
    location_id: Mapped[str] = mapped_column(String(32))
    exam_wanted: Mapped[str] = mapped_column(String(500))
    preferred_times: Mapped[str | None] = mapped_column(String(500))
    language: Mapped[str | None] = mapped_column(String(2))
    made_at: Mapped[datetime] = mapped_column(index=True)


def add_appointment(tx: Tx, **columns: Any) -> None:
    """Add a request."""
    tx.add(GuestAppointmentRow(**columns))


def find_appointments(tx: Tx, locations: Collection[str] | None, limit: int, offset: int) -> list[GuestAppointmentRow]:
    """Give requests for *locations* (None: all), newest first."""
    query = select(GuestAppointmentRow).order_by(GuestAppointmentRow.made_at.desc(), GuestAppointmentRow.id)
    if locations is not None:
        query = query.where(GuestAppointmentRow.location_id.in_(locations))
    return list(tx.scalars(query.limit(limit).offset(offset)))


def delete_made_before(tx: Tx, before: datetime) -> None:
    """Delete requests made before *before*."""
    tx.execute(delete(GuestAppointmentRow).where(GuestAppointmentRow.made_at < before))
