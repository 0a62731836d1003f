"""Changes of an account's address that wait for the code mailed to the new one."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from services.chassis.db import Tx
from services.identity.store.base import Base


class EmailChangeRow(Base):
    """The one change of an account that is not done."""

    __tablename__ = "email_change"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), index=True)
    email: Mapped[str] = mapped_column(String(254))
    """The new address."""
    made_at: Mapped[datetime] = mapped_column(index=True)


def replace_change(tx: Tx, *, id: str, account_id: str, email: str, made_at: datetime) -> None:  # noqa: A002
    """Add a change; one of the account that waits ends."""
    delete_of_account(tx, account_id)
    tx.add(EmailChangeRow(id=id, account_id=account_id, email=email, made_at=made_at))


def lock_change(tx: Tx, account_id: str, change_id: str) -> EmailChangeRow | None:
    """Give a change of an account, locked until *tx* ends."""
    query = select(EmailChangeRow).filter_by(id=change_id, account_id=account_id).with_for_update()
    return tx.scalars(query.execution_options(populate_existing=True)).one_or_none()


def delete_of_account(tx: Tx, account_id: str) -> None:
    """Delete an account's change that waits, if there is one."""
    tx.execute(delete(EmailChangeRow).where(EmailChangeRow.account_id == account_id))


def delete_made_before(tx: Tx, before: datetime) -> None:
    """Delete the changes made before *before*."""
    tx.execute(delete(EmailChangeRow).where(EmailChangeRow.made_at < before))
