"""Counts of wrong tries, in the database in every mode: for what exists and for what does not, alike."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import String, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from services.chassis.db import Tx, insert_new
from services.identity.domain.tries import Tries
from services.identity.store.base import Base


class TriesRow(Base):
    """The wrong tries at one secret; *subject* is a keyed hash, since people type secrets into wrong fields."""

    __tablename__ = "tries"
    subject: Mapped[str] = mapped_column(String(96), primary_key=True)
    in_row: Mapped[int]
    in_day: Mapped[int]
    day_began_at: Mapped[datetime | None]
    wait_until: Mapped[datetime | None]
    touched_at: Mapped[datetime] = mapped_column(index=True)


def find_tries(tx: Tx, subject: str, now: datetime) -> Tries:
    """Give the tries at *subject*, locked until *tx* ends; other tries at it wait."""
    insert_new(tx, TriesRow, {"subject": subject, "in_row": 0, "in_day": 0, "touched_at": now}, ["subject"])
    row = tx.scalars(select(TriesRow).filter_by(subject=subject).with_for_update()).one()
    return Tries(row.in_row, row.in_day, row.day_began_at, row.wait_until)


def look_at(tx: Tx, subject: str) -> Tries | None:
    """Give the tries at *subject* without waiting for those under way; None: nobody tried lately."""
    row = tx.get(TriesRow, subject)
    return Tries(row.in_row, row.in_day, row.day_began_at, row.wait_until) if row else None


def save_tries(tx: Tx, subject: str, tries: Tries, now: datetime) -> None:
    """Keep *tries*, which ``find_tries`` gave in the same transaction, changed."""
    row = tx.get_one(TriesRow, subject)
    for name, value in asdict(tries).items():
        setattr(row, name, value)
    row.touched_at = now


def delete_tries(tx: Tx, subject: str) -> None:
    """Delete the count of one secret's tries."""
    tx.execute(delete(TriesRow).filter_by(subject=subject))


def delete_untouched(tx: Tx, before: datetime) -> None:
    """Delete counts of secrets that nobody tried since *before*."""
    tx.execute(delete(TriesRow).where(TriesRow.touched_at < before))
