"""What happens to packages when an exam or a report is taken away from whoever holds it."""

from collections.abc import Collection
from datetime import datetime

from services.archiver import domain
from services.archiver.domain import BuildSpec
from services.archiver.store import builds, exams, packages
from services.archiver.store.tables import BuildRow, PackageRow
from services.archiver.usecases import telling
from services.archiver.usecases.request import call_workers
from services.chassis import audit
from services.chassis.db import Tx


def end_packages_of_exam(tx: Tx, exam_id: str, reason: str, until: datetime, now: datetime) -> None:
    """End all packages with *exam_id* that were asked for up to *until*, at once and with the *reason* (slug)."""
    for build_id in packages.find_builds_of_exam(tx, exam_id, until):
        build = builds.lock_build(tx, build_id)
        if build is None:
            continue
        for package in packages.lock_live_packages(tx, build_id):
            if package.requested_at <= until:
                telling.end_package(tx, package, build, "expired", reason, now)
        telling.end_build_if_unwanted(tx, build)


def take_back_report(tx: Tx, exam_id: str, version: int, reason: str, now: datetime) -> None:
    """Let no package show a report of *exam_id* up to *version*, whenever it was or will be told.

    Ready packages that hold it expire, those under way are made without it; who downloaded it is told.
    """
    before = exams.take_back_report(tx, exam_id, version)
    tx.flush()
    downloaded = packages.find_downloaded_with_report(tx, exam_id, after=before, through=version)
    addresses = {package.id: package.notify_email for package in downloaded}  # forgotten when the package ends
    for build_id in builds.find_builds_with_report(tx, exam_id, after=before, through=version):
        build = builds.lock_build(tx, build_id)
        if build is not None and build.state in {"queued", "running", "ready"}:
            replace_build(tx, build, [exam_id], reason, now)
    for package in downloaded:
        telling.tell_taken_back(tx, package, addresses[package.id], version, now)
        audit.record(tx, telling.OWNER, "report.taken-back", now, object=f"package:{package.id}")


def replace_build(tx: Tx, build: BuildRow, exam_ids: Collection[str], reason: str, now: datetime) -> None:
    """End a locked build that holds reports of *exam_ids*, which were taken back.

    Its ready packages expire with the *reason*, those under way move to a build without these reports.
    """
    spec = builds.spec_of(build)
    for exam_id in exam_ids:
        spec = spec.without_report_of(exam_id)
    live = packages.lock_live_packages(tx, build.id)
    for package in live:
        if package.state == "ready":
            telling.end_package(tx, package, build, "expired", reason, now)
    builds.end_build(build, "ended", reason)
    tx.flush()
    moving = [package for package in live if package.state == "queued"]
    if moving:
        _move(tx, moving, build, spec, now)


def _move(tx: Tx, moving: list[PackageRow], old: BuildRow, spec: BuildSpec, now: datetime) -> None:
    estimate = old.estimated_bytes
    build, is_new = builds.join_or_add_build(tx, spec, estimate, domain.queue_for(estimate), now)
    if is_new:
        call_workers(tx, build, now)
    for package in moving:
        package.build_id = build.id
        package.reports_left_out = len(spec.exam_ids) - sum(pin.with_pdf for pin in spec.reports)
        package.live_key = None  # so that another of the holder's, of just this content, may have it
        tx.flush()
        if packages.find_live_package(tx, package.holder, spec.key()) is None:
            package.live_key = packages.live_key(package.holder, spec.key())
        if build.state == "ready":
            telling.make_ready(tx, package, build, now)
