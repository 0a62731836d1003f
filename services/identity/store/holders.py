"""Holders: what a caller's access hangs on, each with the version that its tokens carry."""

from typing import Any

from sqlalchemy import JSON, String, select
from sqlalchemy.orm import Mapped, mapped_column

from services.chassis.db import Tx
from services.identity.store.base import Base


class HolderRow(Base):
    """A holder (``icode:…``, ``account:…``, ``staff:…``, ``system:…``); tokens older than *version* are refused."""

    __tablename__ = "holder"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    version: Mapped[int]


class ICodeHolderRow(Base):
    """Some or all exams of a visit, as one code after another opens them: packages and shares hang on it (S65)."""

    __tablename__ = "icode_holder"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    visit_id: Mapped[str] = mapped_column(String(64), index=True)
    exam_ids: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    """Sorted; None: all exams of the visit."""


def add_holder(tx: Tx, holder: str) -> None:
    """Add a holder at version 1."""
    tx.add(HolderRow(id=holder, version=1))


def find_version(tx: Tx, holder: str) -> int:
    """Give the version that a token of *holder* carries now."""
    return tx.scalars(select(HolderRow.version).filter_by(id=holder)).one()


def raise_version(tx: Tx, holder: str) -> int:
    """Raise the version of *holder* and give it."""
    row = tx.scalars(select(HolderRow).filter_by(id=holder).with_for_update()).one()
    row.version += 1
    return row.version


def find_narrowed(tx: Tx) -> list[HolderRow]:
    """Give the holders whose access was ever taken back or narrowed."""
    return list(tx.scalars(select(HolderRow).where(HolderRow.version > 1).order_by(HolderRow.id)))


def find_icode_holder(tx: Tx, holder: str) -> ICodeHolderRow | None:
    """Give what *holder* (``icode:…``) opens."""
    return tx.get(ICodeHolderRow, holder)


def find_icode_holders(tx: Tx, visit_id: str) -> list[ICodeHolderRow]:
    """Give the I-Code holders of a visit."""
    return list(tx.scalars(select(ICodeHolderRow).filter_by(visit_id=visit_id).order_by(ICodeHolderRow.id)))


def add_icode_holder(tx: Tx, **columns: Any) -> ICodeHolderRow:
    """Add what a new holder (its row from ``add_holder``) opens."""
    row = ICodeHolderRow(**columns)
    tx.add(row)
    return row
