"""A holder's packages as they are told: state, progress, how long it takes, what changed since."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.archiver import byte_ranges, domain
from services.archiver.domain import PackageNotFound
from services.archiver.store import builds, exams, packages
from services.archiver.store.tables import BuildRow, PackageRow
from services.chassis.caller import Caller
from services.chassis.db import Tx

NOT_INCLUDED = "report-not-available"
"""Why a report that was asked for is not in a package: not released, or not the caller's to see."""


@dataclass(frozen=True)
class PackageView:
    """A package as its holder sees it; times are UTC."""

    id: str
    state: str
    format: str
    exam_ids: list[str]
    file_name: str
    requested_at: datetime
    progress: float
    ahead: int | None
    eta_seconds: int | None
    size: int | None
    sha256: str | None
    ready_at: datetime | None
    expires_at: datetime | None
    bytes_sent: int
    last_downloaded_at: datetime | None
    newer_images: bool
    include_report: bool
    omitted: list[dict[str, Any]]
    failure: dict[str, str] | None
    reason: str | None
    notify_email_masked: str | None


def look_at_package(tx: Tx, caller: Caller, package_id: str) -> PackageView:
    """Give *caller*'s package. Raises PackageNotFound."""
    package = packages.find_package(tx, caller.holder, package_id)
    if package is None:
        raise PackageNotFound
    return view_of(tx, package)


def list_packages(
    tx: Tx, caller: Caller, limit: int, before: tuple[datetime, str] | None
) -> tuple[list[PackageView], tuple[datetime, str] | None]:
    """Give up to *limit* of *caller*'s packages, newest first, and from where to go on; None at the end."""
    rows = packages.find_packages(tx, caller.holder, limit + 1, before)
    shown = rows[:limit]
    following = (shown[-1].requested_at, shown[-1].id) if len(rows) > limit else None
    return [view_of(tx, row) for row in shown], following


def view_of(tx: Tx, package: PackageRow) -> PackageView:
    """Give a package as its holder sees it."""
    build = builds.build_of(tx, package)
    exam_ids = packages.find_exam_ids(tx, package.id)
    is_ready = package.state == "ready"
    ahead, eta_seconds = _waiting(tx, package, build)
    return PackageView(
        id=package.id,
        state=domain.shown_state(package.state, build.state),
        format=build.format,
        exam_ids=exam_ids,
        file_name=package.file_name,
        requested_at=package.requested_at,
        progress=1.0 if package.ready_at else round(build.progress, 4),
        ahead=ahead,
        eta_seconds=eta_seconds,
        size=build.size_bytes if is_ready else None,
        sha256=build.sha256 if is_ready else None,
        ready_at=package.ready_at,
        expires_at=package.expires_at,
        bytes_sent=byte_ranges.covered(packages.sent_spans(package)),
        last_downloaded_at=package.last_downloaded_at,
        newer_images=package.state in domain.LIVE_STATES and _has_newer_images(tx, build, exam_ids),
        include_report=package.include_report,
        omitted=_omitted(package, build),
        failure={"slug": package.reason or "failed"} if package.state == "failed" else None,
        reason=package.reason,
        notify_email_masked=domain.masked(package.notify_email),
    )


def _waiting(tx: Tx, package: PackageRow, build: BuildRow) -> tuple[int | None, int | None]:
    if package.state != "queued":
        return None, None
    ahead = builds.find_ahead(tx, build)
    before = (ahead.builds, ahead.bytes) if build.state == "queued" else (0, 0)
    return before[0], domain.eta_s(
        before[1], build.estimated_bytes, build.progress, ahead.bytes_a_second, ahead.workers
    )


def _has_newer_images(tx: Tx, build: BuildRow, exam_ids: list[str]) -> bool:
    pinned = {pin.study_id: pin.manifest_version for pin in builds.spec_of(build).studies}
    known = exams.find_newest_versions(tx, exam_ids)
    return any(version > pinned.get(study_id, 0) for studies in known.values() for study_id, version in studies.items())


def _omitted(package: PackageRow, build: BuildRow) -> list[dict[str, Any]]:
    omitted: list[dict[str, Any]] = json.loads(build.omitted)
    if package.reports_left_out:
        omitted.append({"count": package.reports_left_out, "reason": NOT_INCLUDED})
    return omitted


def find_backlog_bytes(tx: Tx) -> int:
    """Give the estimated bytes of builds that wait or are being made: what workers are scaled by."""
    return builds.find_backlog_bytes(tx)
