"""What sharing hears: exams, access taken back (and with it some holders' shares), keys."""

from contracts.access import AccessEnded
from contracts.exams import (
    ExamCancelled,
    ExamChanged,
    ExamCompleted,
    ExamImagesAvailable,
    ExamImagesChanged,
    ExamMoved,
    ExamOrdered,
    ExamRemoved,
    ExamState,
)
from services.chassis import access
from services.chassis.db import Tx
from services.chassis.inbox import Handlers, is_newer, newest
from services.chassis.service import CHASSIS_HANDLERS
from services.sharing.parts import Parts
from services.sharing.usecases import exams, shares


def on_exam(parts: Parts, tx: Tx, event: ExamState) -> None:
    """Keep the newest state of an exam."""
    del parts
    exams.keep(tx, event)


def on_exam_left(parts: Parts, tx: Tx, event: ExamMoved | ExamRemoved) -> None:
    """Keep the newest state, and take the exam out of shares: that counts even when something newer came first."""
    if is_newer(tx, event):
        exams.keep(tx, event)
    exams.leave(tx, event, parts.clock.now())


def on_access_ended(parts: Parts, tx: Tx, event: AccessEnded) -> None:
    """Refuse older tokens; of an account that is no more, or never was its patient's, the shares end too."""
    access.on_access_ended(parts, tx, event)
    shares.end_with_holder(tx, event, parts.clock.now())


HANDLERS: Handlers = {
    **CHASSIS_HANDLERS,
    AccessEnded: on_access_ended,
    ExamOrdered: newest(on_exam),
    ExamChanged: newest(on_exam),
    ExamCompleted: newest(on_exam),
    ExamCancelled: newest(on_exam),
    ExamImagesAvailable: newest(on_exam),
    ExamImagesChanged: newest(on_exam),
    ExamMoved: on_exam_left,
    ExamRemoved: on_exam_left,
}
