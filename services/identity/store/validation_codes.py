"""Codes that were mailed, and how many went to an address lately; neither code nor address stands here in clear."""

from datetime import datetime

from sqlalchemy import String, delete, select
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import JSON

from services.chassis.db import Tx, insert_new
from services.identity.domain.validation_codes import KeptCode, Purpose
from services.identity.store.base import Base


class ValidationCodeRow(Base):
    """The one code that is open for a purpose and what it is about (a registration, a reset)."""

    __tablename__ = "validation_code"
    purpose: Mapped[str] = mapped_column(String(32), primary_key=True)
    subject: Mapped[str] = mapped_column(String(96), primary_key=True)
    code_hash: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[datetime] = mapped_column(index=True)
    wrong_tries: Mapped[int]


class CodeMailsRow(Base):
    """The instants (RFC 3339) at which codes for a purpose went to an address within an hour."""

    __tablename__ = "code_mails"
    purpose: Mapped[str] = mapped_column(String(32), primary_key=True)
    address_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    sent_at: Mapped[list[str]] = mapped_column(JSON)
    touched_at: Mapped[datetime] = mapped_column(index=True)


def save_code(tx: Tx, purpose: Purpose, subject: str, kept: KeptCode) -> None:
    """Keep a new code; the one before it ends, with its tries."""
    tx.execute(delete(ValidationCodeRow).filter_by(purpose=purpose, subject=subject))
    values = {
        "purpose": purpose,
        "subject": subject,
        "code_hash": kept.code_hash,
        "expires_at": kept.expires_at,
        "wrong_tries": kept.wrong_tries,
    }
    insert_new(tx, ValidationCodeRow, values, ["purpose", "subject"])


def lock_code(tx: Tx, purpose: Purpose, subject: str) -> KeptCode | None:
    """Give the open code, locked until *tx* ends: other tries at it wait. None: there is none."""
    query = select(ValidationCodeRow).filter_by(purpose=purpose, subject=subject).with_for_update()
    row = tx.scalars(query.execution_options(populate_existing=True)).one_or_none()
    return KeptCode(row.code_hash, row.expires_at, row.wrong_tries) if row else None


def note_wrong_try(tx: Tx, purpose: Purpose, subject: str) -> None:
    """Count a wrong try at the code that ``lock_code`` gave in the same transaction."""
    tx.get_one(ValidationCodeRow, (purpose, subject)).wrong_tries += 1


def delete_code(tx: Tx, purpose: Purpose, subject: str) -> None:
    """Let the code pass no more."""
    tx.execute(delete(ValidationCodeRow).filter_by(purpose=purpose, subject=subject))


def lock_mails(tx: Tx, purpose: Purpose, address_hash: str, now: datetime) -> list[datetime]:
    """Give when codes went to an address, locked until *tx* ends."""
    key = {"purpose": purpose, "address_hash": address_hash}
    insert_new(tx, CodeMailsRow, {**key, "sent_at": [], "touched_at": now}, ["purpose", "address_hash"])
    query = select(CodeMailsRow).filter_by(**key).with_for_update().execution_options(populate_existing=True)
    return [datetime.fromisoformat(at) for at in tx.scalars(query).one().sent_at]


def save_mails(tx: Tx, purpose: Purpose, address_hash: str, sent: list[datetime], now: datetime) -> None:
    """Keep when codes went to an address, which ``lock_mails`` gave in the same transaction."""
    row = tx.get_one(CodeMailsRow, (purpose, address_hash))
    row.sent_at, row.touched_at = [at.isoformat() for at in sent], now


def delete_old(tx: Tx, codes_before: datetime, mails_before: datetime) -> None:
    """Delete codes that ended before the one instant and counts of mails that nothing touched since the other."""
    tx.execute(delete(ValidationCodeRow).where(ValidationCodeRow.expires_at < codes_before))
    tx.execute(delete(CodeMailsRow).where(CodeMailsRow.touched_at < mails_before))
