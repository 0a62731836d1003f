"""Accounts: who may log in, and the patients whose records they hold."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, delete, func, select
from sqlalchemy.orm import Mapped, mapped_column

from services.chassis.db import Tx, insert_new
from services.identity.store.base import Base

JOINED = "merge:"
"""Before the patient from whom a record came to an account by a merge."""


class AccountRow(Base):
    """An account; its holder is ``account:<id>``."""

    __tablename__ = "account"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[str] = mapped_column(String(100))
    user_id_folded: Mapped[str] = mapped_column(String(100), unique=True)
    email: Mapped[str] = mapped_column(String(254), index=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    language: Mapped[str | None] = mapped_column(String(20))
    theme: Mapped[str | None] = mapped_column(String(8))
    """``light``, ``dark`` or ``auto``; None: not chosen."""
    opened_at: Mapped[datetime]
    frozen_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    rests_at: Mapped[datetime | None]
    """Since when nobody logs in and no letter goes out: a record that it holds is marked deceased."""
    version: Mapped[int]
    """Of the events told of it."""
    contact_version: Mapped[int]
    """Of what was told of its contact."""
    __table_args__ = (Index("ix_account_email_lower", func.lower(email)),)

    @property
    def is_live(self) -> bool:
        """Whether its owner gets in and is written to: neither closed nor frozen nor at rest."""
        return self.closed_at is None and self.frozen_at is None and self.rests_at is None


class AccountPatientRow(Base):
    """A record that an account holds, and by what: ``matched``, ``icode``, ``staff``, or ``merge:<patient>``."""

    __tablename__ = "account_patient"
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), primary_key=True)
    patient_id: Mapped[str] = mapped_column(String(64), primary_key=True, index=True)
    by: Mapped[str] = mapped_column(String(80), primary_key=True)


def add_account(tx: Tx, **columns: Any) -> bool:
    """Add an account; False when the User ID is taken."""
    values = {"frozen_at": None, "closed_at": None, "rests_at": None, "version": 1, "contact_version": 1, **columns}
    return insert_new(tx, AccountRow, values, ["user_id_folded"])


def add_record(tx: Tx, account_id: str, patient_id: str, by: str) -> bool:
    """Let an account hold a patient's records; False when it did so by the same."""
    values = {"account_id": account_id, "patient_id": patient_id, "by": by}
    return insert_new(tx, AccountPatientRow, values, ["account_id", "patient_id", "by"])


def find_account(tx: Tx, account_id: str) -> AccountRow | None:
    """Give an account by id."""
    return tx.get(AccountRow, account_id)


def lock_account(tx: Tx, account_id: str) -> AccountRow | None:
    """Give an account by id as it is now, locked: two changes of how it is come in by wait for each other."""
    query = select(AccountRow).filter_by(id=account_id).with_for_update().execution_options(populate_existing=True)
    return tx.scalars(query).one_or_none()


def find_account_by_user_id(tx: Tx, user_id_folded: str) -> AccountRow | None:
    """Give an account by User ID."""
    return tx.scalars(select(AccountRow).filter_by(user_id_folded=user_id_folded)).one_or_none()


def find_live_by_email(tx: Tx, email: str) -> list[AccountRow]:
    """Give the live accounts that have an address, in any case; oldest first."""
    is_live = AccountRow.closed_at.is_(None) & AccountRow.frozen_at.is_(None) & AccountRow.rests_at.is_(None)
    query = select(AccountRow).where(func.lower(AccountRow.email) == email.strip().lower(), is_live)
    return list(tx.scalars(query.order_by(AccountRow.opened_at, AccountRow.id)))


def find_live(tx: Tx) -> list[AccountRow]:
    """Give the accounts that are not closed."""
    return list(tx.scalars(select(AccountRow).where(AccountRow.closed_at.is_(None)).order_by(AccountRow.id)))


def find_patient_ids(tx: Tx, account_id: str) -> list[str]:
    """Give the patients whose records an account holds, sorted."""
    query = select(AccountPatientRow.patient_id).filter_by(account_id=account_id).distinct()
    return sorted(tx.scalars(query))


def find_live_holders_of(tx: Tx, patient_ids: Iterable[str]) -> list[str]:
    """Give the ids of the live accounts that hold one of the patients."""
    query = (
        select(AccountPatientRow.account_id)
        .join(AccountRow, AccountRow.id == AccountPatientRow.account_id)
        .where(AccountPatientRow.patient_id.in_(list(patient_ids)), AccountRow.closed_at.is_(None))
        .distinct()
    )
    return sorted(tx.scalars(query))


def find_records(tx: Tx, account_id: str) -> list[AccountPatientRow]:
    """Give what an account holds and by what."""
    return list(tx.scalars(select(AccountPatientRow).filter_by(account_id=account_id)))


def find_proven(tx: Tx, account_id: str) -> list[str]:
    """Give the patients whose records an account holds by more than a merge, sorted."""
    return sorted({row.patient_id for row in find_records(tx, account_id) if not row.by.startswith(JOINED)})


def replace_joined(tx: Tx, account_id: str, joined: set[tuple[str, str]]) -> None:
    """Let what an account holds through merges be exactly *joined*: ``(patient, from)``."""
    of_merges = AccountPatientRow.by.startswith(JOINED, autoescape=True)
    tx.execute(delete(AccountPatientRow).where(AccountPatientRow.account_id == account_id, of_merges))
    for patient_id, from_patient in sorted(joined):
        add_record(tx, account_id, patient_id, JOINED + from_patient)


def delete_record(tx: Tx, account_id: str, patient_id: str) -> None:
    """Let an account hold a patient's records no more, by whatever it did."""
    tx.execute(delete(AccountPatientRow).filter_by(account_id=account_id, patient_id=patient_id))
