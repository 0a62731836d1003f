"""Get Help requests; the code that came with one is kept as the id of what it proved, never as it was typed."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Index, String, Text, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from services.chassis.db import Tx
from services.identity.domain.help_requests import FIRST, HelpKind, HelpState, VerifiedBy
from services.identity.store.base import Base


class HelpRequestRow(Base):
    """One request."""

    __tablename__ = "help_request"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[HelpKind] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(200))
    contact: Mapped[str] = mapped_column(String(254))
    """An e-mail address or a phone number, as it was typed."""
    birth_date: Mapped[date | None]
    message: Mapped[str] = mapped_column(Text)
    language: Mapped[str | None] = mapped_column(String(2))
    icode_id: Mapped[str | None] = mapped_column(String(64))
    """The code whose right secret came with it; None: none, or a wrong one."""
    tries_subject: Mapped[str | None] = mapped_column(String(96))
    """Under what wrong tries at the code's locator are counted: a keyed hash."""
    made_at: Mapped[datetime] = mapped_column(index=True)
    state: Mapped[HelpState] = mapped_column(String(16))
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[str | None] = mapped_column(String(64))
    verified_by: Mapped[VerifiedBy | None] = mapped_column(String(32))
    note: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int]
    """Of the events told of it."""
    __table_args__ = (Index("ix_help_request_state", "state", "made_at"),)


def add_request(tx: Tx, **columns: Any) -> None:
    """Add an open request."""
    tx.add(HelpRequestRow(state="open", version=1, **columns))


def lock_request(tx: Tx, request_id: str) -> HelpRequestRow | None:
    """Give a request, locked until *tx* ends: one answer alone is given to it."""
    return tx.scalars(select(HelpRequestRow).filter_by(id=request_id).with_for_update()).one_or_none()


def find_requests(tx: Tx, state: HelpState, limit: int, offset: int) -> list[HelpRequestRow]:
    """Give requests: of another's exam first, then the oldest."""
    query = (
        select(HelpRequestRow)
        .filter_by(state=state)
        .order_by((HelpRequestRow.kind != FIRST), HelpRequestRow.made_at, HelpRequestRow.id)
        .limit(limit)
        .offset(offset)
    )
    return list(tx.scalars(query))


def delete_made_before(tx: Tx, before: datetime) -> None:
    """Delete requests made before *before*, answered or not."""
    tx.execute(delete(HelpRequestRow).where(HelpRequestRow.made_at < before))
