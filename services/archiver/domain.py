"""What a package and a build are, and the rules for asking, preparing, keeping and handing out. Pure."""

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Literal

from contracts.archiver import SMALL_LIMIT_BYTES, PackageFormat
from contracts.refusal import Refusal, RefusalKind
from contracts.topology import JOBS_LARGE, JOBS_SMALL
from contracts.wire import Wire

DOWNLOAD_WINDOW = timedelta(hours=24)  # Patient guide 05: "images are available for 24 hours"
NOTICE_BEFORE_END = timedelta(hours=4)  # rules.md, Packages: the notice of S42
TICKET_FIRST_USE = timedelta(seconds=60)
BEAT_LIMIT = timedelta(seconds=60)
"""Without a sign of life of ``exams`` for this long, nobody knows whether a report was taken back."""
EXAMS_LIMIT = 50
"""Exams of one package."""
LAYOUT_VERSION = 1
"""Of the files that a package holds; raised with whatever changes their bytes, so that mended faults make new ones."""

LIVE_STATES = ("queued", "ready")
"""States of a package that has not ended; ``preparing`` is ``queued`` on a build that runs."""
BuildState = Literal["queued", "running", "ready", "failed", "ended"]
AVERAGE_PICTURE_BYTES = 40_000
ASSUMED_BYTES_A_SECOND = 20_000_000
"""How fast builds are made, before any was measured."""


class ExamNotFound(Refusal):
    """Raised when an exam does not exist or is not one of the caller's; never says which."""

    slug = "exam-not-found"
    kind: ClassVar[RefusalKind] = "not-found"
    words = "There is no such exam."


class ImagesNotAvailable(Refusal):
    """Raised when an exam has no images to package (yet)."""

    slug = "images-not-available"
    kind: ClassVar[RefusalKind] = "conflict"
    words = "The images of this exam are not available yet."


class PhiNotAcknowledged(Refusal):
    """Raised when the PHI box is not ticked (S33)."""

    slug = "phi-not-acknowledged"
    words = "Confirm that you understand that you are downloading Protected Health Information (PHI)."


class DownloadNotAllowed(Refusal):
    """Raised when a share was given to look only (S52), or without what the package holds."""

    slug = "download-not-allowed"
    kind: ClassVar[RefusalKind] = "forbidden"
    words = "This link lets you look at the exams, not download them."


class TooManyPackages(Refusal):
    """Raised when a holder has as many packages under way as one may have."""

    slug = "too-many-packages"
    kind: ClassVar[RefusalKind] = "too-many"
    words = "Some of your packages are still being prepared. Wait for one of them."


class PackageNotFound(Refusal):
    """Raised when a package does not exist or is another holder's; never says which."""

    slug = "package-not-found"
    kind: ClassVar[RefusalKind] = "not-found"
    words = "There is no such package."


class PackageNotReady(Refusal):
    """Raised when a package is still being prepared, or could not be made."""

    slug = "package-not-ready"
    kind: ClassVar[RefusalKind] = "conflict"
    words = "This package is not ready."


class PackageEnded(Refusal):
    """Raised when a package's 24 hours ended (S41), it was cancelled, or it was taken back."""

    slug = "package-expired"
    kind: ClassVar[RefusalKind] = "gone"
    words = "This package is no longer available. Ask for a new one."


class TicketNotFound(Refusal):
    """Raised when there is no such download address, or whoever got it may not use it any more."""

    slug = "download-not-found"
    kind: ClassVar[RefusalKind] = "not-found"
    words = "This download address is not valid."


class TicketExpired(Refusal):
    """Raised when a download address was not used within 60 seconds."""

    slug = "ticket-expired"
    kind: ClassVar[RefusalKind] = "gone"
    words = "This download address was not used in time. Start the download again."


class ReportsUnverified(Refusal):
    """Raised when ``exams`` has been silent for 60 s, so that nobody knows whether a report was taken back."""

    slug = "reports-unverified"
    kind: ClassVar[RefusalKind] = "unavailable"
    words = "Packages with a report rest for a moment. Try again."


# --- what a build holds -------------------------------------------------------------------------------------------


class StudyPin(Wire):
    """A study of a build: exactly this manifest of it."""

    study_id: str
    manifest_version: int
    manifest_key: str
    sha256: str
    with_findings: bool
    """Whether objects that carry findings go in: when each report of the study's exams is released and asked for."""


class ReportPin(Wire):
    """A released report that a build hangs on: by its PDF, or because it let findings in."""

    exam_id: str
    report_version: int
    pdf_key: str
    sha256: str
    title: str
    with_pdf: bool


class BuildSpec(Wire):
    """What the file of a build holds; the same spec gives the same key, so packages share it."""

    exam_ids: list[str]
    studies: list[StudyPin]
    reports: list[ReportPin]
    format: PackageFormat
    layout_version: int = LAYOUT_VERSION

    def key(self) -> str:
        """Give the SHA-256 of the canonical JSON."""
        return hashlib.sha256(json.dumps(self.to_json(), sort_keys=True, separators=(",", ":")).encode()).hexdigest()

    def holds_report(self) -> bool:
        """Whether anything that a report says is in the file."""
        return bool(self.reports)

    def without_report_of(self, exam_id: str) -> "BuildSpec":
        """Give what is left when the report of *exam_id* is taken back; findings that it may explain go too."""
        pins = [pin for pin in self.reports if pin.exam_id != exam_id and pin.with_pdf]
        studies = [study.model_copy(update={"with_findings": False}) for study in self.studies]
        return self.model_copy(update={"reports": pins, "studies": studies})


@dataclass(frozen=True)
class KnownExam:
    """An exam as the local copies tell: what of it may be packaged."""

    exam_id: str
    patient_id: str
    images_available: bool
    file_name: str | None
    """Accession and description (O2); None while no manifest was told."""
    studies: tuple[StudyPin, ...]
    object_bytes: int
    pictures: int


def check_may_package(may_download: bool, is_phi_acknowledged: bool) -> None:
    """Raise DownloadNotAllowed or PhiNotAcknowledged."""
    if not may_download:
        raise DownloadNotAllowed
    if not is_phi_acknowledged:
        raise PhiNotAcknowledged(field="phiAcknowledged")


def check_exams(asked: Collection[str], exams: Sequence[KnownExam]) -> None:
    """Raise ExamNotFound unless all *asked* are there, ImagesNotAvailable unless each has something to package."""
    if {exam.exam_id for exam in exams} != set(asked):
        raise ExamNotFound
    if not all(exam.images_available and exam.studies for exam in exams):
        raise ImagesNotAvailable


def spec_of(
    exams: Sequence[KnownExam],
    package_format: PackageFormat,
    reports: dict[str, ReportPin],
    sharers: dict[str, set[str]],
) -> BuildSpec:
    """Give what a package of *exams* holds.

    *reports*: those released and asked for, by exam, also of exams that share a study with these. *sharers*: all exams
    of each study. Findings go in only where every one of those has a released report.
    """
    asked = {exam.exam_id for exam in exams}
    newest: dict[str, StudyPin] = {}
    for pin in (study for exam in exams for study in exam.studies):
        if pin.study_id not in newest or pin.manifest_version > newest[pin.study_id].manifest_version:
            newest[pin.study_id] = pin
    studies, hangs_on = [], {exam_id for exam_id in asked if exam_id in reports}
    for study_id, pin in sorted(newest.items()):
        may_hold_findings = sharers[study_id] <= reports.keys()
        studies.append(pin.model_copy(update={"with_findings": may_hold_findings}))
        hangs_on |= sharers[study_id] if may_hold_findings else set()
    pins = [reports[exam_id].model_copy(update={"with_pdf": exam_id in asked}) for exam_id in sorted(hangs_on)]
    return BuildSpec(exam_ids=sorted(asked), studies=studies, reports=pins, format=package_format)


def estimate_bytes(exams: Sequence[KnownExam]) -> int:
    """Give about how large the file will be, from what ``exams`` told."""
    return sum(exam.object_bytes + exam.pictures * AVERAGE_PICTURE_BYTES for exam in exams)


def queue_for(estimated_bytes: int) -> str:
    """Give the job queue of a build, so that a large one never blocks a small one."""
    return JOBS_SMALL if estimated_bytes < SMALL_LIMIT_BYTES else JOBS_LARGE


# --- a package's life ---------------------------------------------------------------------------------------------


def shown_state(state: str, build_state: str) -> str:
    """Give the state of a package as the API tells it."""
    return "preparing" if state == "queued" and build_state == "running" else state


def expires_at(requested_at: datetime, ready_at: datetime) -> datetime:
    """Give the end of the window: 24 h from the later of asked for and ready."""
    return max(requested_at, ready_at) + DOWNLOAD_WINDOW


def check_open(state: str, ends_at: datetime | None, now: datetime) -> None:
    """Raise unless a package in *state* may be downloaded at *now* (UTC). Raises PackageEnded, PackageNotReady."""
    if state in {"cancelled", "expired"} or (ends_at is not None and now >= ends_at):
        raise PackageEnded
    if state != "ready":
        raise PackageNotReady


def check_ticket_in_time(made_at: datetime, first_used_at: datetime | None, now: datetime) -> None:
    """Raise TicketExpired unless the ticket was used before, or is at most 60 s old."""
    if first_used_at is None and now > made_at + TICKET_FIRST_USE:
        raise TicketExpired


def check_reports_verified(holds_report: bool, beat_at: datetime | None, now: datetime) -> None:
    """Raise ReportsUnverified when a report is in play and ``exams`` has been silent for longer than BEAT_LIMIT."""
    if holds_report and (beat_at is None or now - beat_at > BEAT_LIMIT):
        raise ReportsUnverified(retry_after_s=10)


def file_name(names: Sequence[str], package_format: PackageFormat) -> str:
    """Give the download's name: accession and description of one exam (O2); of several, the first and how many more."""
    more = f"-and-{len(names) - 1}-more" if len(names) > 1 else ""
    return f"{names[0]}{more}.{package_format}"


def masked(email: str | None) -> str | None:
    """Give an address as it may be shown: its first letter and its domain."""
    if email is None:
        return None
    local, _, domain = email.rpartition("@")
    return f"{local[:1]}***@{domain}"


def eta_s(bytes_ahead: int, own_bytes: int, progress: float, bytes_a_second: float, workers: int) -> int:
    """Give about how many seconds remain, at least 1."""
    return max(1, round(bytes_ahead / bytes_a_second / max(workers, 1) + own_bytes * (1 - progress) / bytes_a_second))
