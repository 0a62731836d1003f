"""Copies of patients, as the RIS knows them through ``exams``."""

from datetime import datetime

from contracts.exams import PatientDemographicsChanged, PatientMerged, PatientsJoined
from services.chassis.db import Tx
from services.identity.parts import Parts
from services.identity.store import accounts
from services.identity.store import patients as store
from services.identity.store.visits import fold_name
from services.identity.usecases.accounts import follow_merges
from services.identity.usecases.coming_of_age import find_of_age, note_contacts, note_late_contacts
from services.identity.usecases.contacts import tell_patient_contact
from services.identity.usecases.resting import settle_rest


def copy_demographics(tx: Tx, parts: Parts, told: PatientDemographicsChanged, now: datetime) -> None:
    """Keep what is newer than we have. A merge told later has a higher version, yet takes nothing of this away."""
    row = store.lock_patient(tx, told.id)
    if told.version <= row.version:
        note_late_contacts(tx, row, told, now)
        return
    before = _marks(tx, [told.id])
    row.version = told.version
    row.family_name, row.given_name, row.middle_name = told.name.family, told.name.given, told.name.middle
    row.family_name_folded = fold_name(told.name.family)
    row.birth_date, row.sex, row.postal_code = told.birth_date, told.sex, told.postal_code
    row.language, row.is_deceased, row.is_protected = told.language, told.is_deceased, told.is_protected
    store.replace_identifiers(tx, told.id, [(one.authority, one.mrn) for one in told.identifiers])
    note_contacts(row, told)
    row.of_age_at = find_of_age(tx, parts, row)
    tx.flush()
    tell_patient_contact(tx, row, now)
    _settle_marks(tx, before, now, told_already=told.id)


def copy_join(tx: Tx, told: PatientsJoined, now: datetime) -> None:
    """Keep that a record was merged into another, or is by itself again; accounts follow."""
    row = store.lock_patient(tx, told.from_patient_id)
    if told.version <= row.joined_version:
        return
    before = _marks(tx, [told.from_patient_id, told.into_patient_id])
    row.joined_version = told.version
    row.merged_into = told.into_patient_id if isinstance(told, PatientMerged) else None
    tx.flush()
    follow_merges(tx, told.from_patient_id, now)
    _settle_marks(tx, before, now)


def _marks(tx: Tx, patient_ids: list[str]) -> dict[str, store.Marks]:
    """Give how the records are marked that merges make one person's with any of *patient_ids*, by patient."""
    family = {one for patient_id in patient_ids for one in store.find_family(tx, patient_id)}
    return {one: store.find_marks(tx, one) for one in sorted(family)}


def _settle_marks(tx: Tx, before: dict[str, store.Marks], now: datetime, *, told_already: str | None = None) -> None:
    """Let accounts rest or wake, and tell contacts, whose marks are others than *before*."""
    changed = [one for one, marks in before.items() if store.find_marks(tx, one) != marks]
    for patient_id in changed:
        known = store.lock_patient(tx, patient_id)
        if known.contact_version and patient_id != told_already:
            tell_patient_contact(tx, known, now)
    for account_id in accounts.find_live_holders_of(tx, before):
        settle_rest(tx, account_id, now)
