"""Where push notices to a device go: one address a session, and one session an address."""

import hashlib
from collections import defaultdict
from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from services.chassis.db import Tx
from services.identity.store.accounts import AccountPatientRow, AccountRow
from services.identity.store.base import Base


class PushAddressRow(Base):
    """Where notices to the device of a session go."""

    __tablename__ = "push_address"
    session: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), index=True)
    platform: Mapped[str] = mapped_column(String(16))
    address: Mapped[str] = mapped_column(Text)
    """A token, or a browser's subscription as JSON."""
    address_hash: Mapped[str] = mapped_column(String(64), unique=True)
    ends_at: Mapped[datetime]
    """When the session ends whatever it does."""


def replace_address(
    tx: Tx, *, session: str, account_id: str, platform: str, address: str, ends_at: datetime
) -> str | None:
    """Keep where a session's device is told; gives the other account that had this device, if one had."""
    address_hash = hashlib.sha256(address.encode()).hexdigest()
    former = tx.scalars(select(PushAddressRow.account_id).filter_by(address_hash=address_hash)).one_or_none()
    is_same = (PushAddressRow.address_hash == address_hash) | (PushAddressRow.session == session)
    tx.execute(delete(PushAddressRow).where(is_same))
    tx.add(
        PushAddressRow(
            session=session,
            account_id=account_id,
            platform=platform,
            address=address,
            address_hash=address_hash,
            ends_at=ends_at,
        )
    )
    tx.flush()
    return former if former != account_id else None


def find_of_account(tx: Tx, account_id: str) -> list[PushAddressRow]:
    """Give where the devices of an account are told."""
    query = select(PushAddressRow).filter_by(account_id=account_id).order_by(PushAddressRow.session)
    return list(tx.scalars(query))


def find_of_patient(tx: Tx, patient_id: str) -> list[tuple[PushAddressRow, str | None]]:
    """Give where the devices of the accounts that hold a patient are told, each with its account's language."""
    of_patient = select(AccountPatientRow.account_id).filter_by(patient_id=patient_id)
    query = (
        select(PushAddressRow, AccountRow.language)
        .join(AccountRow, AccountRow.id == PushAddressRow.account_id)
        .where(PushAddressRow.account_id.in_(of_patient))
        .order_by(PushAddressRow.session)
    )
    return [(row, language) for row, language in tx.execute(query)]


def find_sessions(tx: Tx) -> dict[str, set[str]]:
    """Give the sessions whose devices are told, by account."""
    found: dict[str, set[str]] = defaultdict(set)
    for account_id, session in tx.execute(select(PushAddressRow.account_id, PushAddressRow.session)):
        found[account_id].add(session)
    return found


def delete_of_session(tx: Tx, session: str) -> str | None:
    """Delete where a session's device is told; gives its account, None when there was nothing."""
    gone = delete(PushAddressRow).filter_by(session=session).returning(PushAddressRow.account_id)
    return tx.scalars(gone).one_or_none()


def delete_of_account(tx: Tx, account_id: str) -> bool:
    """Delete where an account's devices are told; whether there was one."""
    gone = delete(PushAddressRow).filter_by(account_id=account_id).returning(PushAddressRow.session)
    return bool(tx.scalars(gone).all())
