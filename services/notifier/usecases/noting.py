"""Noting what somebody should hear of. Nothing is decided here but the notice's key, by which it is told once."""

from datetime import datetime

from contracts.archiver import PackageDownloaded, PackageEvent
from contracts.exams import ExamImagesAvailable, ExamRemoved, ExamState, ReportReleased, ReportTakenBack
from contracts.messages import ContactChanged, MessageRequested, Template
from contracts.sharing import ShareState
from services.chassis.db import Tx
from services.notifier.domain import (
    EXAM_NEWS_LIVES,
    FAILURE_NEWS_LIVES,
    SHARE_NEWS_LIVES,
    allowed_facts,
    find_addresses,
    hash_address,
)
from services.notifier.store import addresses, contacts, mails


def keep_contact(tx: Tx, event: ContactChanged, now: datetime) -> None:
    """Store where to write, and look again at what waits for it; an address told again is one to be tried again."""
    contacts.keep_contact(
        tx,
        event.about.kind,
        event.about.id,
        emails=event.emails,
        phone=event.phone,
        language=event.language,
        wants=event.wants,
        pushes=[one.to_json() for one in event.pushes],
    )
    devices = [f"{one.platform}:{one.address}" for one in event.pushes]
    given = [hash_address(address) for address in (*find_addresses(event.emails), *devices)]
    addresses.forget_refusals(tx, given, before=event.at)
    mails.wake_notices(tx, event.about.kind, event.about.id, now)


def keep_package(tx: Tx, event: PackageEvent) -> None:
    """Store the newest state of a package."""
    contacts.keep_package(tx, event.id, "downloaded" if isinstance(event, PackageDownloaded) else event.state)


def keep_exam(tx: Tx, event: ExamState) -> None:
    """Store whose an exam is."""
    contacts.keep_exam(tx, event.id, None if isinstance(event, ExamRemoved) else event.patient_id)


def keep_taken_back(tx: Tx, event: ReportTakenBack) -> None:
    """Store that a report is not to be announced any more."""
    contacts.keep_taken_back(tx, event.exam_id, event.report_version)


def note_package(tx: Tx, template: Template, event: PackageEvent, now: datetime) -> None:
    """Note that a package is ready, ends soon (S42) or failed: each once a package."""
    not_after = event.expires_at or event.at + FAILURE_NEWS_LIVES
    _note(tx, template, f"{template}:{event.id}", now, not_after, about=("package", event.id), holder=event.holder)


def note_share(tx: Tx, template: Template, event: ShareState, now: datetime) -> None:
    """Note that a link was opened (O5) or locked: each time it happens."""
    key = f"{template}:{event.id}:{event.version}"
    _note(tx, template, key, now, event.at + SHARE_NEWS_LIVES, about=("share", event.id), holder=event.holder)


def note_images(tx: Tx, event: ExamImagesAvailable, now: datetime) -> None:
    """Note that an exam's images can be seen: once an exam."""
    key = f"images-available:{event.id}"
    about = ("patient", event.patient_id)
    _note(tx, "images-available", key, now, event.at + EXAM_NEWS_LIVES, about=about, exam_id=event.id)


def note_report(tx: Tx, event: ReportReleased, now: datetime) -> None:
    """Note that a report can be read: once a report."""
    _note(
        tx,
        "report-available",
        f"report-available:{event.exam_id}:{event.report_version}",
        now,
        event.released_at + EXAM_NEWS_LIVES,
        about=("patient", event.patient_id),
        exam_id=event.exam_id,
        report_version=event.report_version,
    )


def note_message(tx: Tx, event: MessageRequested, now: datetime) -> None:
    """Note a mail that its teller decided on: once an id."""
    _note(
        tx,
        event.template,
        f"message:{event.id}",
        now,
        event.expires_at,
        about=(event.about.kind, event.about.id) if event.about else (None, None),
        email=event.email,
        language=event.language,
        facts=dict(allowed_facts(event.template, event.facts)),
    )


def _note(
    tx: Tx,
    template: Template,
    key: str,
    now: datetime,
    not_after: datetime,
    *,
    about: tuple[str | None, str | None],
    holder: str | None = None,
    exam_id: str | None = None,
    report_version: int | None = None,
    email: str | None = None,
    language: str | None = None,
    facts: dict[str, str] | None = None,
) -> None:
    mails.add_notice(
        tx,
        {
            "key": key,
            "template": template,
            "about_kind": about[0],
            "about_id": about[1],
            "holder": holder,
            "exam_id": exam_id,
            "report_version": report_version,
            "email": email,
            "language": language,
            "facts": facts or {},
            "not_after": not_after,
            "state": "waiting",
            "due_at": now,
            "made_at": now,
            "pushed_at": None,
        },
    )
