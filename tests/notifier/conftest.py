"""The notifier as it runs: its service on a migrated database, events by its inbox, mails in a folder or a server."""

import email
from dataclasses import dataclass, replace
from datetime import timedelta
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, cast

import pytest

from contracts.archiver import PackageEvent, PackageReady
from contracts.exams import ExamImagesAvailable, ExamState
from contracts.messages import About, ContactChanged, MessageRequested
from contracts.sharing import ShareOpened, ShareState
from contracts.wire import Event
from services.notifier.app import make
from services.notifier.settings import NotifierSettings
from services.notifier.usecases.sending import send_due
from tests.migrated import migrate
from tests.servers import NOON, SetClock
from tests.service_twin import Twin, logging_as

LATER = timedelta(hours=24)


def a_package(kind: type[PackageEvent] = PackageReady, version: int = 3, **more: Any) -> PackageEvent:
    name = kind.NAME.split(".")[1]
    state = {
        "id": "p1", "version": version, "at": NOON, "holder": "icode:1", "exams": ["mri"], "format": "zip",
        "state": {"requested": "queued", "expiring": "ready", "downloaded": "ready"}.get(name, name), "bytes": 10,
        "ready_at": NOON, "expires_at": NOON + LATER, "reason": None,
    }  # fmt: skip
    return kind(**(state | more))


def a_contact(kind: str, about_id: str, *emails: str, version: int = 1, **more: Any) -> ContactChanged:
    about = About(kind=cast("Any", kind), id=about_id)
    state = {
        "id": f"{kind}:{about_id}", "version": version, "at": NOON, "about": about, "emails": list(emails),
        "phone": None, "language": None, "wants": ["*"],
    }  # fmt: skip
    return ContactChanged(**(state | more))


def a_share(kind: type[ShareState] = ShareOpened, version: int = 2, **more: Any) -> ShareState:
    state = {
        "id": "s1", "version": version, "at": NOON, "holder": "icode:1", "exams": ["mri"], "may_download": True,
        "include_report": False, "include_visit_summary": False, "expires_at": NOON + LATER, "opens": 1,
        "reason": None,
    }  # fmt: skip
    return kind(**(state | more))


def an_exam(kind: type[ExamState] = ExamImagesAvailable, version: int = 1, **more: Any) -> Any:
    state = {
        "id": "mri", "version": version, "at": NOON, "patient_id": "anna", "visit_id": "visit-1",
        "location_id": "TX-HOU-01", "state": "TX", "time_zone": "America/Chicago", "modality": "MR",
        "status": "completed", "starts_at": NOON, "completed_at": NOON, "studies": [], "images_available": True,
    }  # fmt: skip
    return kind(**(state | more))


def a_message(template: str, **more: Any) -> MessageRequested:
    state = {
        "id": "m1", "version": 1, "at": NOON, "template": template, "about": None, "email": "anna@example.org",
        "language": None, "facts": {}, "expires_at": NOON + LATER,
    }  # fmt: skip
    return MessageRequested(**(state | more))


@dataclass
class PostOffice(Twin):
    """The service with what tests do to it."""

    folder: Path

    def send(self) -> int:
        return send_due(self.service.parts)

    def mails(self) -> list[EmailMessage]:
        """Give what lies in the folder, by name."""
        read = [
            email.message_from_bytes(path.read_bytes(), policy=default) for path in sorted(self.folder.glob("*.eml"))
        ]
        return cast("list[EmailMessage]", read)

    def sent(self, *events: Event) -> list[EmailMessage]:
        """Hear *events*, send, and give all mails."""
        self.hear(*events)
        self.send()
        return self.mails()


def a_post_office(url: str, folder: Path, clock: SetClock, mail_url: str | None = None, **more: Any) -> PostOffice:
    mails = folder / "mails"
    settings = NotifierSettings(
        database_url=url,
        keys_dir=folder / "keys",
        mail_url=mail_url or f"file://{mails}",
        mail_from="no-reply@portal.example",
        PORTAL_PUBLIC_URL="https://portal.example",
        **more,
    )
    service = make(settings)
    service = replace(service, clock=clock, parts=replace(service.parts, clock=clock))
    migrate(service)
    return PostOffice(service, clock, mails)


@pytest.fixture
def post(sqlite_url: str, tmp_path: Path, clock: SetClock) -> Any:
    """The service on SQLite, with a folder."""
    office = a_post_office(sqlite_url, tmp_path, clock)
    yield office
    office.service.db.close()


@pytest.fixture
def any_post(database_url: str, tmp_path: Path, clock: SetClock) -> Any:
    """The same, once on SQLite and once on PostgreSQL."""
    office = a_post_office(database_url, tmp_path, clock)
    yield office
    office.service.db.close()


@pytest.fixture
def logs(capsys: pytest.CaptureFixture[str]) -> Any:
    """Give a function that begins to log as a running service does, and gives one that reads what was logged."""

    with logging_as("notifier", capsys) as begin:
        yield begin
