"""Notices to devices: where they go, told to the notifier, and nowhere any more once a device is logged out."""

from dataclasses import dataclass, field
from datetime import datetime

from services.chassis import audit, refresh
from services.chassis.caller import Caller
from services.chassis.db import Tx
from services.identity.domain.devices import DeviceNotFound
from services.identity.domain.pushes import Platform
from services.identity.store import accounts, patients
from services.identity.store import pushes as store
from services.identity.usecases.contacts import tell_account_contact, tell_patient_contact
from services.identity.usecases.own_account import lock_own_account


@dataclass(frozen=True)
class Destination:
    """Where a device's notices go: an app's token, or a browser's subscription as JSON."""

    platform: Platform
    address: str = field(repr=False)


def set_push(tx: Tx, caller: Caller, session: str, to: Destination | None, now: datetime) -> None:
    """Let the device of one of *caller*'s sessions be told at *to*, until the session ends; None: no more.

    A device that another account had is told nothing of that one any more. Raises DeviceNotFound, SessionOver.
    """
    account = lock_own_account(tx, caller)
    ends_at = {one.session: one.ends_at for one in refresh.find_open(tx, caller.holder, now)}
    if session not in ends_at:
        raise DeviceNotFound
    former = None
    if to is None:
        store.delete_of_session(tx, session)
    else:
        former = store.replace_address(
            tx,
            session=session,
            account_id=account.id,
            platform=to.platform,
            address=to.address,
            ends_at=ends_at[session],
        )
    for account_id in sorted({account.id, former or account.id}):
        _tell(tx, account_id, now)
    audit.record(tx, "identity", "push.change", now, caller=caller, object=f"session:{session}")


def _tell(tx: Tx, account_id: str, now: datetime) -> None:
    """Tell the notifier where the devices of an account are told now, of the account and of the patients it holds."""
    account = accounts.lock_account(tx, account_id)
    if account is not None:
        tell_account_contact(tx, account, now)
    for patient_id in accounts.find_patient_ids(tx, account_id):
        tell_patient_contact(tx, patients.lock_patient(tx, patient_id), now)


def forget_session(tx: Tx, session: str, now: datetime) -> None:
    """Tell the device of a session that has ended nothing any more."""
    account_id = store.delete_of_session(tx, session)
    if account_id is not None:
        _tell(tx, account_id, now)


def forget_holder(tx: Tx, holder: str, now: datetime) -> None:
    """Tell the devices of *holder*, whose sessions have all ended, nothing any more."""
    kind, _, account_id = holder.partition(":")
    if kind == "account" and store.delete_of_account(tx, account_id):
        _tell(tx, account_id, now)


def forget_over(tx: Tx, now: datetime) -> None:
    """Tell devices nothing any more whose sessions ended by themselves: idle too long, or at their date."""
    for account_id, sessions in store.find_sessions(tx).items():
        still_open = {one.session for one in refresh.find_open(tx, f"account:{account_id}", now)}
        for session in sorted(sessions - still_open):
            forget_session(tx, session, now)
