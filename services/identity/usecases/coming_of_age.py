"""The 18th birthday: contacts recorded before it are neither written to nor matched on until confirmed (S64, S68)."""

from datetime import datetime

from contracts.exams import PatientDemographicsChanged
from services.chassis import audit
from services.chassis.caller import Caller
from services.chassis.db import Tx
from services.identity.domain.ages import of_age_at
from services.identity.domain.contacts import since_told, since_told_late
from services.identity.domain.invitations import PatientNotFound
from services.identity.domain.staff_accounts import Check
from services.identity.parts import Parts
from services.identity.store import patients as store
from services.identity.store import visits
from services.identity.usecases.contacts import note_minor, tell_patient_contact, usable

TELL_AT_ONCE = 100


def note_contacts(row: store.PatientRow, told: PatientDemographicsChanged) -> None:
    """Keep the contacts of a newer state; one that stood there before is no newer by being told again."""
    row.contact_since = since_told([*told.phones, *told.emails], told.at, row.contact_since)
    row.phones, row.emails = told.phones, told.emails


def note_late_contacts(tx: Tx, row: store.PatientRow, told: PatientDemographicsChanged, now: datetime) -> None:
    """Learn from an older state, heard late, that a contact was on record earlier than we knew."""
    before = usable(row, now)
    row.contact_since = since_told_late([*told.phones, *told.emails], told.at, row.contact_since)
    if usable(row, now) != before:
        tell_patient_contact(tx, row, now)


def find_of_age(tx: Tx, parts: Parts, row: store.PatientRow) -> datetime | None:
    """Give when a patient's 18th birthday begins, at the first of the sites that they visit; None: born we know not."""
    if row.birth_date is None:
        return None
    visited = visits.find_location_ids(tx, row.id) or [""]
    return min(of_age_at(row.birth_date, parts.time_zone(one)) for one in visited)


def settle_of_age(tx: Tx, parts: Parts, patient_id: str, now: datetime) -> None:
    """Reckon a patient's coming of age anew, of whom a visit was told."""
    known = store.find_patient(tx, patient_id)
    if known is None or not known.version:
        return
    row = store.lock_patient(tx, patient_id)
    before = usable(row, now)
    row.of_age_at = find_of_age(tx, parts, row)
    note_minor(row, now)
    if usable(row, now) != before:
        tell_patient_contact(tx, row, now)


def tell_of_age(tx: Tx, now: datetime) -> int:
    """Tell where to write to patients who came of age: nowhere that was recorded before; gives how many."""
    rows = store.lock_come_of_age(tx, now, TELL_AT_ONCE)
    for row in rows:
        tell_patient_contact(tx, row, now)
    return len(rows)


def confirm_contacts(tx: Tx, caller: Caller, patient_id: str, check: Check, now: datetime) -> None:
    """Let the contacts on record be the patient's own, after a check that stands on record.

    Raises PatientNotFound, ReasonNeeded.
    """
    known = store.find_patient(tx, patient_id)
    if known is None or not known.version:
        raise PatientNotFound
    row = store.lock_patient(tx, patient_id)
    reason = check.reason()
    row.contact_since = since_told([*row.phones, *row.emails], now, {})
    tell_patient_contact(tx, row, now)
    audit.record(tx, "identity", "contact.confirm", now, caller=caller, patient_id=patient_id, reason=reason)
