"""Reports as the RIS tells them: signed, corrected, withdrawn; taking back what had been released."""

from datetime import datetime, timedelta

from contracts.exams import ReportCorrected, ReportTakenBack, ReportWithdrawn
from contracts.messages import About, MessageRequested
from services.chassis.db import Tx, new_id
from services.chassis.locations import Locations
from services.chassis.outbox import put_event
from services.exams.domain import release
from services.exams.hl7_told import Report, ReportMessage
from services.exams.parts import SERVICE, Parts
from services.exams.store import people as people_store
from services.exams.store import reports as report_store
from services.exams.store.tables import ExamRow, PatientRow, ReportRow

__all__ = ["Report", "attach", "facts_of", "note_report", "reckon"]

TELL_OPENERS_FOR = timedelta(days=3)
"""A mail about a withdrawn report is not worth sending later."""


def note_report(
    tx: Tx,
    parts: Parts,
    message: ReportMessage,
    told: Report,
    patient: PatientRow,
    exam: ExamRow | None,
    now: datetime,
) -> None:
    """Note what of *told* is news; an older message fills in only what the same signed text still lacks."""
    authority = exam.authority if exam else message.patient.identifiers[0].authority
    row = report_store.find_report(tx, authority, told.accession)
    rank = release.rank(told.status, told.status_at, message.sent_at)
    if row is None:
        row = report_store.add_report(tx, authority=authority, accession=told.accession, patient_id=patient.id, now=now)
        _overwrite(row, told, message, rank)
        row.report_version = 1
    elif rank < (row.rank_at, row.rank_told_at):
        _fill_in(row, told)
    else:
        _change(tx, row, told, message, rank, now)
    row.patient_id, row.changed_at = patient.id, now
    tx.flush()
    if exam is not None:
        attach(tx, parts, exam, now)


def _change(
    tx: Tx, row: ReportRow, told: Report, message: ReportMessage, rank: tuple[datetime, datetime], now: datetime
) -> None:
    """Let *told* replace what the row says; another text or status is another version with a clock of its own."""
    before = _content(row)
    was_signed = row.was_signed or _is_signed(row)
    released = row.released_version
    _overwrite(row, told, message, rank)
    if _content(row) == before:
        return
    row.was_signed = was_signed
    row.report_version += 1
    if released is not None:
        _take_back(tx, row, released, now)


def _overwrite(row: ReportRow, told: Report, message: ReportMessage, rank: tuple[datetime, datetime]) -> None:
    is_same_text = told.status_at == row.signed_at or row.status == "preliminary"
    signed_at = told.status_at if told.status in release.SIGNED else None
    if told.referrer_sent_at is not None or signed_at != row.signed_at:
        row.told_sent_at = told.referrer_sent_at
    if told.text is not None or told.pdf is not None or not is_same_text:
        row.text, row.pdf = told.text, told.pdf
    row.status, row.signed_at = told.status, signed_at
    row.withdrawn_at = rank[0] if told.status == "withdrawn" else None
    row.title = told.procedure_text or row.title or ""
    row.interpreter = told.interpreter or row.interpreter
    row.rank_at, row.rank_told_at = rank


def _fill_in(row: ReportRow, told: Report) -> None:
    """Take from an older message what the same signing lacks: its text, when it was sent."""
    is_same = told.status_at is not None and told.status_at == row.signed_at
    if row.text is None and row.pdf is None and _is_signed(row) and (is_same or told.status == "preliminary"):
        row.text, row.pdf = told.text, told.pdf
    if is_same and row.told_sent_at is None:
        row.told_sent_at = told.referrer_sent_at
    row.interpreter = row.interpreter or told.interpreter
    row.title = row.title or told.procedure_text
    if told.status in release.SIGNED and not is_same:
        row.was_signed = True


def _content(row: ReportRow) -> tuple[object, ...]:
    return row.status, row.signed_at, row.text, row.pdf, row.interpreter, row.title


def _is_signed(row: ReportRow) -> bool:
    return row.status in release.SIGNED


def _take_back(tx: Tx, row: ReportRow, released: int, now: datetime) -> None:
    """Tell that version *released* may not be seen any more, and those who opened it."""
    is_withdrawn = row.status in {"withdrawn", "cancelled"}
    _tell_taken_back(tx, row, ReportWithdrawn if is_withdrawn else ReportCorrected, released, now)
    if is_withdrawn:
        for holder in report_store.find_openers(tx, row.id, released):
            put_event(tx, SERVICE, _message(holder, now), now)


def _message(holder: str, now: datetime) -> MessageRequested:
    return MessageRequested(
        id=new_id(),
        version=1,
        at=now,
        template="report-taken-back",
        about=About(kind="holder", id=holder),
        email=None,
        language=None,
        facts={},
        expires_at=now + TELL_OPENERS_FOR,
    )


def _tell_taken_back(tx: Tx, row: ReportRow, kind: type[ReportTakenBack], released: int, now: datetime) -> None:
    row.version += 1
    row.released_version = None
    exam_id = row.exam_id or ""
    patient_id = people_store.find_living(tx, row.patient_id).id
    event = kind(
        id=exam_id, version=row.version, at=now, exam_id=exam_id, patient_id=patient_id, report_version=released
    )
    put_event(tx, SERVICE, event, now)


def attach(tx: Tx, parts: Parts, exam: ExamRow, now: datetime) -> None:
    """Make the report of the exam's accession number its report, if it is the same patient's; reckon its clock anew.

    A report whose exam turned out to be another patient's leaves it.
    """
    row = report_store.find_report(tx, exam.authority, exam.accession)
    if row is None:
        return
    if people_store.find_living(tx, row.patient_id).id == exam.patient_id:
        row.exam_id = exam.id
    elif row.exam_id is not None:
        if row.released_version is not None:
            _tell_taken_back(tx, row, ReportWithdrawn, row.released_version, now)
        row.exam_id = None
    reckon(tx, parts, row, exam)
    tx.flush()


def reckon(tx: Tx, parts: Parts, row: ReportRow, exam: ExamRow) -> None:
    """Set from when the report may be seen, by the state of the exam's site; what was released stays so."""
    if row.released_version is None:
        row.due_at = release.due_at(facts_of(tx, parts.locations, row, exam, sent_when_signed=parts.sent_when_signed))


def facts_of(
    tx: Tx, locations: Locations, row: ReportRow, exam: ExamRow, *, sent_when_signed: bool
) -> release.ReportFacts:
    """Give what decides about a report; a signed one without any content yet counts as not signed."""
    visit = people_store.find_visit(tx, exam.visit_id)
    has_content = row.text is not None or row.pdf is not None
    status = row.status if has_content or not _is_signed(row) else "preliminary"
    return release.ReportFacts(
        status=status,  # type: ignore[arg-type]  # as it was read
        signed_at=row.signed_at,
        sent_at=release.sent_at(row.signed_at, row.told_sent_at, sent_when_signed=sent_when_signed),
        state=locations[visit.location_id].state,
        is_sensitive=row.is_sensitive,
        was_signed=row.was_signed,
        withdrawn_at=row.withdrawn_at,
    )
