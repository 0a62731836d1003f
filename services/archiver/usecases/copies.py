"""Keeping the local copies of exams, manifests, reports and signs of life, as ``exams`` tells them."""

from datetime import datetime

from contracts.exams import ExamManifestStored, ExamState, ReportStored
from services.archiver.domain import StudyPin
from services.archiver.store import exams
from services.archiver.store.tables import ExamRow
from services.archiver.usecases import taking_back
from services.chassis.db import Tx


def keep_exam(tx: Tx, exam: ExamState, *, is_removed: bool = False) -> None:
    """Keep an exam's newest state; a removed one stays as a tombstone."""
    row = ExamRow(
        id=exam.id,
        patient_id=exam.patient_id,
        visit_id=exam.visit_id,
        status=exam.status,
        images_available=exam.images_available and not is_removed,
        object_bytes=sum(study.bytes for study in exam.studies),
        pictures=sum(study.instances for study in exam.studies),
        is_removed=is_removed,
    )
    exams.keep_exam(tx, row)


def keep_manifests(tx: Tx, told: ExamManifestStored, now: datetime) -> None:
    """Keep where an exam's manifests lie; packages with a study that is the exam's no more end at once."""
    pins = [
        StudyPin(
            study_id=study.study_id,
            manifest_version=study.manifest_version,
            manifest_key=study.manifest_key,
            sha256=study.sha256,
            with_findings=False,
        )
        for study in told.studies
    ]
    if exams.keep_manifests(tx, told.exam_id, told.file_name, pins):
        taking_back.end_packages_of_exam(tx, told.exam_id, "images-withdrawn", now, now)


def keep_report(tx: Tx, told: ReportStored) -> None:
    """Keep where a released report lies; one that was taken back before stays so."""
    exams.keep_report(tx, told.exam_id, told.report_version, told.pdf_key, told.sha256)


def keep_beat(tx: Tx, at: datetime, now: datetime) -> None:
    """Keep that ``exams`` lived at *at*; a clock that runs ahead counts for no more than now."""
    exams.keep_beat(tx, min(at, now))
