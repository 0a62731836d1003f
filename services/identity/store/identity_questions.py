"""The questions that each person is asked, kept so that they never change, and how often they were answered wrong."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, String, delete, select, update
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import JSON

from services.chassis.db import Tx, insert_new
from services.identity.domain.identity_questions import PastVisit, Question
from services.identity.domain.registrations import MOST_TRIES, Answering
from services.identity.store.base import Base
from services.identity.store.visits import ExamRow, VisitDetailsRow, VisitRow

MOST_VISITS = 50
"""Of one patient; of other patients as models for decoys, four times as many."""


class IdentityQuestionsRow(Base):
    """What one person is asked; *person* is a keyed hash of a record, or of demographics that no record has."""

    __tablename__ = "identity_questions"
    person: Mapped[str] = mapped_column(String(64), primary_key=True)
    questions: Mapped[list[list[Any]]] = mapped_column(JSON)
    """``[topic, [value, …]]`` each."""
    in_all: Mapped[int]
    in_day: Mapped[int]
    day_began_at: Mapped[datetime | None]
    touched_at: Mapped[datetime] = mapped_column(index=True)


def find_questions(tx: Tx, person: str) -> list[Question]:
    """Give what a person is asked; none if they never were."""
    row = tx.get(IdentityQuestionsRow, person)
    return [Question(topic, tuple(values)) for topic, values in row.questions] if row else []


def add_questions(tx: Tx, person: str, questions: list[Question], now: datetime) -> None:
    """Keep what a person is asked, unless they were asked before."""
    kept = [[question.topic, list(question.values)] for question in questions]
    values = {"person": person, "questions": kept, "in_all": 0, "in_day": 0, "touched_at": now}
    insert_new(tx, IdentityQuestionsRow, values, ["person"])


def lock_answering(tx: Tx, person: str) -> Answering:
    """Give how often a person answered wrong, locked until *tx* ends: other tries wait."""
    query = select(IdentityQuestionsRow).filter_by(person=person).with_for_update()
    row = tx.scalars(query.execution_options(populate_existing=True)).one()
    return Answering(row.in_all, row.in_day, row.day_began_at)


def save_answering(tx: Tx, person: str, answering: Answering, now: datetime) -> None:
    """Keep what ``lock_answering`` gave in the same transaction; changed or not, it is written."""
    values = {"in_all": answering.in_all, "in_day": answering.in_day, "day_began_at": answering.day_began_at}
    tx.execute(update(IdentityQuestionsRow).filter_by(person=person).values(**values, touched_at=now))


def delete_untouched(tx: Tx, before: datetime) -> None:
    """Delete what nobody was asked since *before*, except where ten wrong tries closed the way for good."""
    row = IdentityQuestionsRow
    tx.execute(delete(row).where(row.touched_at < before, row.in_all < MOST_TRIES))


def find_visits_of(tx: Tx, patient_id: str, now: datetime) -> list[PastVisit]:
    """Give a patient's visits that began, newest first, without protected and cancelled ones."""
    return _find_visits(tx, [VisitRow.patient_id == patient_id], now, MOST_VISITS, by_id=False)


def find_other_visits(tx: Tx, begin: str, location_id: str | None, now: datetime) -> list[PastVisit]:
    """Give some visits of anybody's, always the same for *begin* (an id from which on they are read) and a location."""
    here = [VisitRow.location_id == location_id] if location_id else []
    after = _find_visits(tx, [VisitRow.id >= begin, *here], now, 4 * MOST_VISITS, by_id=True)
    more = _find_visits(tx, [VisitRow.id < begin, *here], now, 4 * MOST_VISITS, by_id=True)
    return (after + more)[: 4 * MOST_VISITS]


def _find_visits(
    tx: Tx, conditions: list[ColumnElement[bool]], now: datetime, limit: int, *, by_id: bool
) -> list[PastVisit]:
    order = [VisitRow.id] if by_id else [VisitRow.starts_at.desc(), VisitRow.id]
    query = (
        select(VisitRow, VisitDetailsRow.referring_physician)
        .outerjoin(VisitDetailsRow, VisitDetailsRow.visit_id == VisitRow.id)
        .where(*conditions, VisitRow.starts_at <= now, VisitRow.local_date.is_not(None))
        .where(VisitDetailsRow.is_protected.is_not(True))
        .order_by(*order)
        .limit(limit)
    )
    found = [(visit, physician) for visit, physician in tx.execute(query)]
    modalities = _find_modalities(tx, [visit.id for visit, _ in found])
    return [
        PastVisit(visit.location_id, visit.local_date, frozenset(modalities[visit.id]), physician)
        for visit, physician in found
        if visit.local_date and visit.id in modalities
    ]


def _find_modalities(tx: Tx, visit_ids: list[str]) -> dict[str, set[str]]:
    """Give the modalities of visits that have an exam which was not cancelled."""
    query = select(ExamRow.visit_id, ExamRow.modality).where(ExamRow.visit_id.in_(visit_ids))
    found: dict[str, set[str]] = {}
    for visit_id, modality in tx.execute(query.where(ExamRow.status != "cancelled")):
        found.setdefault(visit_id, set()).update({modality} if modality else ())
    return found
