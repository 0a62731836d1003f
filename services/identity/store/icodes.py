"""I-Codes: a row for each that was ever printed; the secret as argon2id alone."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from services.chassis.db import Tx, insert_new
from services.identity.store.base import Base
from services.identity.store.holders import ICodeHolderRow


class ICodeRow(Base):
    """One printed code."""

    __tablename__ = "icode"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    holder: Mapped[str] = mapped_column(ForeignKey("icode_holder.id"), index=True)
    locator: Mapped[str] = mapped_column(String(8), unique=True)
    secret_hash: Mapped[str] = mapped_column(String(200))
    issued_by: Mapped[str] = mapped_column(String(64))
    issued_for: Mapped[str | None] = mapped_column(String(64))
    """The patient whose the visit was then; None: printed before we kept it."""
    has_changed_hands: Mapped[bool]
    """Whether the visit was another patient's since, if only by a merge."""
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_reason: Mapped[str | None] = mapped_column(String(64))
    """``reprinted``, ``corrected``, ``unmerged``, or what staff said of a lost one."""
    expiry_told_at: Mapped[datetime | None]
    version: Mapped[int]
    """Of the events told of it."""
    __table_args__ = (Index("ix_icode_expiry", "expiry_told_at", "expires_at"),)


def add_icode(tx: Tx, **columns: Any) -> bool:
    """Add a code; False when its locator is taken."""
    values = {"ended_at": None, "ended_reason": None, "expiry_told_at": None, "version": 1}
    values |= {"has_changed_hands": False, **columns}
    return insert_new(tx, ICodeRow, values, ["locator"])


def find_by_locator(tx: Tx, locator: str) -> ICodeRow | None:
    """Give the code with *locator*."""
    return tx.scalars(select(ICodeRow).filter_by(locator=locator)).one_or_none()


def find_icode(tx: Tx, icode_id: str) -> ICodeRow | None:
    """Give a code by its id, locked for whoever changes it."""
    return tx.scalars(select(ICodeRow).filter_by(id=icode_id).with_for_update()).one_or_none()


def find_unended(tx: Tx, holders: Collection[str]) -> list[ICodeRow]:
    """Give the codes of *holders* that nothing but time ends, locked."""
    query = select(ICodeRow).where(ICodeRow.holder.in_(holders), ICodeRow.ended_at.is_(None)).with_for_update()
    return list(tx.scalars(query))


def find_icodes_of_visit(tx: Tx, visit_id: str) -> list[tuple[ICodeRow, ICodeHolderRow]]:
    """Give all codes ever printed for a visit with what they open, newest first."""
    query = (
        select(ICodeRow, ICodeHolderRow)
        .join(ICodeHolderRow, ICodeRow.holder == ICodeHolderRow.id)
        .where(ICodeHolderRow.visit_id == visit_id)
        .order_by(ICodeRow.issued_at.desc(), ICodeRow.id)
    )
    return [(icode, holder) for icode, holder in tx.execute(query)]


def find_newly_expired(tx: Tx, now: datetime, limit: int) -> list[ICodeRow]:
    """Give codes whose 90 days are over at *now*, and of whose end nobody was told."""
    query = (
        select(ICodeRow)
        .where(ICodeRow.expiry_told_at.is_(None), ICodeRow.ended_at.is_(None), ICodeRow.expires_at <= now)
        .order_by(ICodeRow.expires_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return list(tx.scalars(query))


def delete_long_gone(tx: Tx, before: datetime) -> None:
    """Delete codes that expired before *before*: their locators are free again."""
    tx.execute(delete(ICodeRow).where(ICodeRow.expires_at < before))
