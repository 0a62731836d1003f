"""Local copies of what ``exams`` told: exams, where their manifests lie, released reports, signs of life."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, func, select

from services.archiver.domain import KnownExam, ReportPin, StudyPin
from services.archiver.store.tables import BeatRow, ExamFileRow, ExamRow, ExamStudyRow, HolderRow, ReportRow
from services.chassis.access import seen_by
from services.chassis.caller import Caller
from services.chassis.db import Tx, insert_new


def keep_exam(tx: Tx, exam: ExamRow) -> None:
    """Keep the newest state of an exam; a removed one stays as a tombstone."""
    tx.merge(exam)


def keep_manifests(tx: Tx, exam_id: str, file_name: str, studies: list[StudyPin]) -> set[str]:
    """Keep where an exam's manifests lie, instead of what was known; give the ids of studies that are gone."""
    tx.merge(ExamFileRow(exam_id=exam_id, file_name=file_name))
    before = set(tx.scalars(select(ExamStudyRow.study_id).filter_by(exam_id=exam_id)))
    tx.execute(delete(ExamStudyRow).filter_by(exam_id=exam_id))
    for pin in studies:
        tx.add(
            ExamStudyRow(
                exam_id=exam_id,
                study_id=pin.study_id,
                manifest_version=pin.manifest_version,
                manifest_key=pin.manifest_key,
                sha256=pin.sha256,
            )
        )
    tx.flush()
    return before - {pin.study_id for pin in studies}


def find_seen_exams(tx: Tx, caller: Caller, exam_ids: Collection[str]) -> list[KnownExam]:
    """Give those of *exam_ids* that *caller* may see, in the order of their ids."""
    query = (
        select(ExamRow, ExamFileRow.file_name)
        .outerjoin(ExamFileRow, ExamFileRow.exam_id == ExamRow.id)
        .where(ExamRow.id.in_(exam_ids), ExamRow.is_removed.is_(False))
        .where(seen_by(caller, patient_id=ExamRow.patient_id, visit_id=ExamRow.visit_id, exam_id=ExamRow.id))
        .order_by(ExamRow.id)
    )
    found = tx.execute(query).all()
    studies = _find_studies(tx, [exam.id for exam, _ in found])
    return [_known(exam, file_name, studies.get(exam.id, [])) for exam, file_name in found]


def _known(exam: ExamRow, file_name: str | None, studies: list[StudyPin]) -> KnownExam:
    return KnownExam(
        exam_id=exam.id,
        patient_id=exam.patient_id,
        images_available=exam.images_available,
        file_name=file_name,
        studies=tuple(studies),
        object_bytes=exam.object_bytes,
        pictures=exam.pictures,
    )


def count_seen_exams(tx: Tx, caller: Caller, exam_ids: Collection[str]) -> int:
    """Give how many of *exam_ids* *caller* may see."""
    seen = seen_by(caller, patient_id=ExamRow.patient_id, visit_id=ExamRow.visit_id, exam_id=ExamRow.id)
    query = select(func.count()).select_from(ExamRow).where(ExamRow.id.in_(exam_ids), ExamRow.is_removed.is_(False))
    return tx.scalar(query.where(seen)) or 0


def count_present_exams(tx: Tx, exam_ids: Collection[str]) -> int:
    """Give how many of *exam_ids* are known and not removed."""
    query = select(func.count()).select_from(ExamRow).where(ExamRow.id.in_(exam_ids), ExamRow.is_removed.is_(False))
    return tx.scalar(query) or 0


def _find_studies(tx: Tx, exam_ids: Collection[str]) -> dict[str, list[StudyPin]]:
    by_exam: dict[str, list[StudyPin]] = {}
    query = select(ExamStudyRow).where(ExamStudyRow.exam_id.in_(exam_ids))
    for row in tx.scalars(query.order_by(ExamStudyRow.study_id)):
        pin = StudyPin(
            study_id=row.study_id,
            manifest_version=row.manifest_version,
            manifest_key=row.manifest_key,
            sha256=row.sha256,
            with_findings=False,
        )
        by_exam.setdefault(row.exam_id, []).append(pin)
    return by_exam


def find_sharers(tx: Tx, study_ids: Collection[str]) -> dict[str, set[str]]:
    """Give the ids of all exams that each study belongs to, whoever may see them."""
    sharers: dict[str, set[str]] = {study_id: set() for study_id in study_ids}
    query = select(ExamStudyRow.study_id, ExamStudyRow.exam_id).where(ExamStudyRow.study_id.in_(study_ids))
    for study_id, exam_id in tx.execute(query):
        sharers[study_id].add(exam_id)
    return sharers


def find_newest_versions(tx: Tx, exam_ids: Collection[str]) -> dict[str, dict[str, int]]:
    """Give the newest known manifest version of each study of each exam."""
    return {
        exam_id: {pin.study_id: pin.manifest_version for pin in pins}
        for exam_id, pins in _find_studies(tx, exam_ids).items()
    }


# --- reports ------------------------------------------------------------------------------------------------------


def _locked_report(tx: Tx, exam_id: str) -> ReportRow:
    values = {"exam_id": exam_id, "version": 0, "pdf_key": "", "sha256": "", "taken_back_through": 0}
    insert_new(tx, ReportRow, values, ["exam_id"])
    query = select(ReportRow).filter_by(exam_id=exam_id).with_for_update()
    return tx.scalars(query.execution_options(populate_existing=True)).one()


def keep_report(tx: Tx, exam_id: str, version: int, pdf_key: str, sha256: str) -> None:
    """Keep where a released report lies; an older one than is known changes nothing."""
    report = _locked_report(tx, exam_id)
    if version > report.version:
        report.version, report.pdf_key, report.sha256 = version, pdf_key, sha256


def take_back_report(tx: Tx, exam_id: str, version: int) -> int:
    """Let nobody have a report of *exam_id* up to *version*; give up to which version that held before."""
    report = _locked_report(tx, exam_id)
    before = report.taken_back_through
    report.taken_back_through = max(before, version)
    return before


def find_released_reports(tx: Tx, exam_ids: Collection[str]) -> dict[str, ReportPin]:
    """Give the released reports of *exam_ids*, by exam, and keep them from being taken back before *tx* ends."""
    query = (
        select(ReportRow, ExamFileRow.file_name)
        .outerjoin(ExamFileRow, ExamFileRow.exam_id == ReportRow.exam_id)
        .where(ReportRow.exam_id.in_(exam_ids), ReportRow.version > ReportRow.taken_back_through)
        .order_by(ReportRow.exam_id)
        .with_for_update(read=True, of=ReportRow)
    )
    return {row.exam_id: _report_pin(row, name) for row, name in tx.execute(query)}


def _report_pin(row: ReportRow, file_name: str | None) -> ReportPin:
    return ReportPin(
        exam_id=row.exam_id,
        report_version=row.version,
        pdf_key=row.pdf_key,
        sha256=row.sha256,
        title=file_name or "Report",
        with_pdf=True,
    )


def find_taken_back(tx: Tx, pins: Collection[ReportPin]) -> list[str]:
    """Give the exams of those *pins* whose report may not be had any more."""
    query = select(ReportRow.exam_id, ReportRow.taken_back_through)
    through = dict(tx.execute(query.where(ReportRow.exam_id.in_([pin.exam_id for pin in pins]))).all())
    return [pin.exam_id for pin in pins if pin.report_version <= through.get(pin.exam_id, 0)]


# --- signs of life, holders ---------------------------------------------------------------------------------------


def keep_beat(tx: Tx, at: datetime) -> None:
    """Keep when ``exams`` last gave a sign of life."""
    row = tx.get(BeatRow, 1)
    if row is None:
        tx.add(BeatRow(id=1, at=at))
    elif at > row.at:
        row.at = at


def find_beat(tx: Tx) -> datetime | None:
    """Give when ``exams`` last gave a sign of life (UTC, by its clock); None before the first."""
    return tx.scalar(select(BeatRow.at).filter_by(id=1))


def lock_holder(tx: Tx, holder: str) -> None:
    """Let no other transaction ask for *holder* until *tx* ends."""
    insert_new(tx, HolderRow, {"id": holder}, ["id"])
    tx.scalars(select(HolderRow).filter_by(id=holder).with_for_update()).one()
