"""Second factors of accounts: authenticator apps (TOTP) and passkeys."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, String, delete, func, select
from sqlalchemy.orm import Mapped, mapped_column

from services.chassis.db import Tx
from services.identity.store.base import Base


class SecondFactorRow(Base):
    """A second factor; it asks nothing of anybody before it is confirmed."""

    __tablename__ = "second_factor"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    """``totp`` or ``passkey``."""
    name: Mapped[str] = mapped_column(String(64))
    added_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    sealed_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Of an app: its secret, sealed for this row's id."""
    last_step: Mapped[int | None] = mapped_column(BigInteger)
    """Of an app: the newest time step whose code was taken; none up to it is taken again."""
    challenge: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Of a passkey that is not confirmed: what it must sign."""
    credential_id: Mapped[str | None] = mapped_column(String(1400), unique=True)
    """Of a passkey: base64url without padding; at most 1023 bytes (WebAuthn 3, section 4)."""
    public_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Of a passkey: COSE."""
    sign_count: Mapped[int | None] = mapped_column(BigInteger)


def add_factor(tx: Tx, **columns: Any) -> SecondFactorRow:
    """Add a factor that is not confirmed."""
    row = SecondFactorRow(**columns)
    tx.add(row)
    tx.flush()
    return row


def find_confirmed(tx: Tx, account_id: str) -> list[SecondFactorRow]:
    """Give the factors in use, oldest first."""
    query = select(SecondFactorRow).filter_by(account_id=account_id).where(SecondFactorRow.confirmed_at.is_not(None))
    return list(tx.scalars(query.order_by(SecondFactorRow.added_at, SecondFactorRow.id)))


def lock_confirmed(tx: Tx, account_id: str, kind: str) -> list[SecondFactorRow]:
    """Give the factors of *kind* in use, locked: what one of them took, none takes again at the same instant."""
    query = (
        select(SecondFactorRow)
        .filter_by(account_id=account_id, kind=kind)
        .where(SecondFactorRow.confirmed_at.is_not(None))
        .order_by(SecondFactorRow.id)
    )
    return list(tx.scalars(query.with_for_update().execution_options(populate_existing=True)))


def lock_factor(tx: Tx, account_id: str, factor_id: str) -> SecondFactorRow | None:
    """Give one factor of an account, confirmed or not, locked."""
    query = select(SecondFactorRow).filter_by(id=factor_id, account_id=account_id).with_for_update()
    return tx.scalars(query).one_or_none()


def lock_by_credential(tx: Tx, account_id: str, credential_id: str) -> SecondFactorRow | None:
    """Give an account's passkey with a credential id, if it is in use; locked."""
    query = select(SecondFactorRow).filter_by(credential_id=credential_id, account_id=account_id).with_for_update()
    row = tx.scalars(query).one_or_none()
    return row if row is not None and row.confirmed_at is not None else None


def has_credential(tx: Tx, credential_id: str) -> bool:
    """Whether a passkey with this credential id is anybody's."""
    return tx.scalars(select(SecondFactorRow.id).filter_by(credential_id=credential_id)).first() is not None


def count_factors(tx: Tx, account_id: str) -> int:
    """Count an account's factors, unconfirmed ones too."""
    return tx.scalars(select(func.count()).select_from(SecondFactorRow).filter_by(account_id=account_id)).one()


def delete_factor(tx: Tx, row: SecondFactorRow) -> None:
    """Delete a factor."""
    tx.delete(row)
    tx.flush()


def delete_factors(tx: Tx, account_id: str) -> int:
    """Delete every factor of an account; gives how many were in use."""
    confirmed = len(find_confirmed(tx, account_id))
    tx.execute(delete(SecondFactorRow).filter_by(account_id=account_id))
    return confirmed


def delete_unconfirmed(tx: Tx, before: datetime) -> None:
    """Delete factors added before *before* that were never confirmed."""
    gone = SecondFactorRow.confirmed_at.is_(None) & (SecondFactorRow.added_at < before)
    tx.execute(delete(SecondFactorRow).where(gone))
