"""Asking for packages, looking at them, cancelling them, leaving an address."""

from dataclasses import dataclass
from datetime import datetime

from contracts.archiver import BuildPackage, PackageFormat, PackageRequested
from services.archiver import domain
from services.archiver.domain import BuildSpec, KnownExam, PackageNotFound, ReportPin
from services.archiver.store import builds, exams, packages
from services.archiver.store.tables import BuildRow, PackageRow
from services.archiver.usecases import telling
from services.chassis import audit
from services.chassis.caller import Caller
from services.chassis.db import Tx, new_id
from services.chassis.outbox import put_command


@dataclass(frozen=True)
class PackageAsk:
    """What a holder asks for."""

    exam_ids: tuple[str, ...]
    format: PackageFormat
    phi_acknowledged: bool
    include_report: bool = False
    notify_email: str | None = None
    language: str | None = None


def request_package(tx: Tx, caller: Caller, ask: PackageAsk, now: datetime, *, running_limit: int) -> PackageRow:
    """Give *caller* a package of the exams asked for, on a build that is shared with whoever asked for the same.

    The same holder's same request gives the same package while it lives; *running_limit* packages of one holder may be
    under way. Reports that are not released, or not the
    caller's to see, are left out and counted. Raises DownloadNotAllowed, PhiNotAcknowledged, ExamNotFound (never
    says that one exists), ImagesNotAvailable, ReportsUnverified, TooManyPackages.
    """
    domain.check_may_package(caller.may_download, ask.phi_acknowledged)
    exams.lock_holder(tx, caller.holder)
    known = exams.find_seen_exams(tx, caller, set(ask.exam_ids))
    domain.check_exams(set(ask.exam_ids), known)
    spec = _spec(tx, caller, ask, known)
    domain.check_reports_verified(spec.holds_report(), exams.find_beat(tx), now)
    package = packages.find_live_package(tx, caller.holder, spec.key())
    if package is None:
        if packages.count_under_way(tx, caller.holder) >= running_limit:
            raise domain.TooManyPackages(retry_after_s=30)
        package = _add_package(tx, caller, ask, known, spec, now)
    if ask.notify_email and ask.notify_email != package.notify_email:
        telling.tell_contact(tx, package, ask.notify_email, now)
    _record(tx, caller, "package.request", package, known, now)
    return package


def _spec(tx: Tx, caller: Caller, ask: PackageAsk, known: list[KnownExam]) -> BuildSpec:
    sharers = exams.find_sharers(tx, {pin.study_id for exam in known for pin in exam.studies})
    related = {exam.exam_id for exam in known}.union(*sharers.values())
    may_hold = ask.include_report and caller.may_see_reports
    reports: dict[str, ReportPin] = exams.find_released_reports(tx, related) if may_hold else {}
    return domain.spec_of(known, ask.format, reports, sharers)


def _add_package(
    tx: Tx, caller: Caller, ask: PackageAsk, known: list[KnownExam], spec: BuildSpec, now: datetime
) -> PackageRow:
    estimate = domain.estimate_bytes(known)
    build, is_new = builds.join_or_add_build(tx, spec, estimate, domain.queue_for(estimate), now)
    if is_new:
        call_workers(tx, build, now)
    moved_here = packages.find_live_package(tx, caller.holder, spec.key())
    if moved_here is not None:  # by a report that was taken back while we waited for the build
        return moved_here
    package = PackageRow(
        id=new_id(),
        holder=caller.holder,
        build_id=build.id,
        live_key=packages.live_key(caller.holder, spec.key()),
        state="queued",
        version=0,
        include_report=ask.include_report,
        reports_left_out=len(known) - sum(pin.with_pdf for pin in spec.reports) if ask.include_report else 0,
        file_name=domain.file_name([exam.file_name or exam.exam_id for exam in known], ask.format),
        phi_acknowledged_at=now,
        requested_at=now,
        contact_version=0,
        language=ask.language,
        sent_spans="[]",
    )
    packages.add_package(tx, package, spec.exam_ids)
    telling.tell(tx, PackageRequested, package, build, now)
    if build.state == "ready":
        telling.make_ready(tx, package, build, now)
    return package


def call_workers(tx: Tx, build: BuildRow, now: datetime) -> None:
    """Put the command that wakes a worker for *build*."""
    put_command(tx, telling.OWNER, BuildPackage(build_id=build.id), now, queue=build.queue, subject=build.id)
    builds.note_called(tx, build)


def _record(tx: Tx, caller: Caller, action: str, package: PackageRow, known: list[KnownExam], now: datetime) -> None:
    for patient_id in sorted({exam.patient_id for exam in known}):
        audit.record(
            tx,
            telling.OWNER,
            action,
            now,
            caller=caller,
            patient_id=patient_id,
            object=f"package:{package.id}",
            phi_acknowledged=True,
        )


def cancel_package(tx: Tx, caller: Caller, package_id: str, now: datetime) -> None:
    """End *caller*'s package (O1); its build ends with its last package. One that ended before stays as it is.

    Raises PackageNotFound.
    """
    found = packages.find_package(tx, caller.holder, package_id)
    if found is None:
        raise PackageNotFound
    build = _locked_build(tx, found)
    package = packages.lock_package(tx, package_id)
    if package.state in domain.LIVE_STATES:
        telling.end_package(tx, package, build, "cancelled", None, now)
        telling.end_build_if_unwanted(tx, build)
    audit.record(tx, telling.OWNER, "package.cancel", now, caller=caller, object=f"package:{package_id}")


def _locked_build(tx: Tx, package: PackageRow) -> BuildRow:
    """Give a package's build, locked. A package moves to another build at most when a report is taken back."""
    while True:
        build_id = package.build_id
        build = builds.lock_build(tx, build_id)
        tx.refresh(package)
        if package.build_id == build_id and build is not None:
            return build


def leave_address(tx: Tx, caller: Caller, package_id: str, email: str, now: datetime) -> None:
    """Write to *email* when *caller*'s package is ready (S35), instead of where was said before.

    Raises PackageNotFound, PackageEnded.
    """
    if packages.find_package(tx, caller.holder, package_id) is None:
        raise PackageNotFound
    package = packages.lock_package(tx, package_id)
    if package.state not in domain.LIVE_STATES:
        raise domain.PackageEnded
    if email != package.notify_email:
        telling.tell_contact(tx, package, email, now)
    audit.record(tx, telling.OWNER, "package.leave-address", now, caller=caller, object=f"package:{package_id}")
