"""Patients, their identifiers and visits."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select

from services.chassis.db import Tx, new_id
from services.exams.store.tables import IdentifierRow, PatientRow, VisitRow


def find_patient(tx: Tx, patient_id: str) -> PatientRow:
    """Give a patient that is known to exist."""
    return tx.get_one(PatientRow, patient_id)


def find_patient_by_identifier(tx: Tx, authority: str, mrn: str) -> PatientRow | None:
    """Give the patient whose number this is, as the RIS has it: before merges."""
    row = tx.get(IdentifierRow, (authority, mrn))
    return None if row is None else find_patient(tx, row.patient_id)


def add_patient(tx: Tx, now: datetime) -> PatientRow:
    """Give a new patient of whom nothing is known."""
    row = PatientRow(id=new_id(), sex="U", phones=[], emails=[], field_told={}, version=0, changed_at=now)
    row.family = row.given = row.middle = ""
    row.is_deceased = row.is_protected = False
    tx.add(row)
    tx.flush()
    return row


def add_identifiers(tx: Tx, patient_id: str, identifiers: Iterable[tuple[str, str]]) -> None:
    """Note (authority, MRN) pairs as the patient's; one that is another's stays theirs: similar is never linked."""
    for authority, mrn in identifiers:
        if tx.get(IdentifierRow, (authority, mrn)) is None:
            tx.add(IdentifierRow(authority=authority, mrn=mrn, patient_id=patient_id))
            tx.flush()


def find_identifiers(tx: Tx, patient_ids: Iterable[str]) -> list[IdentifierRow]:
    """Give the identifiers of some patients, in fixed order."""
    query = select(IdentifierRow).where(IdentifierRow.patient_id.in_(list(patient_ids)))
    return list(tx.scalars(query.order_by(IdentifierRow.authority, IdentifierRow.mrn)))


def find_living(tx: Tx, patient_id: str) -> PatientRow:
    """Give the record that a patient's was merged into, in the end; itself when it was not."""
    seen = {patient_id}
    row = find_patient(tx, patient_id)
    while row.merged_into_id is not None and row.merged_into_id not in seen:
        seen.add(row.merged_into_id)
        row = find_patient(tx, row.merged_into_id)
    return row


def find_family(tx: Tx, patient_id: str) -> list[str]:
    """Give the ids of a patient and of all that were merged into it."""
    found = [patient_id]
    level = [patient_id]
    while level:
        query = select(PatientRow.id).where(PatientRow.merged_into_id.in_(level), PatientRow.id.not_in(found))
        level = list(tx.scalars(query))
        found += level
    return found


def find_mrns(tx: Tx, patient_id: str) -> frozenset[str]:
    """Give every MRN of a patient and of those merged into it."""
    return frozenset(row.mrn for row in find_identifiers(tx, find_family(tx, patient_id)))


def find_patients_of_mrn(tx: Tx, mrn: str) -> list[str]:
    """Give the ids of the patients who have that MRN, whoever assigned it."""
    return list(tx.scalars(select(IdentifierRow.patient_id).filter_by(mrn=mrn).order_by(IdentifierRow.patient_id)))


def find_visit(tx: Tx, visit_id: str) -> VisitRow:
    """Give a visit that is known to exist."""
    return tx.get_one(VisitRow, visit_id)


def find_visit_by_number(tx: Tx, authority: str, visit_number: str) -> VisitRow | None:
    """Give the visit of that number (PV1-19)."""
    return tx.scalars(select(VisitRow).filter_by(authority=authority, visit_number=visit_number)).one_or_none()


def add_visit(
    tx: Tx, *, authority: str, visit_number: str, home_patient_id: str, location_id: str, now: datetime
) -> VisitRow:
    """Give a new visit."""
    row = VisitRow(
        id=new_id(),
        authority=authority,
        visit_number=visit_number,
        home_patient_id=home_patient_id,
        patient_id=home_patient_id,
        location_id=location_id,
        allergies=[],
        reasons=[],
        field_told={},
        version=0,
        details_version=0,
        changed_at=now,
    )
    tx.add(row)
    tx.flush()
    return row


def find_visits_of(tx: Tx, home_patient_ids: Iterable[str]) -> list[VisitRow]:
    """Give the visits that the RIS told of some patients, before merges."""
    query = select(VisitRow).where(VisitRow.home_patient_id.in_(list(home_patient_ids)))
    return list(tx.scalars(query.order_by(VisitRow.id)))


def find_changed_patients(tx: Tx, since: datetime | None) -> list[PatientRow]:
    """Give all patients that changed since, oldest change first; None: all."""
    query = select(PatientRow).order_by(PatientRow.changed_at, PatientRow.id)
    return list(tx.scalars(query if since is None else query.where(PatientRow.changed_at >= since)))


def find_changed_visits(tx: Tx, since: datetime | None) -> list[VisitRow]:
    """Give all visits that changed since, oldest change first; None: all."""
    query = select(VisitRow).order_by(VisitRow.changed_at, VisitRow.id)
    return list(tx.scalars(query if since is None else query.where(VisitRow.changed_at >= since)))
