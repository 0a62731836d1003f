"""Reports, who opened them, and which of them are due."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import func, select

from services.chassis.db import Tx, new_id
from services.exams.store.tables import ExamRow, ReportOpeningRow, ReportRow


def find_report(tx: Tx, authority: str, accession: str) -> ReportRow | None:
    """Give the report of that accession number in that RIS, locked."""
    query = select(ReportRow).filter_by(authority=authority, accession=accession)
    return tx.scalars(query.with_for_update()).one_or_none()


def find_report_by_id(tx: Tx, report_id: str) -> ReportRow | None:
    """Give a report as it is."""
    return tx.get(ReportRow, report_id)


def find_report_of(tx: Tx, exam_id: str) -> ReportRow | None:
    """Give an exam's report."""
    return tx.scalars(select(ReportRow).filter_by(exam_id=exam_id)).one_or_none()


def find_reports_of(tx: Tx, exam_ids: Iterable[str]) -> dict[str, ReportRow]:
    """Give the reports of some exams, by exam."""
    rows = tx.scalars(select(ReportRow).where(ReportRow.exam_id.in_(list(exam_ids))))
    return {row.exam_id: row for row in rows if row.exam_id is not None}


def find_locked_report(tx: Tx, report_id: str) -> ReportRow:
    """Give a report that is known to exist, as it is now, locked until *tx* ends."""
    return tx.scalars(
        select(ReportRow).filter_by(id=report_id).with_for_update().execution_options(populate_existing=True)
    ).one()


def add_report(tx: Tx, *, authority: str, accession: str, patient_id: str, now: datetime) -> ReportRow:
    """Give a new report of which nothing is known."""
    row = ReportRow(
        id=new_id(),
        authority=authority,
        accession=accession,
        patient_id=patient_id,
        report_version=0,
        was_signed=False,
        title="",
        version=0,
        stored_version=0,
        changed_at=now,
    )
    tx.add(row)
    return row


def find_due(tx: Tx, now: datetime, limit: int) -> list[ReportRow]:
    """Give reports that may be seen at *now* and were not told as released, the longest due first."""
    query = (
        select(ReportRow)
        .where(ReportRow.due_at <= now, ReportRow.released_version.is_(None), ReportRow.exam_id.is_not(None))
        .order_by(ReportRow.due_at, ReportRow.id)
        .limit(limit)
    )
    return list(tx.scalars(query))


def find_without_pdf(tx: Tx, limit: int) -> list[ReportRow]:
    """Give signed reports of known exams whose present version has no stored PDF yet, soonest due first."""
    query = (
        select(ReportRow)
        .where(
            ReportRow.due_at.is_not(None),
            ReportRow.exam_id.is_not(None),
            func.coalesce(ReportRow.pdf_version, 0) < ReportRow.report_version,
        )
        .order_by(ReportRow.due_at, ReportRow.id)
        .limit(limit)
    )
    return list(tx.scalars(query))


def find_signed(tx: Tx) -> list[tuple[ReportRow, ExamRow]]:
    """Give every signed report of a known exam that is not released, with its exam."""
    query = (
        select(ReportRow, ExamRow)
        .join(ExamRow, ExamRow.id == ReportRow.exam_id)
        .where(ReportRow.signed_at.is_not(None), ReportRow.released_version.is_(None))
    )
    return [(report, exam) for report, exam in tx.execute(query)]


def count_never_sent(tx: Tx) -> int:
    """Count signed reports of known exams that no clock runs for, as they were never sent (S7)."""
    query = select(func.count()).where(
        ReportRow.status.in_(["final", "corrected"]), ReportRow.exam_id.is_not(None), ReportRow.due_at.is_(None)
    )
    return int(tx.scalar(query) or 0)


def note_opening(tx: Tx, report: ReportRow, holder: str, now: datetime) -> None:
    """Note that *holder* opened the report's present version; once is enough."""
    key = (report.id, report.report_version, holder)
    if tx.get(ReportOpeningRow, key) is None:
        tx.add(
            ReportOpeningRow(report_id=report.id, report_version=report.report_version, holder=holder, opened_at=now)
        )


def find_openers(tx: Tx, report_id: str, report_version: int) -> list[str]:
    """Give the holders who opened that version of a report."""
    query = select(ReportOpeningRow.holder).filter_by(report_id=report_id, report_version=report_version)
    return list(tx.scalars(query.order_by(ReportOpeningRow.holder)))


def find_changed_reports(tx: Tx, since: datetime | None) -> list[ReportRow]:
    """Give all reports of known exams that changed since, oldest change first; None: all."""
    query = select(ReportRow).where(ReportRow.exam_id.is_not(None)).order_by(ReportRow.changed_at, ReportRow.id)
    return list(tx.scalars(query if since is None else query.where(ReportRow.changed_at >= since)))
