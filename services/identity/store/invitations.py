"""Invitations to open an account; the code's secret as a keyed hash alone."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import String, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from services.chassis.db import Tx, insert_new
from services.identity.store.base import Base
from services.identity.store.visits import VisitRow


class InvitationRow(Base):
    """An invitation."""

    __tablename__ = "invitation"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    patient_id: Mapped[str] = mapped_column(String(64), index=True)
    locator: Mapped[str] = mapped_column(String(8), unique=True)
    secret_hash: Mapped[str] = mapped_column(String(64))
    is_despite_protection: Mapped[bool]
    """Whether staff recorded a reason to invite a patient whose record is protected."""
    issued_by: Mapped[str] = mapped_column(String(64))
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]


def add_invitation(tx: Tx, **columns: Any) -> bool:
    """Add an invitation; False when its locator is taken."""
    return insert_new(tx, InvitationRow, {"used_at": None, **columns}, ["locator"])


def find_invitation(tx: Tx, invitation_id: str) -> InvitationRow | None:
    """Give an invitation by id."""
    return tx.get(InvitationRow, invitation_id)


def lock_by_locator(tx: Tx, locator: str) -> InvitationRow | None:
    """Give the invitation with *locator*, locked until *tx* ends: it is used once."""
    query = select(InvitationRow).filter_by(locator=locator).with_for_update()
    return tx.scalars(query.execution_options(populate_existing=True)).one_or_none()


def delete_unused(tx: Tx, patient_id: str) -> None:
    """Delete the invitations of a patient that nobody used."""
    tx.execute(delete(InvitationRow).where(InvitationRow.patient_id == patient_id, InvitationRow.used_at.is_(None)))


def delete_expired_before(tx: Tx, before: datetime) -> None:
    """Delete invitations that ended before *before*."""
    tx.execute(delete(InvitationRow).where(InvitationRow.expires_at < before))


def has_visit_at(tx: Tx, patient_id: str, locations: Collection[str] | None) -> bool:
    """Whether a patient has a visit at one of *locations*; None: everywhere is near."""
    if locations is None:
        return True
    query = select(VisitRow.id).where(VisitRow.patient_id == patient_id, VisitRow.location_id.in_(list(locations)))
    return tx.scalars(query.limit(1)).first() is not None
