"""Portal Passes that can still be printed: the one place where a code is kept, sealed, for 15 minutes."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String, delete
from sqlalchemy.orm import Mapped, mapped_column

from services.chassis.db import Tx
from services.identity.store.base import Base


class PortalPassRow(Base):
    """The code of one Pass, sealed with a key that is not in the database."""

    __tablename__ = "portal_pass"
    icode_id: Mapped[str] = mapped_column(ForeignKey("icode.id"), primary_key=True)
    session: Mapped[str] = mapped_column(String(64))
    """Of the member of staff who issued the code."""
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime] = mapped_column(index=True)


def add_pass(tx: Tx, *, icode_id: str, session: str, sealed: bytes, made_at: datetime) -> None:
    """Keep a Pass."""
    tx.add(PortalPassRow(icode_id=icode_id, session=session, sealed=sealed, made_at=made_at))
    tx.flush()


def find_pass(tx: Tx, icode_id: str, session: str) -> PortalPassRow | None:
    """Give the Pass of a code, to the session that issued it alone."""
    row = tx.get(PortalPassRow, icode_id)
    return row if row is not None and row.session == session else None


def delete_pass(tx: Tx, icode_id: str) -> None:
    """Delete the Pass of a code, if there is one."""
    tx.execute(delete(PortalPassRow).filter_by(icode_id=icode_id))


def delete_made_until(tx: Tx, until: datetime) -> None:
    """Delete the Passes made at *until* or before."""
    tx.execute(delete(PortalPassRow).where(PortalPassRow.made_at <= until))
