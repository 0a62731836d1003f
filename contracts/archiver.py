"""What ``archiver`` tells and is told: packages and the command to build one (design/events.md)."""

from typing import ClassVar, Literal

from contracts.wire import Command, Instant, OpenEvent

PackageFormat = Literal["zip", "iso"]
PackageState = Literal["queued", "preparing", "ready", "failed", "cancelled", "expired"]
SMALL_LIMIT_BYTES = 200_000_000
"""Builds whose estimate is below this go by ``archiver.build-package.small``, others by ``.large``."""


class BuildPackage(Command):
    """Make the file of a build. A wake-up: the row in the archiver's database is the truth."""

    NAME: ClassVar[str] = "build-package"
    build_id: str


class PackageEvent(OpenEvent):
    """One holder's request for a download; its whole public state."""

    holder: str
    """``account:…``, ``icode:…`` or ``share:…``."""
    exams: list[str]
    format: PackageFormat
    state: PackageState
    bytes: int | None
    """Size of the finished file; None before."""
    ready_at: Instant | None
    expires_at: Instant | None
    reason: str | None
    """A slug for ``failed`` and for an early end, such as ``report-withdrawn``."""


class PackageRequested(PackageEvent):
    """A holder asked."""

    NAME: ClassVar[str] = "package.requested"


class PackageReady(PackageEvent):
    """The file is there, for 24 hours (S41)."""

    NAME: ClassVar[str] = "package.ready"


class PackageFailed(PackageEvent):
    """It could not be made; ``reason`` says why."""

    NAME: ClassVar[str] = "package.failed"


class PackageCancelled(PackageEvent):
    """The holder cancelled (O1)."""

    NAME: ClassVar[str] = "package.cancelled"


class PackageExpiring(PackageEvent):
    """Its 24 hours end in 4 (S42); told once, and not after a download."""

    NAME: ClassVar[str] = "package.expiring"


class PackageExpired(PackageEvent):
    """Its 24 hours ended, or it was taken back."""

    NAME: ClassVar[str] = "package.expired"


class PackageDownloaded(PackageEvent):
    """All its bytes were sent (S43)."""

    NAME: ClassVar[str] = "package.downloaded"
