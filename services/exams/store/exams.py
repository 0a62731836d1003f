"""Exams, and whose studies are theirs. What a caller may see stands in the query that fetches."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select

from services.chassis.access import seen_by
from services.chassis.caller import Caller
from services.chassis.db import Tx, new_id
from services.exams.store.tables import ExamRow, ExamStudyRow, StudyRow, VisitRow


@dataclass(frozen=True)
class ExamFilter:
    """What a list is narrowed to; None: not by this."""

    since: datetime | None = None
    before: datetime | None = None
    modality: str | None = None
    location_id: str | None = None
    after: tuple[datetime, str] | None = None
    """The last row of the page before: its sorted_at and id."""
    limit: int = 50


def find_exam(tx: Tx, exam_id: str) -> ExamRow:
    """Give an exam that is known to exist, whoever asks: never for a caller."""
    return tx.get_one(ExamRow, exam_id)


def find_known_exam(tx: Tx, exam_id: str) -> ExamRow | None:
    """Give an exam for a system or staff, None when there is none."""
    return tx.get(ExamRow, exam_id)


def find_seen_exam(tx: Tx, caller: Caller, exam_id: str) -> ExamRow | None:
    """Give one of *caller*'s exams; None outside their grants, as for what does not exist."""
    return tx.scalars(select(ExamRow).where(ExamRow.id == exam_id, _seen(caller))).one_or_none()


def find_seen_exams(tx: Tx, caller: Caller, asked: ExamFilter) -> list[ExamRow]:
    """Give a page of *caller*'s exams, newest first."""
    query = select(ExamRow).join(VisitRow, VisitRow.id == ExamRow.visit_id).where(_seen(caller))
    if asked.since is not None:
        query = query.where(ExamRow.sorted_at >= asked.since)
    if asked.before is not None:
        query = query.where(ExamRow.sorted_at < asked.before)
    if asked.modality is not None:
        query = query.where(ExamRow.modality == asked.modality)
    if asked.location_id is not None:
        query = query.where(VisitRow.location_id == asked.location_id)
    if asked.after is not None:
        at, exam_id = asked.after
        query = query.where(or_(ExamRow.sorted_at < at, and_(ExamRow.sorted_at == at, ExamRow.id < exam_id)))
    return list(tx.scalars(query.order_by(ExamRow.sorted_at.desc(), ExamRow.id.desc()).limit(asked.limit)))


def _seen(caller: Caller) -> ColumnElement[bool]:
    return seen_by(caller, patient_id=ExamRow.patient_id, visit_id=ExamRow.visit_id, exam_id=ExamRow.id)


def find_exam_by_accession(tx: Tx, authority: str, accession: str) -> ExamRow | None:
    """Give the exam of that accession number in that RIS."""
    return tx.scalars(select(ExamRow).filter_by(authority=authority, accession=accession)).one_or_none()


def find_exams_of_accession(tx: Tx, accession: str) -> list[ExamRow]:
    """Give the exams of that accession number, whatever the RIS."""
    return list(tx.scalars(select(ExamRow).filter_by(accession=accession).order_by(ExamRow.id)))


def add_exam(tx: Tx, *, authority: str, accession: str, visit: VisitRow, now: datetime) -> ExamRow:
    """Give a new exam of *visit*."""
    row = ExamRow(
        id=new_id(),
        authority=authority,
        accession=accession,
        visit_id=visit.id,
        patient_id=visit.patient_id,
        procedure_code="",
        procedure_text="",
        modality="",
        field_told={},
        sorted_at=now,
        version=0,
        stored_version=0,
        changed_at=now,
    )
    tx.add(row)
    tx.flush()
    return row


def find_exams_of_visits(tx: Tx, visit_ids: Iterable[str]) -> list[ExamRow]:
    """Give the exams of some visits, by accession number."""
    query = select(ExamRow).where(ExamRow.visit_id.in_(list(visit_ids)))
    return list(tx.scalars(query.order_by(ExamRow.accession, ExamRow.id)))


def find_claiming_exams(tx: Tx, study_uid: str, accession: str | None) -> list[ExamRow]:
    """Give the exams that may claim a study, by its UID or accession number."""
    by_accession = [ExamRow.accession == accession] if accession else []
    return list(tx.scalars(select(ExamRow).where(or_(ExamRow.study_uid == study_uid, *by_accession))))


def find_exams_of_study(tx: Tx, study_id: str) -> list[ExamRow]:
    """Give the exams whose study it is."""
    query = (
        select(ExamRow).join(ExamStudyRow, ExamStudyRow.exam_id == ExamRow.id).where(ExamStudyRow.study_id == study_id)
    )
    return list(tx.scalars(query.order_by(ExamRow.id)))


def find_studies_of(tx: Tx, exam_ids: Iterable[str]) -> dict[str, list[StudyRow]]:
    """Give the studies of each of some exams, in the order in which they came."""
    query = (
        select(ExamStudyRow.exam_id, StudyRow)
        .join(StudyRow, StudyRow.id == ExamStudyRow.study_id)
        .where(ExamStudyRow.exam_id.in_(list(exam_ids)))
        .order_by(StudyRow.first_at, StudyRow.id)
    )
    found: dict[str, list[StudyRow]] = {}
    for exam_id, study in tx.execute(query):
        found.setdefault(exam_id, []).append(study)
    return found


def find_links(tx: Tx, study_id: str) -> list[ExamStudyRow]:
    """Give which exams a study is, and by what."""
    return list(tx.scalars(select(ExamStudyRow).filter_by(study_id=study_id)))


def add_link(tx: Tx, exam_id: str, study_id: str, how: str, now: datetime, note: str | None = None) -> None:
    """Make a study an exam's; *note*: who of staff did so, and how they know."""
    tx.add(ExamStudyRow(exam_id=exam_id, study_id=study_id, how=how, matched_at=now, note=note))
    tx.flush()


def delete_link(tx: Tx, link: ExamStudyRow) -> None:
    """Make a study an exam's no more."""
    tx.delete(link)
    tx.flush()


def find_changed_exams(tx: Tx, since: datetime | None) -> list[ExamRow]:
    """Give all exams that changed since, oldest change first; None: all."""
    query = select(ExamRow).order_by(ExamRow.changed_at, ExamRow.id)
    return list(tx.scalars(query if since is None else query.where(ExamRow.changed_at >= since)))
