"""Studies, series and instances: the index of the object store."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from services.chassis.db import Tx, database_now, new_id
from services.exams.store.tables import ExamStudyRow, InstanceRow, SeriesRow, StudyRow


@dataclass(frozen=True)
class Held:
    """What is stored under a SOP Instance UID."""

    id: str
    study_uid: str
    series_uid: str
    sha256: str


def find_study(tx: Tx, study_id: str) -> StudyRow:
    """Give a study that is known to exist."""
    return tx.get_one(StudyRow, study_id)


def find_locked_study(tx: Tx, study_id: str) -> StudyRow:
    """Give a study as it is now, locked until *tx* ends."""
    query = select(StudyRow).filter_by(id=study_id).with_for_update().execution_options(populate_existing=True)
    return tx.scalars(query).one()


def find_study_by_uid(tx: Tx, study_uid: str) -> StudyRow | None:
    """Give the study of that Study Instance UID, locked."""
    return tx.scalars(select(StudyRow).filter_by(study_uid=study_uid).with_for_update()).one_or_none()


def add_study(tx: Tx, study_uid: str, **facts: Any) -> StudyRow:
    """Give a new study with nothing in it."""
    row = StudyRow(id=new_id(), study_uid=study_uid, waiting="no-order", is_dirty=True, **facts)
    row.changes = row.manifest_changes = row.manifest_version = row.instances = row.size_bytes = row.pictures = 0
    tx.add(row)
    tx.flush()
    return row


def find_series(tx: Tx, study_id: str) -> dict[str, SeriesRow]:
    """Give a study's series by UID."""
    return {row.series_uid: row for row in tx.scalars(select(SeriesRow).filter_by(study_id=study_id))}


def add_series(tx: Tx, study_id: str, series_uid: str, **facts: Any) -> SeriesRow:
    """Give a new series with nothing in it."""
    row = SeriesRow(id=new_id(), study_id=study_id, series_uid=series_uid, **facts)
    tx.add(row)
    tx.flush()
    return row


def find_held(tx: Tx, sop_instance_uids: Sequence[str]) -> dict[str, Held]:
    """Give what is stored of some objects, by SOP Instance UID."""
    query = (
        select(
            InstanceRow.sop_instance_uid, InstanceRow.id, StudyRow.study_uid, SeriesRow.series_uid, InstanceRow.sha256
        )
        .join(StudyRow, StudyRow.id == InstanceRow.study_id)
        .join(SeriesRow, SeriesRow.id == InstanceRow.series_id)
        .where(InstanceRow.sop_instance_uid.in_(sop_instance_uids))
    )
    return {uid: Held(*rest) for uid, *rest in tx.execute(query)}


def add_instances(tx: Tx, rows: list[dict[str, Any]]) -> None:
    """Add instances; one whose SOP Instance UID came at the same instant by another way is left out."""
    if rows:
        make = sqlite_insert if tx.get_bind().dialect.name == "sqlite" else postgresql_insert
        tx.execute(make(InstanceRow).on_conflict_do_nothing(index_elements=["sop_instance_uid"]), rows)


def find_instances(tx: Tx, study_id: str) -> list[InstanceRow]:
    """Give a study's instances, in no order."""
    return list(tx.scalars(select(InstanceRow).filter_by(study_id=study_id)))


def find_dirty(tx: Tx, made_before: datetime, limit: int, study_ids: list[str] | None = None) -> list[str]:
    """Give the ids of studies that changed since their manifest, if that was made at *made_before* or earlier."""
    is_due = or_(StudyRow.manifest_at.is_(None), StudyRow.manifest_at <= made_before)
    query = select(StudyRow.id).where(StudyRow.is_dirty, is_due)
    if study_ids is not None:
        query = query.where(StudyRow.id.in_(study_ids))
    return list(tx.scalars(query.order_by(StudyRow.manifest_at, StudyRow.id).limit(limit)))


def find_pictures(tx: Tx, exam_id: str) -> list[tuple[SeriesRow, list[InstanceRow]]]:
    """Give an exam's series with those of their instances that have pictures, series by number."""
    query = (
        select(SeriesRow, InstanceRow)
        .join(InstanceRow, InstanceRow.series_id == SeriesRow.id)
        .join(ExamStudyRow, ExamStudyRow.study_id == SeriesRow.study_id)
        .where(ExamStudyRow.exam_id == exam_id, InstanceRow.role == "image", InstanceRow.frames > 0)
    )
    found: dict[str, tuple[SeriesRow, list[InstanceRow]]] = {}
    for series, instance in tx.execute(query):
        found.setdefault(series.id, (series, []))[1].append(instance)
    return sorted(found.values(), key=lambda one: (one[0].number is None, one[0].number or 0, one[0].series_uid))


def find_instance_of(tx: Tx, exam_id: str, sop_instance_uid: str) -> InstanceRow | None:
    """Give an instance of one of an exam's studies; None when it is in none of them."""
    query = (
        select(InstanceRow)
        .join(ExamStudyRow, ExamStudyRow.study_id == InstanceRow.study_id)
        .where(ExamStudyRow.exam_id == exam_id, InstanceRow.sop_instance_uid == sop_instance_uid)
    )
    return tx.scalars(query).one_or_none()


def find_unclaimed(tx: Tx, limit: int) -> list[str]:
    """Give the ids of studies that no exam has, oldest first."""
    query = select(StudyRow.id).where(StudyRow.waiting.is_not(None)).order_by(StudyRow.first_at, StudyRow.id)
    return list(tx.scalars(query.limit(limit)))


def find_waiting(tx: Tx, limit: int) -> list[tuple[StudyRow, int]]:
    """Give studies that no exam has, oldest first, with how many objects each holds."""
    count = select(func.count()).where(InstanceRow.study_id == StudyRow.id).correlate(StudyRow).scalar_subquery()
    query = select(StudyRow, count).where(StudyRow.waiting.is_not(None)).order_by(StudyRow.first_at, StudyRow.id)
    return [(study, int(number)) for study, number in tx.execute(query.limit(limit))]


def count_waiting(tx: Tx) -> int:
    """Count the studies that no exam has."""
    return int(tx.scalar(select(func.count()).select_from(StudyRow).where(StudyRow.waiting.is_not(None))) or 0)


def find_claimable_studies(tx: Tx, study_uids: Iterable[str], accessions: Iterable[str]) -> list[str]:
    """Give the ids of studies of some UIDs or accession numbers."""
    query = select(StudyRow.id).where(
        or_(StudyRow.study_uid.in_(list(study_uids)), StudyRow.accession.in_(list(accessions)))
    )
    return list(tx.scalars(query.order_by(StudyRow.id)))


def find_linked_studies(tx: Tx, exam_ids: Iterable[str]) -> list[str]:
    """Give the ids of the studies of some exams."""
    query = select(ExamStudyRow.study_id).where(ExamStudyRow.exam_id.in_(list(exam_ids))).distinct()
    return sorted(tx.scalars(query))


def claim_to_render(tx: Tx, limit: int, lease: timedelta) -> list[InstanceRow]:
    """Give instances whose pictures are to be rendered, taken for *lease* by the database's clock."""
    now = database_now(tx)
    query = (
        select(InstanceRow)
        .where(
            InstanceRow.render_state == "queued",
            or_(InstanceRow.render_until.is_(None), InstanceRow.render_until < now),
        )
        .order_by(InstanceRow.stored_at, InstanceRow.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = list(tx.scalars(query))
    for row in rows:
        row.render_until, row.render_tries = now + lease, row.render_tries + 1
    return rows


def mark_rendered(tx: Tx, instance_id: str, state: str, no_picture: str | None) -> None:
    """Note what became of rendering: ``done``, ``failed`` with the reason's slug, or ``queued`` again."""
    tx.execute(
        update(InstanceRow)
        .where(InstanceRow.id == instance_id)
        .values(render_state=state, render_until=None, no_picture=no_picture)
    )


def has_to_render(tx: Tx) -> bool:
    """Tell whether any instance waits for its pictures and nobody has it."""
    free = or_(InstanceRow.render_until.is_(None), InstanceRow.render_until < database_now(tx))
    return tx.scalar(select(InstanceRow.id).where(InstanceRow.render_state == "queued", free).limit(1)) is not None


def find_known_study(tx: Tx, study_id: str) -> StudyRow | None:
    """Give a study, None when there is none, locked."""
    return tx.get(StudyRow, study_id, with_for_update=True)


def find_instance_uids(tx: Tx, study_uid: str) -> set[str]:
    """Give the SOP Instance UIDs that are stored of the study of that UID."""
    query = select(InstanceRow.sop_instance_uid).join(StudyRow, StudyRow.id == InstanceRow.study_id)
    return set(tx.scalars(query.where(StudyRow.study_uid == study_uid)))
