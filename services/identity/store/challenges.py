"""Challenges: what somebody must answer to come in, each with its tries counted."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String, delete, select, update
from sqlalchemy.orm import Mapped, mapped_column

from services.chassis.db import Tx
from services.identity.store.base import Base


class ChallengeRow(Base):
    """A log-in that waits for its second factor, or for a passkey in place of a password."""

    __tablename__ = "challenge"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[str | None] = mapped_column(ForeignKey("account.id"), index=True)
    """Whose password was right; None: nobody's yet, a passkey alone will say who comes."""
    asked: Mapped[bytes] = mapped_column(LargeBinary)
    """What a passkey must sign."""
    tries: Mapped[int]
    made_at: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]


def add_challenge(tx: Tx, *, id: str, account_id: str | None, asked: bytes, made_at: datetime) -> None:  # noqa: A002
    """Add a challenge that nobody tried."""
    tx.add(ChallengeRow(id=id, account_id=account_id, asked=asked, tries=0, made_at=made_at, ended_at=None))


def lock_challenge(tx: Tx, challenge_id: str) -> ChallengeRow | None:
    """Give a challenge, locked until *tx* ends; other tries at it wait."""
    return tx.scalars(select(ChallengeRow).filter_by(id=challenge_id).with_for_update()).one_or_none()


def end_challenges(tx: Tx, account_id: str, now: datetime) -> None:
    """End every open challenge of an account."""
    open_ones = update(ChallengeRow).filter_by(account_id=account_id).where(ChallengeRow.ended_at.is_(None))
    tx.execute(open_ones.values(ended_at=now))


def delete_made_before(tx: Tx, before: datetime) -> None:
    """Delete the challenges made before *before*."""
    tx.execute(delete(ChallengeRow).where(ChallengeRow.made_at < before))
