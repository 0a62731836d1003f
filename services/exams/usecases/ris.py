"""What the RIS tells: visits, merges, orders, reports. Duplicates and disorder of messages end in the same state."""

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from contracts.exams import MoveReason
from services.chassis.db import Tx
from services.exams.domain import newest
from services.exams.hl7_segments import Hl7Refused
from services.exams.hl7_told import (
    FeedMessage,
    MergeMessage,
    Order,
    OrderMessage,
    ReportMessage,
    UnmergeMessage,
    VisitMessage,
)
from services.exams.parts import Parts
from services.exams.store import exams as exam_store
from services.exams.store import feed, locks
from services.exams.store import people as people_store
from services.exams.store.tables import ExamRow, PatientRow, VisitRow
from services.exams.usecases import people, reports
from services.exams.usecases.matching import match_exams, settle_exams
from services.exams.usecases.telling import settle_patient, settle_visit


def take_message(tx: Tx, parts: Parts, message: FeedMessage, sha256: str, now: datetime) -> None:
    """Let *message* (hash of its bytes: *sha256*) have its effect, once. Raises Hl7Refused."""
    locks.lock(tx, _lock_keys(message))
    if not feed.is_first(tx, message.control_id, sha256, now):
        return
    if isinstance(message, VisitMessage):
        _take_visit(tx, parts, message, now)
    elif isinstance(message, MergeMessage | UnmergeMessage):
        _take_merge(tx, parts, message, now)
    elif isinstance(message, OrderMessage):
        _take_orders(tx, parts, message, now)
    else:
        _take_reports(tx, parts, message, now)


def _lock_keys(message: FeedMessage) -> Iterable[str]:
    persons = list(message.patient.identifiers)
    if isinstance(message, MergeMessage | UnmergeMessage):
        persons += message.from_identifiers
    yield from (locks.patient_key(one.authority, one.mrn) for one in persons)
    about: Iterable[Order | reports.Report] = ()
    if isinstance(message, OrderMessage):
        about = message.orders
    elif isinstance(message, ReportMessage):
        about = message.reports
    for one in about:
        yield locks.accession_key(one.accession)
        if one.study_uid:
            yield locks.study_key(one.study_uid)


def _take_visit(tx: Tx, parts: Parts, message: VisitMessage, now: datetime) -> None:
    patient = people.note_patient(tx, message.patient, message.sent_at, now)
    visits = []
    if message.visit is not None:
        is_registration = message.event == "A04"
        authority = message.patient.identifiers[0].authority
        visits.append(
            people.note_visit(
                tx, message.visit, patient, authority, message.sent_at, now, is_registration=is_registration
            )
        )
    _settle(tx, parts, [patient], visits, now)


def _take_merge(tx: Tx, parts: Parts, message: MergeMessage | UnmergeMessage, now: datetime) -> None:
    into = people.note_patient(tx, message.patient, message.sent_at, now)
    gone = people.find_or_add(tx, message.from_identifiers, now)
    is_merge = isinstance(message, MergeMessage)
    act = people.merge if is_merge else people.unmerge
    act(tx, into, gone, message.sent_at)
    family = set(people_store.find_family(tx, gone.id)) | set(people_store.find_family(tx, into.id))
    visits = people_store.find_visits_of(tx, family)
    people.place(tx, visits)
    _settle(tx, parts, [into, gone], visits, now, reason="merged" if is_merge else "unmerged")


def _take_orders(tx: Tx, parts: Parts, message: OrderMessage, now: datetime) -> None:
    patient = people.note_patient(tx, message.patient, message.sent_at, now)
    authority = message.patient.identifiers[0].authority
    visit = None
    if message.visit is not None and message.visit.visit_number is not None:
        visit = people.note_visit(tx, message.visit, patient, authority, message.sent_at, now)
    visits = {visit.id: visit} if visit else {}
    for order in message.orders:
        for touched in _note_order(tx, message, order, patient, visit, now):
            visits[touched.id] = touched
    _settle(tx, parts, [patient], list(visits.values()), now)


def _note_order(
    tx: Tx, message: OrderMessage, order: Order, patient: PatientRow, visit: VisitRow | None, now: datetime
) -> list[VisitRow]:
    """Note what of *order* is news; give the visits that have, or had, the exam."""
    authority, at = message.patient.identifiers[0].authority, message.sent_at
    exam = find_exam(tx, authority, order.accession, patient)
    if exam is None:
        if visit is None:
            raise Hl7Refused("101", "PV1", 19)
        exam = exam_store.add_exam(tx, authority=authority, accession=order.accession, visit=visit, now=now)
    before = people_store.find_visit(tx, exam.visit_id)
    said = {
        "visit_id": visit.id if visit else None,
        "procedure_code": order.procedure_code,
        "procedure_text": order.procedure_text,
        "modality": order.modality,
        "reason": order.reason,
        "ordering_physician": order.ordering_physician,
        "starts_at": order.starts_at,
        "study_uid": order.study_uid,
        "status": order.status,
    }
    news = newest.newer(exam.field_told, said, at)
    exam.field_told = newest.note(exam.field_told, news, at)
    for field, value in news.items():
        setattr(exam, field, value)
    exam.ordered_at = min(at, exam.ordered_at or at)
    if order.status == "completed":
        exam.completed_at = min(at, exam.completed_at or at)
    after = people_store.find_visit(tx, exam.visit_id)
    exam.patient_id = after.patient_id
    tx.flush()
    return [before, after]


def find_exam(tx: Tx, authority: str, accession: str, patient: PatientRow) -> ExamRow | None:
    """Give the exam of that accession number in that RIS, else the same person's in another (after a merge)."""
    exam = exam_store.find_exam_by_accession(tx, authority, accession)
    if exam is not None:
        return exam
    living = people_store.find_living(tx, patient.id)
    theirs = [one for one in exam_store.find_exams_of_accession(tx, accession) if one.patient_id == living.id]
    return theirs[0] if theirs else None


def _take_reports(tx: Tx, parts: Parts, message: ReportMessage, now: datetime) -> None:
    patient = people.note_patient(tx, message.patient, message.sent_at, now)
    for report in message.reports:
        exam = find_exam(tx, message.patient.identifiers[0].authority, report.accession, patient)
        if exam is not None and exam.patient_id != people_store.find_living(tx, patient.id).id:
            raise Hl7Refused("204", "PID", 3)
        reports.note_report(tx, parts, message, report, patient, exam, now)
    _settle(tx, parts, [patient], [], now)


def _settle(
    tx: Tx,
    parts: Parts,
    patients: list[PatientRow],
    visits: list[VisitRow],
    now: datetime,
    reason: MoveReason = "corrected",
) -> None:
    """Match what the message touched again, and tell all that is news: patients, then visits, then exams."""
    tx.flush()
    exams = exam_store.find_exams_of_visits(tx, [visit.id for visit in visits])
    changed = match_exams(tx, exams, now)
    starts = {visit.id: visit.starts_at for visit in visits}
    for exam in exams:
        exam.sorted_at = exam.starts_at or starts[exam.visit_id] or exam.ordered_at or exam.sorted_at
        reports.attach(tx, parts, exam, now)
    told_of = {visit.id: visit for visit in visits}
    for patient in patients:
        if settle_patient(tx, patient, now):  # a visit's details hold its patient's language and protection
            told_of |= {visit.id: visit for visit in people_store.find_visits_of(tx, [patient.id])}
    for visit in told_of.values():
        settle_visit(tx, parts.locations, visit, now)
    settle_exams(tx, parts, changed | {exam.id for exam in exams}, now, reason=reason)


def find_zone(tx: Tx, parts: Parts, accessions: list[str], now: datetime) -> ZoneInfo:
    """Give the time zone for a message that names no location: its exam's, else the westernmost of all sites.

    A local time read too far in the west is too late, so that no clock begins too early.
    """
    for accession in accessions:
        for exam in exam_store.find_exams_of_accession(tx, accession):
            return parts.locations[people_store.find_visit(tx, exam.visit_id).location_id].zone
    return parts.locations.westernmost(now)
