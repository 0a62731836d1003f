"""Registrations under way; what somebody typed about themselves is not among what is kept."""

from datetime import datetime
from typing import Any, cast

from sqlalchemy import String, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from services.chassis.db import Tx
from services.identity.domain.registrations import Step
from services.identity.store.base import Base


class RegistrationRow(Base):
    """A registration; *id* is the hash of the id that its owner has."""

    __tablename__ = "registration"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    step: Mapped[str] = mapped_column(String(16))
    began_at: Mapped[datetime] = mapped_column(index=True)
    person: Mapped[str] = mapped_column(String(64))
    """Whose questions are asked."""
    patient_id: Mapped[str | None] = mapped_column(String(64))
    """The record that agrees; None: no record does."""
    location_id: Mapped[str] = mapped_column(String(32))
    """By whose local date the age is reckoned."""
    proven_by: Mapped[str] = mapped_column(String(16))
    """``matched`` by the questions, ``staff`` by an invitation."""
    invitation_id: Mapped[str | None] = mapped_column(String(64))
    user_id: Mapped[str | None] = mapped_column(String(100))
    email: Mapped[str | None] = mapped_column(String(254))
    password_hash: Mapped[str | None] = mapped_column(String(200))
    language: Mapped[str | None] = mapped_column(String(2))

    @property
    def waits_for(self) -> Step:
        """Give the step that comes next."""
        return cast("Step", self.step)


def add_registration(tx: Tx, **columns: Any) -> RegistrationRow:
    """Add a registration."""
    row = RegistrationRow(**columns)
    tx.add(row)
    return row


def find_registration(tx: Tx, row_id: str) -> RegistrationRow | None:
    """Give a registration."""
    return tx.get(RegistrationRow, row_id)


def lock_registration(tx: Tx, row_id: str) -> RegistrationRow | None:
    """Give a registration, locked until *tx* ends: one step at a time."""
    query = select(RegistrationRow).filter_by(id=row_id).with_for_update()
    return tx.scalars(query.execution_options(populate_existing=True)).one_or_none()


def delete_of_patient(tx: Tx, patient_id: str) -> None:
    """Delete a patient's registrations under way."""
    tx.execute(delete(RegistrationRow).filter_by(patient_id=patient_id))


def delete_begun_before(tx: Tx, before: datetime) -> None:
    """Delete registrations begun before *before*, done or not."""
    tx.execute(delete(RegistrationRow).where(RegistrationRow.began_at < before))
