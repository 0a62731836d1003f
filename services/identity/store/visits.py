"""Copies of visits and exams as ``exams`` tells of them, and the front desk's search."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Index, String, delete, func, select
from sqlalchemy.orm import Mapped, mapped_column

from services.chassis.access import seen_by
from services.chassis.caller import Caller
from services.chassis.db import Tx
from services.identity.domain.staff import VisitSearch
from services.identity.store.base import Base
from services.identity.store.patients import IdentifierRow, PatientRow, find_marks


class VisitRow(Base):
    """A visit: one coming of a patient to one location."""

    __tablename__ = "visit"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    patient_id: Mapped[str] = mapped_column(String(64), index=True)
    location_id: Mapped[str] = mapped_column(String(32))
    starts_at: Mapped[datetime | None]
    local_date: Mapped[date | None]
    """The day of *starts_at* at the location."""
    __table_args__ = (Index("ix_visit_day", "local_date", "location_id"),)


class VisitDetailsRow(Base):
    """What else a front desk needs of a visit."""

    __tablename__ = "visit_details"
    visit_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    visit_number: Mapped[str] = mapped_column(String(100), index=True)
    referring_physician: Mapped[str | None] = mapped_column(String(200))
    language: Mapped[str | None] = mapped_column(String(20))
    is_protected: Mapped[bool]


class VisitExamRow(Base):
    """An exam of a visit, as a front desk reads it."""

    __tablename__ = "visit_exam"
    visit_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    exam_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    accession: Mapped[str] = mapped_column(String(64), index=True)
    procedure: Mapped[str] = mapped_column(String(300))


class ExamRow(Base):
    """Whose an exam is, of which visit, and how far."""

    __tablename__ = "exam"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    patient_id: Mapped[str] = mapped_column(String(64), index=True)
    visit_id: Mapped[str] = mapped_column(String(64), index=True)
    status: Mapped[str] = mapped_column(String(16))
    modality: Mapped[str | None] = mapped_column(String(16))
    """As the RIS says (``MR``); None: heard before we kept it."""


@dataclass(frozen=True)
class FoundVisit:
    """A visit as it is shown to staff."""

    visit: VisitRow
    patient: PatientRow | None
    is_protected: bool


def save_visit(tx: Tx, **columns: Any) -> None:
    """Keep the newest state of a visit."""
    tx.merge(VisitRow(**columns))


def save_details(tx: Tx, exams: Iterable[tuple[str, str, str]], **columns: Any) -> None:
    """Keep the newest details of a visit; *exams* are ``(exam_id, accession, procedure)``."""
    tx.merge(VisitDetailsRow(**columns))
    visit_id = columns["visit_id"]
    tx.execute(delete(VisitExamRow).filter_by(visit_id=visit_id))
    tx.add_all(VisitExamRow(visit_id=visit_id, exam_id=e, accession=a, procedure=p) for e, a, p in exams)


def save_exam(tx: Tx, **columns: Any) -> None:
    """Keep the newest state of an exam."""
    tx.merge(ExamRow(**columns))


def delete_exam(tx: Tx, exam_id: str) -> None:
    """Delete an exam that is no more."""
    tx.execute(delete(ExamRow).filter_by(id=exam_id))


def find_visit(tx: Tx, visit_id: str) -> VisitRow | None:
    """Give the visit."""
    return tx.get(VisitRow, visit_id)


def find_location_ids(tx: Tx, patient_id: str) -> list[str]:
    """Give the locations that a patient visited or will, sorted."""
    return sorted(tx.scalars(select(VisitRow.location_id).filter_by(patient_id=patient_id).distinct()))


def lock_visit(tx: Tx, visit_id: str) -> VisitRow | None:
    """Give the visit, locked until *tx* ends: one code at a time is issued for it."""
    return tx.scalars(select(VisitRow).filter_by(id=visit_id).with_for_update()).one_or_none()


def find_exam_ids(tx: Tx, visit_id: str) -> list[str]:
    """Give the ids of the exams of a visit."""
    return list(tx.scalars(select(ExamRow.id).filter_by(visit_id=visit_id).order_by(ExamRow.id)))


def find_visit_exams(tx: Tx, visit_ids: Collection[str]) -> list[VisitExamRow]:
    """Give the exams of visits as a front desk reads them, by accession."""
    query = select(VisitExamRow).where(VisitExamRow.visit_id.in_(visit_ids)).order_by(VisitExamRow.accession)
    return list(tx.scalars(query))


def count_exams(tx: Tx, caller: Caller) -> int:
    """Count the exams that *caller* may see."""
    seen = seen_by(caller, patient_id=ExamRow.patient_id, visit_id=ExamRow.visit_id, exam_id=ExamRow.id)
    return tx.scalars(select(func.count()).select_from(ExamRow).where(seen)).one()


def find_of_patient(tx: Tx, patient_id: str) -> list[tuple[VisitRow, str | None]]:
    """Give a patient's visits with their numbers, newest first."""
    query = (
        select(VisitRow, VisitDetailsRow.visit_number)
        .outerjoin(VisitDetailsRow, VisitDetailsRow.visit_id == VisitRow.id)
        .where(VisitRow.patient_id == patient_id)
        .order_by(VisitRow.starts_at.desc(), VisitRow.id)
    )
    return [(visit, number) for visit, number in tx.execute(query)]


def find_exam_ids_of(tx: Tx, patient_id: str) -> set[str]:
    """Give the ids of a patient's exams."""
    return set(tx.scalars(select(ExamRow.id).filter_by(patient_id=patient_id)))


def find_seen(tx: Tx, caller: Caller, exam_ids: Collection[str]) -> set[str]:
    """Give those of *exam_ids* that *caller* may see."""
    seen = seen_by(caller, patient_id=ExamRow.patient_id, visit_id=ExamRow.visit_id, exam_id=ExamRow.id)
    return set(tx.scalars(select(ExamRow.id).where(ExamRow.id.in_(exam_ids), seen)))


def count_exams_of(tx: Tx, patient_ids: Collection[str]) -> dict[str, int]:
    """Count the exams of each of *patient_ids*; those without any are missing."""
    query = select(ExamRow.patient_id, func.count()).where(ExamRow.patient_id.in_(patient_ids))
    return {row[0]: row[1] for row in tx.execute(query.group_by(ExamRow.patient_id))}


def find_one_for_staff(tx: Tx, visit_id: str) -> FoundVisit | None:
    """Give a visit as it is shown to staff; protected also by a record that a merge made its patient's."""
    for one in _for_staff(tx, [VisitRow.id == visit_id], 1):
        return replace(one, is_protected=one.is_protected or find_marks(tx, one.visit.patient_id).is_protected)
    return None


def search(
    tx: Tx, asked: VisitSearch, locations: Collection[str] | None, limit: int, offset: int = 0
) -> list[FoundVisit]:
    """Give up to *limit* visits that fit, newest first from *offset* on, at *locations* alone (None: everywhere)."""
    conditions = _conditions(asked)
    if locations is not None:
        conditions.append(VisitRow.location_id.in_(locations))
    return _for_staff(tx, conditions, limit, offset)


def _for_staff(tx: Tx, conditions: list[ColumnElement[bool]], limit: int, offset: int = 0) -> list[FoundVisit]:
    query = (
        select(VisitRow, PatientRow, VisitDetailsRow.is_protected)
        .outerjoin(PatientRow, PatientRow.id == VisitRow.patient_id)
        .outerjoin(VisitDetailsRow, VisitDetailsRow.visit_id == VisitRow.id)
        .where(*conditions)
        .order_by(VisitRow.starts_at.desc(), VisitRow.id)
        .limit(limit)
        .offset(offset)
    )
    return [
        FoundVisit(visit, patient, bool(is_protected or (patient and patient.is_protected)))
        for visit, patient, is_protected in tx.execute(query)
    ]


def _conditions(asked: VisitSearch) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if asked.accession:
        of_accession = select(VisitExamRow.visit_id).filter_by(accession=asked.accession)
        conditions.append(VisitRow.id.in_(of_accession))
    if asked.mrn:
        of_mrn = select(IdentifierRow.patient_id).filter_by(mrn=asked.mrn)
        conditions.append(VisitRow.patient_id.in_(of_mrn))
    if asked.visit_number:
        conditions.append(VisitDetailsRow.visit_number == asked.visit_number)
    if asked.last_name:
        conditions.append(PatientRow.family_name_folded == fold_name(asked.last_name))
    if asked.birth_date:
        conditions.append(PatientRow.birth_date == asked.birth_date)
    if asked.day:
        conditions.append(VisitRow.local_date == asked.day)
    if asked.location_id:
        conditions.append(VisitRow.location_id == asked.location_id)
    return conditions


def fold_name(name: str) -> str:
    """Give one form of a name whatever its case."""
    return " ".join(name.casefold().split())
