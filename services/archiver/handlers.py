"""What the archiver hears. States are kept when newer; what takes something away acts whenever it comes."""

from datetime import timedelta

from contracts.exams import (
    Beat,
    ExamCancelled,
    ExamChanged,
    ExamCompleted,
    ExamImagesAvailable,
    ExamImagesChanged,
    ExamManifestStored,
    ExamMoved,
    ExamOrdered,
    ExamRemoved,
    ExamState,
    ReportCorrected,
    ReportStored,
    ReportTakenBack,
    ReportWithdrawn,
)
from services.archiver.parts import Parts
from services.archiver.usecases import copies, taking_back
from services.chassis.db import Tx
from services.chassis.inbox import Handlers, is_newer, newest
from services.chassis.service import CHASSIS_HANDLERS

OVERTAKEN_BY = timedelta(minutes=1)
"""How much later than an event that was overtaken a package may have been asked for with what it takes away."""


def on_exam(parts: Parts, tx: Tx, event: ExamState) -> None:
    """Keep an exam's state."""
    del parts
    copies.keep_exam(tx, event)


def on_exam_moved(parts: Parts, tx: Tx, event: ExamMoved) -> None:
    """Keep where the exam is now; unless both patients are one person, its packages end at once."""
    is_news = is_newer(tx, event)
    if is_news:
        copies.keep_exam(tx, event)
    if event.reason != "merged":
        _end_packages(parts, tx, event, "exam-moved", is_news=is_news)


def on_exam_removed(parts: Parts, tx: Tx, event: ExamRemoved) -> None:
    """Keep that the exam is no more; its packages end at once."""
    is_news = is_newer(tx, event)
    if is_news:
        copies.keep_exam(tx, event, is_removed=True)
    _end_packages(parts, tx, event, "exam-removed", is_news=is_news)


def _end_packages(parts: Parts, tx: Tx, event: ExamState, reason: str, *, is_news: bool) -> None:
    """End the exam's packages: all, or, when later states came before *event*, those that may be of before it."""
    now = parts.clock.now()
    taking_back.end_packages_of_exam(tx, event.id, reason, now if is_news else min(now, event.at + OVERTAKEN_BY), now)


def on_manifest_stored(parts: Parts, tx: Tx, event: ExamManifestStored) -> None:
    """Keep where the exam's manifests lie."""
    copies.keep_manifests(tx, event, parts.clock.now())


def on_report_stored(parts: Parts, tx: Tx, event: ReportStored) -> None:
    """Keep where the released report lies."""
    del parts
    copies.keep_report(tx, event)


def on_report_corrected(parts: Parts, tx: Tx, event: ReportTakenBack) -> None:
    """Take the report out of all packages; the corrected one has a release of its own."""
    taking_back.take_back_report(tx, event.exam_id, event.report_version, "report-corrected", parts.clock.now())


def on_report_withdrawn(parts: Parts, tx: Tx, event: ReportTakenBack) -> None:
    """Take the report out of all packages."""
    taking_back.take_back_report(tx, event.exam_id, event.report_version, "report-withdrawn", parts.clock.now())


def on_beat(parts: Parts, tx: Tx, event: Beat) -> None:
    """Keep that ``exams`` lives."""
    copies.keep_beat(tx, event.at, parts.clock.now())


HANDLERS: Handlers = {
    **CHASSIS_HANDLERS,
    ExamOrdered: newest(on_exam),
    ExamChanged: newest(on_exam),
    ExamCompleted: newest(on_exam),
    ExamCancelled: newest(on_exam),
    ExamImagesAvailable: newest(on_exam),
    ExamImagesChanged: newest(on_exam),
    ExamMoved: on_exam_moved,
    ExamRemoved: on_exam_removed,
    ExamManifestStored: newest(on_manifest_stored),
    ReportStored: newest(on_report_stored),
    ReportCorrected: on_report_corrected,
    ReportWithdrawn: on_report_withdrawn,
    Beat: on_beat,
}
