"""Recovery codes by keyed hash; each lets its owner in once in place of another second factor."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ForeignKey, String, delete, func, select, update
from sqlalchemy.orm import Mapped, mapped_column

from services.chassis.db import Tx
from services.identity.store.base import Base


class RecoveryCodeRow(Base):
    """A code of an account, used or not."""

    __tablename__ = "recovery_code"
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), primary_key=True)
    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    used_at: Mapped[datetime | None]


def replace_codes(tx: Tx, account_id: str, code_hashes: Iterable[str]) -> None:
    """Let an account's codes be exactly these, unused."""
    tx.execute(delete(RecoveryCodeRow).filter_by(account_id=account_id))
    tx.add_all(RecoveryCodeRow(account_id=account_id, code_hash=one, used_at=None) for one in code_hashes)
    tx.flush()


def use_code(tx: Tx, account_id: str, code_hash: str, now: datetime) -> bool:
    """Use a code up; False when it is not the account's or was used. Of two at the same instant one succeeds."""
    unused = RecoveryCodeRow.used_at.is_(None)
    query = update(RecoveryCodeRow).filter_by(account_id=account_id, code_hash=code_hash).where(unused)
    return tx.scalars(query.values(used_at=now).returning(RecoveryCodeRow.code_hash)).first() is not None


def count_left(tx: Tx, account_id: str) -> int:
    """Count the codes that were not used."""
    query = select(func.count()).select_from(RecoveryCodeRow).filter_by(account_id=account_id)
    return tx.scalars(query.where(RecoveryCodeRow.used_at.is_(None))).one()
