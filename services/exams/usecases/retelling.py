"""Telling everything again as it stands, to one queue: for a new subscriber, or a copy that was lost."""

from datetime import datetime

from contracts.exams import ExamChanged, VisitChanged
from contracts.topology import may_hear
from contracts.wire import Event
from services.chassis.db import Tx
from services.chassis.outbox import put_event
from services.exams.parts import SERVICE, Parts
from services.exams.store import exams as exam_store
from services.exams.store import people
from services.exams.store import reports as report_store
from services.exams.usecases import release, telling


def retell(tx: Tx, parts: Parts, queue: str, since: datetime | None) -> None:
    """Put the state of every noun that changed since (None: ever) into the outbox, to *queue* alone."""
    now = parts.clock.now()
    for event in _events(tx, parts, since, now):
        if may_hear(queue, type(event)):
            put_event(tx, SERVICE, event, now, to_queue=queue)


def _events(tx: Tx, parts: Parts, since: datetime | None, now: datetime) -> list[Event]:
    events: list[Event] = []
    for patient in people.find_changed_patients(tx, since):
        events += telling.patient_events(tx, patient, now)
    for visit in people.find_changed_visits(tx, since):
        events.append(telling.visit_event(parts.locations, visit, now, VisitChanged))
        events.append(telling.visit_details(tx, visit, now))
    for exam in exam_store.find_changed_exams(tx, since):
        found = exam_store.find_studies_of(tx, [exam.id]).get(exam.id, [])
        fields = telling.exam_fields(tx, parts.locations, exam, found)
        events.append(ExamChanged(id=exam.id, version=exam.version, at=now, **fields))
        if exam.stored_version:
            events.append(telling.manifest_event(exam, found, now))
    for report in report_store.find_changed_reports(tx, since):
        if report.released_version is not None:
            patient_id = people.find_living(tx, report.patient_id).id
            events += release.events_of(report, patient_id, now)
    return events
