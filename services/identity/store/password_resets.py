"""Resets of forgotten passwords that wait for their code; those for nobody's account stand here alike."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from services.chassis.db import Tx
from services.identity.store.base import Base


class PasswordResetRow(Base):
    """A reset that was asked for and is not done."""

    __tablename__ = "password_reset"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[str | None] = mapped_column(ForeignKey("account.id"), index=True)
    """None: no code of it was mailed to anybody."""
    subject: Mapped[str] = mapped_column(String(96))
    """Under what wrong codes are counted over all resets of one account, or of one name that nobody has."""
    made_at: Mapped[datetime] = mapped_column(index=True)


def add_reset(tx: Tx, *, id: str, account_id: str | None, subject: str, made_at: datetime) -> None:  # noqa: A002
    """Add a reset."""
    tx.add(PasswordResetRow(id=id, account_id=account_id, subject=subject, made_at=made_at))


def find_reset(tx: Tx, reset_id: str) -> PasswordResetRow | None:
    """Give a reset."""
    return tx.get(PasswordResetRow, reset_id)


def lock_reset(tx: Tx, reset_id: str) -> PasswordResetRow | None:
    """Give a reset as it is now, locked until *tx* ends."""
    query = select(PasswordResetRow).filter_by(id=reset_id).with_for_update()
    return tx.scalars(query.execution_options(populate_existing=True)).one_or_none()


def delete_of_account(tx: Tx, account_id: str) -> None:
    """Delete every reset of an account."""
    tx.execute(delete(PasswordResetRow).where(PasswordResetRow.account_id == account_id))


def delete_made_before(tx: Tx, before: datetime) -> None:
    """Delete the resets made before *before*."""
    tx.execute(delete(PasswordResetRow).where(PasswordResetRow.made_at < before))
