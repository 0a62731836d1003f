"""Patients and visits as the RIS tells them; merges and their undoing."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from contracts.exams import PatientIdentifier
from services.chassis.db import Tx
from services.exams.domain import newest
from services.exams.domain.exams import is_arrival
from services.exams.hl7_fields import Patient, Visit
from services.exams.hl7_segments import Hl7Refused
from services.exams.store import exams as exam_store
from services.exams.store import people
from services.exams.store.tables import PatientRow, VisitRow


def note_patient(tx: Tx, told: Patient, at: datetime, now: datetime) -> PatientRow:
    """Give the patient of a message sent *at*, with what of it is news."""
    row = find_or_add(tx, told.identifiers, now)
    said = {
        "name": told.name if told.name and told.name.family else None,
        "birth_date": told.birth_date,
        "sex": None if told.sex == "U" else told.sex,
        "postal_code": told.postal_code,
        "phones": list(told.phones),
        "emails": list(told.emails),
        "language": told.language,
        "is_deceased": told.is_deceased,
        "is_protected": told.is_protected,
    }
    news = newest.newer(row.field_told, said, at)
    row.field_told = newest.note(row.field_told, news, at)
    if "name" in news:
        name = news.pop("name")
        row.family, row.given, row.middle = name.family, name.given, name.middle
    for field, value in news.items():
        setattr(row, field, value)
    return row


def find_or_add(tx: Tx, identifiers: Sequence[PatientIdentifier], now: datetime) -> PatientRow:
    """Give the patient of the first of *identifiers*; the others become theirs unless they are somebody's."""
    first = identifiers[0]
    row = people.find_patient_by_identifier(tx, first.authority, first.mrn)
    row = row or people.add_patient(tx, now)
    people.add_identifiers(tx, row.id, [(one.authority, one.mrn) for one in identifiers])
    return row


def note_visit(
    tx: Tx, told: Visit, home: PatientRow, authority: str, at: datetime, now: datetime, *, is_registration: bool = False
) -> VisitRow:
    """Give the visit of a message sent *at* about *home*, with what of it is news.

    Raises Hl7Refused for an unknown visit without a number or a location.
    """
    number = told.visit_number
    if number is None:
        raise Hl7Refused("101", "PV1", 19)
    row = people.find_visit_by_number(tx, authority, number)
    if row is None:
        if told.location_code is None:
            raise Hl7Refused("101", "PV1", 3)
        row = people.add_visit(
            tx,
            authority=authority,
            visit_number=number,
            home_patient_id=home.id,
            location_id=told.location_code,
            now=now,
        )
    said = {
        "home_patient_id": home.id,
        "location_id": told.location_code,
        "starts_at": told.starts_at,
        "referring_physician": told.referring_physician,
        "allergies": list(told.allergies),
        "reasons": list(told.reasons),
    }
    news = newest.newer(row.field_told, said, at)
    row.field_told = newest.note(row.field_told, news, at)
    for field, value in news.items():
        setattr(row, field, value)
    if is_registration and is_arrival(at, told.starts_at):
        row.arrived_at = at if row.arrived_at is None else min(row.arrived_at, at)
    place(tx, [row])
    return row


def place(tx: Tx, visits: Iterable[VisitRow]) -> list[str]:
    """Give visits and their exams to the patient whose they are after all merges; give the exams (ids) that moved."""
    moved = []
    for visit in visits:
        living = people.find_living(tx, visit.home_patient_id)
        visit.patient_id = living.id
        for exam in exam_store.find_exams_of_visits(tx, [visit.id]):
            if exam.patient_id != living.id:
                exam.patient_id = living.id
                moved.append(exam.id)
    tx.flush()
    return moved


def merge(tx: Tx, into: PatientRow, gone: PatientRow, at: datetime) -> bool:
    """Let *gone* be *into*'s person from now on (ADT^A40); whether that is news."""
    if into.id == gone.id or not newest.newer(gone.field_told, {"merged_into_id": into.id}, at):
        return False
    if gone.id in _chain(tx, into):  # the RIS turned the merge round
        into.merged_into_id = None
        into.field_told = newest.note(into.field_told, {"merged_into_id": None}, at)
    gone.merged_into_id = into.id
    gone.field_told = newest.note(gone.field_told, {"merged_into_id": into.id}, at)
    tx.flush()
    return True


def unmerge(tx: Tx, one: PatientRow, other: PatientRow, at: datetime) -> bool:
    """Let both be persons of their own again (ADT^A37); whether that is news."""
    is_news = False
    for gone, into in ((one, other), (other, one)):
        if newest.newer(gone.field_told, {"merged_into_id": into.id}, at) and gone.merged_into_id in {into.id, None}:
            is_news = is_news or gone.merged_into_id is not None
            gone.merged_into_id = None
            gone.field_told = newest.note(gone.field_told, {"merged_into_id": None}, at)
    tx.flush()
    return is_news


def _chain(tx: Tx, patient: PatientRow) -> list[str]:
    found = [patient.id]
    while patient.merged_into_id is not None and patient.merged_into_id not in found:
        patient = people.find_patient(tx, patient.merged_into_id)
        found.append(patient.id)
    return found
