"""Copies of patients as ``exams`` tells of them: demographics, identifiers, what they were merged into."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, String, delete, select
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import JSON

from services.chassis.db import Tx, insert_new
from services.identity.domain.contacts import own_contacts
from services.identity.store.base import Base


class PatientRow(Base):
    """A patient; demographics and merges are told apart, so each has a version of its own."""

    __tablename__ = "patient"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    version: Mapped[int]
    """Of the demographics; 0: none heard yet."""
    joined_version: Mapped[int]
    """Of the merge; 0: none heard."""
    contact_version: Mapped[int]
    """Of what was told of the contact; 0: nothing yet."""
    merged_into: Mapped[str | None] = mapped_column(String(64), index=True)
    family_name: Mapped[str] = mapped_column(String(200))
    family_name_folded: Mapped[str] = mapped_column(String(200), index=True)
    given_name: Mapped[str] = mapped_column(String(200))
    middle_name: Mapped[str] = mapped_column(String(200))
    birth_date: Mapped[date | None] = mapped_column(index=True)
    sex: Mapped[str] = mapped_column(String(1))
    postal_code: Mapped[str | None] = mapped_column(String(20))
    phones: Mapped[list[str]] = mapped_column(JSON)
    emails: Mapped[list[str]] = mapped_column(JSON)
    language: Mapped[str | None] = mapped_column(String(20))
    is_deceased: Mapped[bool]
    is_protected: Mapped[bool]
    contact_since: Mapped[dict[str, str]] = mapped_column(JSON)
    """When each of the phones and emails was recorded, or confirmed as the patient's own."""
    of_age_at: Mapped[datetime | None]
    """When the 18th birthday begins at the first of the sites visited; None: the birth date is not known."""
    minor_until: Mapped[datetime | None] = mapped_column(index=True)
    """When the contact is to be told anew, since it was told as a minor's; None: it was told as an adult's."""

    @property
    def own_phones(self) -> list[str]:
        """Give the numbers by which an adult is known: none recorded before they were one."""
        return own_contacts(self.phones, self.contact_since, self.of_age_at)

    @property
    def shown_name(self) -> str:
        """Give the name as people write it."""
        return " ".join(part for part in (self.given_name, self.middle_name, self.family_name) if part)

    @property
    def listed_name(self) -> str:
        """Give the name with the family's first: ``Vega, Marisol``."""
        given = " ".join(part for part in (self.given_name, self.middle_name) if part)
        return ", ".join(part for part in (self.family_name, given) if part)


class IdentifierRow(Base):
    """A medical record number."""

    __tablename__ = "patient_identifier"
    authority: Mapped[str] = mapped_column(String(100), primary_key=True)
    mrn: Mapped[str] = mapped_column(String(100), primary_key=True)
    patient_id: Mapped[str] = mapped_column(ForeignKey("patient.id"), primary_key=True, index=True)


_UNHEARD: dict[str, Any] = {
    "version": 0,
    "joined_version": 0,
    "contact_version": 0,
    "family_name": "",
    "family_name_folded": "",
    "given_name": "",
    "middle_name": "",
    "sex": "U",
    "phones": [],
    "emails": [],
    "is_deceased": False,
    "is_protected": False,
    "contact_since": {},
}


def lock_patient(tx: Tx, patient_id: str) -> PatientRow:
    """Give the patient, locked; a row with nothing heard where there was none."""
    insert_new(tx, PatientRow, {"id": patient_id, **_UNHEARD}, ["id"])
    query = select(PatientRow).filter_by(id=patient_id).with_for_update().execution_options(populate_existing=True)
    return tx.scalars(query).one()


def find_patient(tx: Tx, patient_id: str) -> PatientRow | None:
    """Give the patient; None when nothing was heard of them."""
    return tx.get(PatientRow, patient_id)


def find_told(tx: Tx) -> list[PatientRow]:
    """Give the patients whose contact was told."""
    return list(tx.scalars(select(PatientRow).where(PatientRow.contact_version > 0).order_by(PatientRow.id)))


def replace_identifiers(tx: Tx, patient_id: str, identifiers: list[tuple[str, str]]) -> None:
    """Let the patient have exactly these ``(authority, mrn)``."""
    tx.execute(delete(IdentifierRow).filter_by(patient_id=patient_id))
    tx.add_all(IdentifierRow(authority=a, mrn=m, patient_id=patient_id) for a, m in sorted(set(identifiers)))


def find_identifiers(tx: Tx, patient_id: str) -> list[tuple[str, str]]:
    """Give a patient's ``(authority, mrn)``, sorted."""
    query = select(IdentifierRow.authority, IdentifierRow.mrn).filter_by(patient_id=patient_id)
    return sorted((authority, mrn) for authority, mrn in tx.execute(query))


def find_mrn(tx: Tx, patient_id: str) -> str | None:
    """Give the first of a patient's medical record numbers."""
    query = select(IdentifierRow.mrn).filter_by(patient_id=patient_id).order_by(IdentifierRow.authority)
    return tx.scalars(query.limit(1)).first()


def find_merged_into(tx: Tx, patient_ids: Iterable[str]) -> dict[str, str]:
    """Give, of *patient_ids* and of those they lead to, whose record each was merged into."""
    merged: dict[str, str] = {}
    ahead = set(patient_ids)
    while ahead:
        query = select(PatientRow.id, PatientRow.merged_into).where(PatientRow.id.in_(ahead))
        found = {patient: into for patient, into in tx.execute(query) if into is not None}
        merged |= found
        ahead = set(found.values()) - merged.keys()
    return merged


def find_family(tx: Tx, patient_id: str) -> list[str]:
    """Give the ids of all records that merges make one person's with *patient_id*, that one too; sorted."""
    family: set[str] = set()
    ahead = {patient_id}
    while ahead:
        family |= ahead
        query = select(PatientRow.id, PatientRow.merged_into).where(
            PatientRow.id.in_(ahead) | PatientRow.merged_into.in_(ahead)
        )
        ahead = {one for pair in tx.execute(query) for one in pair if one is not None} - family
    return sorted(family)


@dataclass(frozen=True)
class Marks:
    """What the RIS marks a person's records with; one that a merge made theirs counts as well."""

    is_deceased: bool
    is_protected: bool

    @property
    def is_silent(self) -> bool:
        """Whether nothing is written to the person."""
        return self.is_deceased or self.is_protected


def find_marks(tx: Tx, patient_id: str) -> Marks:
    """Give the marks of the person whose record *patient_id* is."""
    query = select(PatientRow.is_deceased, PatientRow.is_protected)
    rows = tx.execute(query.where(PatientRow.id.in_(find_family(tx, patient_id)))).all()
    return Marks(any(deceased for deceased, _ in rows), any(protected for _, protected in rows))


def lock_come_of_age(tx: Tx, now: datetime, limit: int) -> list[PatientRow]:
    """Give up to *limit* patients whose contact was told as a minor's, and who are of age at *now*; locked."""
    query = (
        select(PatientRow)
        .where(PatientRow.minor_until <= now)
        .order_by(PatientRow.minor_until)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return list(tx.scalars(query))
