"""The bodies of the packages API (design/api.md, Packages)."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from pydantic import EmailStr, Field

from contracts.archiver import PackageFormat, PackageState
from services.archiver.domain import EXAMS_LIMIT
from services.archiver.usecases.looking import PackageView
from services.chassis.web import Answer, Ask


class PackageAskBody(Ask):
    """``POST /packages``."""

    exam_ids: list[str] = Field(min_length=1, max_length=EXAMS_LIMIT)
    format: PackageFormat
    phi_acknowledged: bool = False
    """The box "Yes, I understand that I am downloading Protected Health Information (PHI)." (S33)."""
    include_report: bool = False
    notify_email: EmailStr | None = None


class NotificationBody(Ask):
    """``PUT /packages/{id}/notification``."""

    email: EmailStr


class Omitted(Answer):
    """Something that the package does not hold."""

    count: int
    reason: str


class Failure(Answer):
    """Why a package could not be made."""

    slug: str


class PackageAnswer(Answer):
    """One package, as its holder sees it."""

    id: str
    state: PackageState
    format: PackageFormat
    exam_ids: list[str]
    file_name: str
    requested_at: datetime
    progress: float
    """0 to 1."""
    ahead: int | None
    """Packages made before this one; None once it is ready or ended."""
    eta_seconds: int | None
    size: int | None
    sha256: str | None
    ready_at: datetime | None
    expires_at: datetime | None
    bytes_sent: int
    """Of the download under way."""
    last_downloaded_at: datetime | None
    newer_images: bool
    include_report: bool
    omitted: list[Omitted]
    failure: Failure | None
    reason: str | None
    """Why it ended early or failed (a slug)."""
    notify_email_masked: str | None


class PackagesAnswer(Answer):
    """``GET /packages``, newest first."""

    packages: list[PackageAnswer]
    next: str | None


class DownloadAnswer(Answer):
    """``POST /packages/{id}/downloads``."""

    url: str
    expires_in: int
    """Seconds within which the first request must come."""


def answer_of(view: PackageView) -> dict[str, Any]:
    """Give the body for a package."""
    return PackageAnswer.model_validate(asdict(view)).model_dump(mode="json", by_alias=True)
