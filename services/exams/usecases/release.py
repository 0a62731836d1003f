"""Telling that reports are released, at the instant, exactly once; their PDFs are made before."""

import hashlib
from collections.abc import Callable
from datetime import datetime

from contracts.exams import ReportReleased, ReportStored
from services.chassis import log, metrics
from services.chassis.db import DATABASE_DOWN, Tx, new_id
from services.chassis.objects import ObjectStoreDown
from services.chassis.outbox import put_event
from services.exams.domain import release as rules
from services.exams.parts import SERVICE, Parts
from services.exams.store import exams as exam_store
from services.exams.store import reports as report_store
from services.exams.store.tables import ReportRow
from services.exams.usecases.report_sheets import pdf_of
from services.exams.usecases.reports import facts_of, reckon

AT_ONCE = 50


def sweep(parts: Parts) -> None:
    """Tell of every report that became due: the chore of each half second. One that fails holds up no other."""
    with parts.db.read() as tx:
        due = [row.id for row in report_store.find_due(tx, parts.clock.now(), AT_ONCE)]
    _each(due, lambda report_id: release(parts, report_id))


def _each(report_ids: list[str], act: Callable[[str], None]) -> None:
    """Do *act* with every report; whatever is wrong with one, the others are due as well."""
    for report_id in report_ids:
        try:
            act(report_id)
        except (*DATABASE_DOWN, ObjectStoreDown):
            raise
        except Exception as error:  # such as a text that cannot be set
            log.get().error("report-not-made", exc_info=error)


def count_never_sent(parts: Parts) -> None:
    """Set the gauge that alerts operators (S7), when somebody looks at it."""
    with parts.db.read() as tx:
        metrics.NEVER_SENT.set(report_store.count_never_sent(tx))


def release(parts: Parts, report_id: str) -> None:
    """Tell ``report.released`` and ``report.stored`` of a report, unless that was done or it is not due any more."""
    store_pdf(parts, report_id)
    with parts.db.begin() as tx:
        now = parts.clock.now()
        row = report_store.find_locked_report(tx, report_id)
        if row.exam_id is None or row.released_version is not None or row.pdf_version != row.report_version:
            return
        exam = exam_store.find_exam(tx, row.exam_id)
        reckon(tx, parts, row, exam)
        facts = facts_of(tx, parts.locations, row, exam, sent_when_signed=parts.sent_when_signed)
        if rules.is_released(facts, now):
            _tell(tx, row, exam.patient_id, now)


def _tell(tx: Tx, row: ReportRow, patient_id: str, now: datetime) -> None:
    row.released_version, row.changed_at = row.report_version, now
    row.version += 1
    row.stored_version += 1
    released, stored = events_of(row, patient_id, now)
    put_event(tx, SERVICE, released, now)
    put_event(tx, SERVICE, stored, now)


def events_of(row: ReportRow, patient_id: str, now: datetime) -> tuple[ReportReleased, ReportStored]:
    """Give the two events of a released report, at the versions told last."""
    exam_id, released_version = row.exam_id or "", row.released_version or 0
    released = ReportReleased(
        id=exam_id,
        version=row.version,
        at=now,
        exam_id=exam_id,
        patient_id=patient_id,
        report_version=released_version,
        released_at=row.due_at or now,
    )
    stored = ReportStored(
        id=exam_id,
        version=row.stored_version,
        at=now,
        exam_id=exam_id,
        report_version=released_version,
        pdf_key=row.pdf_key or "",
        sha256=row.pdf_sha256 or "",
    )
    return released, stored


def prepare_pdfs(parts: Parts) -> None:
    """Make the PDFs of signed reports before they are due, so that many due at once are told at once."""
    with parts.db.read() as tx:
        without = [row.id for row in report_store.find_without_pdf(tx, AT_ONCE)]
    _each(without, lambda report_id: store_pdf(parts, report_id))


def store_pdf(parts: Parts, report_id: str) -> None:
    """Put the PDF of a report's present version into the object store, unless it is there. Nobody is told its key."""
    with parts.db.read() as tx:
        row = report_store.find_report_by_id(tx, report_id)
        if row is None or row.exam_id is None or row.pdf_version == row.report_version:
            return
        data, version = pdf_of(tx, parts, row), row.report_version
    key = f"reports/{report_id}/{version}-{new_id()}.pdf"
    parts.objects.put(key, data)
    with parts.db.begin() as tx:
        now_row = report_store.find_locked_report(tx, report_id)
        if now_row.report_version == version and now_row.pdf_version != version:
            now_row.pdf_key, now_row.pdf_version = key, version
            now_row.pdf_sha256 = hashlib.sha256(data).hexdigest()


def reckon_all(parts: Parts) -> None:
    """Set every unreleased report's clock anew, at start: the rules or the setting may have changed."""
    with parts.db.begin() as tx:
        for row, exam in report_store.find_signed(tx):
            reckon(tx, parts, row, exam)
