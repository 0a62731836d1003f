"""What identity does with what it hears."""

from contracts import audit, exams
from services.chassis.db import Tx
from services.chassis.inbox import Handlers, is_newer, newest
from services.chassis.service import CHASSIS_HANDLERS
from services.identity.parts import Parts
from services.identity.usecases import audit as audit_usecases
from services.identity.usecases import patients, visits


def on_visit(parts: Parts, tx: Tx, event: exams.VisitState) -> None:
    """Keep the visit."""
    visits.copy_visit(tx, parts, event, parts.clock.now())


def on_visit_details(parts: Parts, tx: Tx, event: exams.VisitDetailsChanged) -> None:
    """Keep its details."""
    del parts
    visits.copy_details(tx, event)


def on_demographics(parts: Parts, tx: Tx, event: exams.PatientDemographicsChanged) -> None:
    """Keep the patient; not by ``newest``, since a merge told later must not hide what is told here."""
    patients.copy_demographics(tx, parts, event, parts.clock.now())


def on_join(parts: Parts, tx: Tx, event: exams.PatientsJoined) -> None:
    """Let accounts follow a merge, or its undoing; not by ``newest``, as demographics told later must not hide it."""
    patients.copy_join(tx, event, parts.clock.now())


def on_exam(parts: Parts, tx: Tx, event: exams.ExamState) -> None:
    """Keep the exam."""
    del parts
    visits.copy_exam(tx, event)


def on_exam_moved(parts: Parts, tx: Tx, event: exams.ExamMoved) -> None:
    """Keep the exam if this is its newest state; end codes that a correction shows to be wrong in any case."""
    if is_newer(tx, event):
        visits.copy_exam(tx, event)
    visits.take_back_codes(tx, event, parts.clock.now())


def on_exam_removed(parts: Parts, tx: Tx, event: exams.ExamRemoved) -> None:
    """Forget the exam."""
    del parts
    visits.remove_exam(tx, event.id)


def on_act(parts: Parts, tx: Tx, event: audit.ActRecorded) -> None:
    """Keep the act in its service's chain."""
    del parts
    audit_usecases.append_act(tx, event)


HANDLERS: Handlers = {
    **CHASSIS_HANDLERS,
    exams.VisitRegistered: newest(on_visit),
    exams.VisitChanged: newest(on_visit),
    exams.VisitDetailsChanged: newest(on_visit_details),
    exams.PatientDemographicsChanged: on_demographics,
    exams.PatientMerged: on_join,
    exams.PatientUnmerged: on_join,
    exams.ExamOrdered: newest(on_exam),
    exams.ExamChanged: newest(on_exam),
    exams.ExamCompleted: newest(on_exam),
    exams.ExamCancelled: newest(on_exam),
    exams.ExamImagesAvailable: newest(on_exam),
    exams.ExamImagesChanged: newest(on_exam),
    exams.ExamMoved: on_exam_moved,
    exams.ExamRemoved: newest(on_exam_removed),
    audit.ActRecorded: on_act,
}
