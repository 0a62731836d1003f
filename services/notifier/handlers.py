"""What the notifier hears. States are kept newest by newest; what happened is noted each time, by its key once."""

from functools import partial

from contracts.archiver import (
    PackageCancelled,
    PackageDownloaded,
    PackageEvent,
    PackageExpired,
    PackageExpiring,
    PackageFailed,
    PackageReady,
    PackageRequested,
)
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
    ReportCorrected,
    ReportReleased,
    ReportTakenBack,
    ReportWithdrawn,
)
from contracts.messages import ContactChanged, MessageRequested, Template
from contracts.sharing import ShareChanged, ShareCreated, ShareEnded, ShareLocked, ShareOpened, ShareState
from services.chassis.db import Tx
from services.chassis.inbox import Handlers, is_newer, newest
from services.chassis.service import CHASSIS_HANDLERS
from services.notifier.parts import Parts
from services.notifier.usecases import noting


def on_contact(parts: Parts, tx: Tx, event: ContactChanged) -> None:
    """Keep where to write."""
    noting.keep_contact(tx, event, parts.clock.now())


def on_message(parts: Parts, tx: Tx, event: MessageRequested) -> None:
    """Note a mail that its teller decided on."""
    noting.note_message(tx, event, parts.clock.now())


def on_package(parts: Parts, tx: Tx, event: PackageEvent) -> None:
    """Keep the newest state of a package."""
    del parts
    if is_newer(tx, event):
        noting.keep_package(tx, event)


def on_package_news(template: Template, parts: Parts, tx: Tx, event: PackageEvent) -> None:
    """Keep the newest state of a package, and note what its holder should hear."""
    on_package(parts, tx, event)
    noting.note_package(tx, template, event, parts.clock.now())


def on_share_news(template: Template, parts: Parts, tx: Tx, event: ShareState) -> None:
    """Note what a share's owner should hear."""
    noting.note_share(tx, template, event, parts.clock.now())


def on_share(parts: Parts, tx: Tx, event: ShareState) -> None:
    """Nothing: nobody is told of it; its address comes and goes by ``contact.changed``."""
    del parts, tx, event


def on_exam(parts: Parts, tx: Tx, event: ExamState) -> None:
    """Keep whose an exam is."""
    del parts
    if is_newer(tx, event):
        noting.keep_exam(tx, event)


def on_images_available(parts: Parts, tx: Tx, event: ExamImagesAvailable) -> None:
    """Keep whose an exam is, and note that its images can be seen."""
    on_exam(parts, tx, event)
    noting.note_images(tx, event, parts.clock.now())


def on_report_released(parts: Parts, tx: Tx, event: ReportReleased) -> None:
    """Note that a report can be read."""
    noting.note_report(tx, event, parts.clock.now())


def on_report_taken_back(parts: Parts, tx: Tx, event: ReportTakenBack) -> None:
    """Keep that a report is not to be announced any more."""
    del parts
    noting.keep_taken_back(tx, event)


HANDLERS: Handlers = {
    **CHASSIS_HANDLERS,
    ExamOrdered: on_exam,
    ExamChanged: on_exam,
    ExamCompleted: on_exam,
    ExamCancelled: on_exam,
    ExamImagesAvailable: on_images_available,
    ExamImagesChanged: on_exam,
    ExamMoved: on_exam,
    ExamRemoved: on_exam,
    ReportReleased: on_report_released,
    ReportCorrected: on_report_taken_back,
    ReportWithdrawn: on_report_taken_back,
    ContactChanged: newest(on_contact),
    MessageRequested: on_message,
    ShareCreated: on_share,
    ShareChanged: on_share,
    ShareOpened: partial(on_share_news, "share-opened"),
    ShareLocked: partial(on_share_news, "share-locked"),
    ShareEnded: on_share,
    PackageRequested: on_package,
    PackageReady: partial(on_package_news, "package-ready"),
    PackageFailed: partial(on_package_news, "package-failed"),
    PackageCancelled: on_package,
    PackageExpiring: partial(on_package_news, "package-expiring"),
    PackageExpired: on_package,
    PackageDownloaded: on_package,
}
