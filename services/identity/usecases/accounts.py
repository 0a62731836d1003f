"""Accounts: opening one, logging in, and what merges of records do to it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from contracts.identity import AccountOpened
from services.chassis import audit
from services.chassis.db import Tx, new_id
from services.chassis.outbox import put_event
from services.identity.domain.accounts import UserIdTaken, fold_user_id, joined_records
from services.identity.store import accounts as store
from services.identity.store import holders, patients
from services.identity.usecases.access import narrow_access
from services.identity.usecases.contacts import account_contact, tell_of_devices
from services.identity.usecases.resting import settle_rest


@dataclass(frozen=True)
class NewAccount:
    """What an account is opened with; *password_hash* is made before the transaction, since hashing takes time."""

    user_id: str
    email: str
    password_hash: str = field(repr=False)
    language: Literal["en", "es"] | None = None


def open_account(tx: Tx, ask: NewAccount, patient_ids: Iterable[str], now: datetime, *, by: str = "matched") -> str:
    """Open an account that holds *patient_ids*, proven *by* (``matched``, ``staff``); gives its id.

    The caller has checked the password, the person and that no patient has a live account. Raises UserIdTaken.
    """
    account_id = new_id()
    is_new = store.add_account(
        tx,
        id=account_id,
        user_id=ask.user_id,
        user_id_folded=fold_user_id(ask.user_id),
        email=ask.email,
        password_hash=ask.password_hash,
        language=ask.language,
        opened_at=now,
    )
    if not is_new:
        raise UserIdTaken(field="userId")
    holder = f"account:{account_id}"
    holders.add_holder(tx, holder)
    for patient_id in patient_ids:
        store.add_record(tx, account_id, patient_id, by)
    join_records(tx, account_id)
    held = store.find_patient_ids(tx, account_id)
    put_event(tx, "identity", AccountOpened(id=account_id, version=1, at=now, patient_ids=held), now)
    account = store.find_account(tx, account_id)
    if account is not None:
        put_event(tx, "identity", account_contact(tx, account, now), now)
    settle_rest(tx, account_id, now)
    audit.record(tx, "identity", "account.open", now, object=holder, patient_id=held[0] if held else None)
    return account_id


def follow_merges(tx: Tx, patient_id: str, now: datetime) -> None:
    """Let the accounts that hold *patient_id* hold what its record was merged into, and no more what it was not."""
    for account_id in store.find_live_holders_of(tx, [patient_id]):
        before = set(store.find_patient_ids(tx, account_id))
        join_records(tx, account_id)
        after = set(store.find_patient_ids(tx, account_id))
        if before - after:
            narrow_access(tx, f"account:{account_id}", "patient-unmerged", now)
        tell_of_devices(tx, account_id, before ^ after, now)


def join_records(tx: Tx, account_id: str) -> None:
    """Let an account hold what the records that it has proven were merged into, and nothing else by merges."""
    proven = store.find_proven(tx, account_id)
    store.replace_joined(tx, account_id, joined_records(proven, patients.find_merged_into(tx, proven)))
