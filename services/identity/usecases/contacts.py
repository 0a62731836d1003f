"""Telling the notifier where to write to accounts' owners and to patients."""

from collections.abc import Iterable
from datetime import datetime
from typing import cast

from contracts.messages import About, ContactChanged, PushAddress
from services.chassis.db import Tx
from services.chassis.outbox import put_event
from services.identity.domain.contacts import usable_contacts
from services.identity.domain.languages import portal_language
from services.identity.domain.pushes import Platform
from services.identity.store import accounts, patients, pushes


def account_contact(tx: Tx, account: accounts.AccountRow, now: datetime) -> ContactChanged:
    """Give where to write to an account's owner: nowhere once it is closed, or while it is frozen or at rest."""
    holder = f"account:{account.id}"
    devices = pushes.find_of_account(tx, account.id) if account.is_live else []
    return ContactChanged(
        id=f"holder:{holder}",
        version=account.contact_version,
        at=now,
        about=About(kind="holder", id=holder),
        emails=[account.email] if account.is_live else [],
        phone=None,
        language=portal_language(account.language),
        wants=["*"] if account.is_live else [],
        pushes=[_push(row, account.language) for row in devices],
    )


def tell_account_contact(tx: Tx, account: accounts.AccountRow, now: datetime) -> None:
    """Tell where to write to an account's owner now; *account* is locked."""
    account.contact_version += 1
    put_event(tx, "identity", account_contact(tx, account, now), now)


def patient_contact(tx: Tx, row: patients.PatientRow, now: datetime) -> ContactChanged:
    """Give where to write to a patient: nowhere for a deceased one, nor for one whose record is protected.

    Of who came of age, to contacts recorded since alone.
    """
    is_silent = patients.find_marks(tx, row.id).is_silent
    devices = [] if is_silent else pushes.find_of_patient(tx, row.id)
    emails, phones = usable(row, now)
    return ContactChanged(
        id=f"patient:{row.id}",
        version=row.contact_version,
        at=now,
        about=About(kind="patient", id=row.id),
        emails=[] if is_silent else emails,
        phone=None if is_silent else next(iter(phones), None),
        language=portal_language(row.language),
        wants=[] if is_silent else ["*"],
        pushes=[_push(device, language) for device, language in devices],
    )


def usable(row: patients.PatientRow, now: datetime) -> tuple[list[str], list[str]]:
    """Give the addresses and numbers that a patient may be written to at: a guardian's no more from 18 on."""
    emails, phones = (usable_contacts(some, row.contact_since, row.of_age_at, now) for some in (row.emails, row.phones))
    return emails, phones


def note_minor(row: patients.PatientRow, now: datetime) -> None:
    """Note until when the patient is a minor, whose contact is to be told anew then."""
    row.minor_until = row.of_age_at if row.of_age_at is not None and now < row.of_age_at else None


def _push(row: pushes.PushAddressRow, language: str | None) -> PushAddress:
    return PushAddress(
        platform=cast("Platform", row.platform),
        address=row.address,
        language=portal_language(language),
        ends_at=row.ends_at,
    )


def tell_patient_contact(tx: Tx, row: patients.PatientRow, now: datetime) -> None:
    """Tell where to write to a patient now; *row* is locked."""
    row.contact_version += 1
    note_minor(row, now)
    put_event(tx, "identity", patient_contact(tx, row, now), now)


def tell_of_devices(tx: Tx, account_id: str, patient_ids: Iterable[str], now: datetime) -> None:
    """Tell where to write to patients that an account holds since now, or holds no more, if any device is told."""
    if pushes.find_of_account(tx, account_id):
        for patient_id in sorted(patient_ids):
            tell_patient_contact(tx, patients.lock_patient(tx, patient_id), now)
