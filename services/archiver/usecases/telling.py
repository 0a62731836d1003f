"""Telling of a package: its events with its whole state, and where to write about it."""

from datetime import datetime, timedelta
from typing import Literal, cast

from contracts.archiver import (
    PackageCancelled,
    PackageEvent,
    PackageExpired,
    PackageFailed,
    PackageFormat,
    PackageReady,
    PackageState,
)
from contracts.messages import About, ContactChanged, MessageRequested
from services.archiver.domain import expires_at
from services.archiver.store import builds, packages
from services.archiver.store.tables import BuildRow, PackageRow
from services.chassis import metrics
from services.chassis.db import Tx
from services.chassis.outbox import put_event

OWNER = "archiver"
WANTED = ["package-ready", "package-expiring", "package-failed"]
"""The mails that whoever leaves an address with a package wants."""
TAKEN_BACK_MAIL_LIVES = timedelta(days=7)


def tell(tx: Tx, kind: type[PackageEvent], package: PackageRow, build: BuildRow, now: datetime) -> None:
    """Tell *kind* of a package with its state as it is now."""
    package.version += 1
    put_event(tx, OWNER, event_of(tx, kind, package, build, now), now)
    metrics.PACKAGES.labels(kind.NAME.removeprefix("package.")).inc()


def event_of(tx: Tx, kind: type[PackageEvent], package: PackageRow, build: BuildRow, now: datetime) -> PackageEvent:
    """Give *kind* of a package with its state and version as they are."""
    return kind(
        id=package.id,
        version=package.version,
        at=now,
        holder=package.holder,
        exams=packages.find_exam_ids(tx, package.id),
        format=cast("PackageFormat", build.format),
        state=cast("PackageState", package.state),
        bytes=build.size_bytes,
        ready_at=package.ready_at,
        expires_at=package.expires_at,
        reason=package.reason,
    )


def tell_contact(tx: Tx, package: PackageRow, email: str | None, now: datetime) -> None:
    """Keep and tell where to write about a package; None: nowhere any more."""
    package.notify_email = email
    package.contact_version += 1
    put_event(tx, OWNER, contact_of(package, now), now)


def contact_of(package: PackageRow, now: datetime) -> ContactChanged:
    """Give where to write about a package, as it stands."""
    email = package.notify_email
    return ContactChanged(
        id=f"package:{package.id}",
        version=package.contact_version,
        at=now,
        about=About(kind="package", id=package.id),
        emails=[email] if email else [],
        phone=None,
        language=cast('Literal["en", "es"] | None', package.language),
        wants=WANTED if email else [],
    )


def tell_taken_back(tx: Tx, package: PackageRow, email: str | None, report_version: int, now: datetime) -> None:
    """Ask for a mail to whoever downloaded a package with a report that was taken back; *email* is what they left."""
    event = MessageRequested(
        id=f"report-taken-back:{package.id}:{report_version}",
        version=1,
        at=now,
        template="report-taken-back",
        about=About(kind="holder", id=package.holder),
        email=email,
        language=cast('Literal["en", "es"] | None', package.language),
        facts={},
        expires_at=now + TAKEN_BACK_MAIL_LIVES,
    )
    put_event(tx, OWNER, event, now)


def make_ready(tx: Tx, package: PackageRow, build: BuildRow, now: datetime) -> None:
    """Let a package be ready: its build's file is there. Its 24 hours begin (S41)."""
    package.state, package.ready_at = "ready", now
    package.expires_at = expires_at(package.requested_at, now)
    tell(tx, PackageReady, package, build, now)


EndState = Literal["failed", "cancelled", "expired"]
_ENDS: dict[EndState, type[PackageEvent]] = {
    "failed": PackageFailed,
    "cancelled": PackageCancelled,
    "expired": PackageExpired,
}


def end_package(
    tx: Tx, package: PackageRow, build: BuildRow, state: EndState, reason: str | None, now: datetime
) -> None:
    """End a package; the address left with it is forgotten, and the notifier told to forget it afterwards."""
    package.state, package.reason, package.ended_at, package.live_key = state, reason, now, None
    tell(tx, _ENDS[state], package, build, now)
    if package.notify_email and state != "failed":  # a failure is still to be written about
        tell_contact(tx, package, None, now)


def end_build_if_unwanted(tx: Tx, build: BuildRow) -> None:
    """End a build with its last package: whoever makes it stops, its bytes go."""
    tx.flush()
    if build.state != "ended" and not packages.lock_live_packages(tx, build.id):
        builds.end_build(build, "ended")
