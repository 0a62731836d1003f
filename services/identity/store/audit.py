"""The merged audit: every service's acts, each with its place in that service's chain. Append-only."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, String, Text, select
from sqlalchemy.orm import Mapped, mapped_column

from services.chassis.db import Tx, insert_new
from services.identity.store.base import Base


class AuditEntryRow(Base):
    """One act of one service."""

    __tablename__ = "audit_entry"
    service: Mapped[str] = mapped_column(String(32), primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(index=True)
    actor: Mapped[str] = mapped_column(String(100), index=True)
    action: Mapped[str] = mapped_column(String(64))
    patient_id: Mapped[str | None] = mapped_column(String(64), index=True)
    object: Mapped[str | None] = mapped_column(String(128), index=True)
    outcome: Mapped[str] = mapped_column(String(16))
    from_address: Mapped[str | None] = mapped_column(String(64))
    person: Mapped[str | None] = mapped_column(String(200))
    """The name that somebody typed who has none here."""
    device: Mapped[str | None] = mapped_column(String(64))
    """The kind of device."""
    body: Mapped[str] = mapped_column(Text)
    """The whole act, the text that is hashed."""
    hash: Mapped[str] = mapped_column(String(64))


def append(tx: Tx, **columns: Any) -> bool:
    """Append an act; False when one stands at its place already."""
    return insert_new(tx, AuditEntryRow, columns, ["service", "position"])


def find_hash(tx: Tx, service: str, position: int) -> str | None:
    """Give the hash of the act at a place of a chain."""
    row = tx.get(AuditEntryRow, (service, position))
    return row.hash if row else None


def find_chain(tx: Tx, service: str) -> Iterator[AuditEntryRow]:
    """Give the acts of one service in the order of its chain, a thousand at a time: there are 6 years of them."""
    query = select(AuditEntryRow).filter_by(service=service).order_by(AuditEntryRow.position)
    yield from tx.scalars(query.execution_options(yield_per=1000))


def find_services(tx: Tx) -> list[str]:
    """Give the services of whose acts we know."""
    return sorted(tx.scalars(select(AuditEntryRow.service).distinct()))
