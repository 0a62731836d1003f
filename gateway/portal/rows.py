"""An exam as the list shows it: its kind, its name, its chips (icon and word), its green link when a file is ready."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _

from gateway.portal import words

KINDS = {"CR": "XR", "DX": "XR", "RF": "XR", "PT": "PET", "OT": "IMG"}
AMBER_HOURS = 6
ORDER = ("preparing", "queued", "ready", "failed", "expired")
"""Which of an exam's packages speaks for it."""


@dataclass(frozen=True)
class Chip:
    """A state: colour, icon and word."""

    tone: str
    icon: str
    text: str


@dataclass(frozen=True)
class Row:
    """One exam of the list."""

    id: str
    kind: str
    name: str
    when: str
    site: str
    chips: tuple[Chip, ...]
    group: str
    """``""`` for what is coming up, else the year."""
    is_upcoming: bool
    ready_package: str | None
    """The package that the green link leads to."""
    waiting_package: str | None
    """The package that is being prepared: the page watches it."""
    has_images: bool
    has_begun: bool
    """Past Scheduled, so it can be shared (O6)."""


def name_of(exam: dict[str, Any]) -> str:
    """Give the exam's plain name, else its description, else its accession number."""
    return str(exam.get("plainName") or exam.get("description") or exam.get("accession") or "")


def zone_of(exam: dict[str, Any]) -> str | None:
    """Give the time zone of the exam's site."""
    return (exam.get("location") or {}).get("timeZone")


def row_of(exam: dict[str, Any], now: datetime) -> Row:
    """Give *exam*'s row; *now* in UTC."""
    zone, status = zone_of(exam), exam.get("status")
    start = words.parse(exam.get("date"))
    is_upcoming = status == "scheduled"
    when = (
        words.say_short_moment(exam.get("date"), zone) if is_upcoming else words.say_short_day(exam.get("date"), zone)
    )
    package = speaking_package(exam.get("packages") or [])
    return Row(
        id=str(exam["id"]),
        kind=KINDS.get(str(exam.get("modality")), str(exam.get("modality") or "IMG"))[:3],
        name=name_of(exam),
        when=when,
        site=str((exam.get("location") or {}).get("name") or ""),
        chips=tuple(_chips(exam, package, now)),
        group="" if is_upcoming or start is None else str(start.astimezone(words.zone(zone)).year),
        is_upcoming=is_upcoming,
        ready_package=_first(exam, "ready"),
        waiting_package=_first(exam, "preparing") or _first(exam, "queued"),
        has_images=bool(exam.get("imagesAvailable")),
        has_begun=status not in {"scheduled", "cancelled"},
    )


def speaking_package(packages: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """Give the package that an exam's row speaks of: one under way, else ready, else what came of the last."""
    known = [package for package in packages if package.get("state") in ORDER]
    return min(known, key=lambda package: ORDER.index(package["state"]), default=None)


def _first(exam: dict[str, Any], state: str) -> str | None:
    packages = exam.get("packages") or []
    return next((str(package["id"]) for package in packages if package.get("state") == state), None)


def _chips(exam: dict[str, Any], package: dict[str, Any] | None, now: datetime) -> list[Chip]:
    chips = [_status_chip(exam), _report_chip(exam), package_chip(package, now, zone_of(exam))]
    return [chip for chip in chips if chip]


def _status_chip(exam: dict[str, Any]) -> Chip | None:
    if exam.get("imagesAvailable"):
        return Chip("info", "picture", _("Images"))
    return {
        "scheduled": Chip("calm", "calendar", _("Scheduled")),
        "arrived": Chip("calm", "clock", _("In progress")),
        "in-progress": Chip("calm", "clock", _("In progress")),
        "cancelled": Chip("calm", "stop", _("Cancelled")),
    }.get(str(exam.get("status")))


def _report_chip(exam: dict[str, Any]) -> Chip | None:
    report = exam.get("report") or {}
    status, why = report.get("status"), (report.get("why") or {}).get("slug")
    if status == "held":
        if why == "being-corrected":
            return Chip("wait", "clock", _("Report being corrected"))
        day = words.say_short_day(report.get("availableAt"), zone_of(exam))
        return Chip("wait", "clock", _("Report %(day)s", day=day) if day else _("Report later"))
    return {
        "available": Chip("info", "report", _("Report")),
        "awaited": Chip("calm", "clock", _("Report not signed yet")),
        "withdrawn": Chip("calm", "stop", _("Report withdrawn")),
    }.get(str(status))


def package_chip(package: dict[str, Any] | None, now: datetime, zone: str | None) -> Chip | None:
    """Give the chip that says how far *package* is; None for none, and for one cancelled."""
    if package is None or package["state"] not in ORDER:
        return None
    if package["state"] == "ready":
        return _ready_chip(package, now, zone)
    if package.get("lastDownloadedAt"):
        return _downloaded_chip(package, zone)
    return {
        "queued": Chip("wait", "gear", _("Waiting to prepare")),
        "preparing": Chip(
            "wait", "gear", _("Preparing %(percent)d %%", percent=round(100 * (package.get("progress") or 0)))
        ),
        "failed": Chip("bad", "alert", _("Could not prepare")),
        "expired": Chip("calm", "clock", _("Download expired")),
    }[package["state"]]


def _downloaded_chip(package: dict[str, Any], zone: str | None) -> Chip:
    day = words.say_short_day(package.get("lastDownloadedAt"), zone)
    return Chip("calm", "done", _("Downloaded %(day)s", day=day))


def _ready_chip(package: dict[str, Any], now: datetime, zone: str | None) -> Chip:
    if package.get("lastDownloadedAt"):
        return _downloaded_chip(package, zone)
    hours = words.hours_left(package.get("expiresAt"), now)
    if hours is None:
        return Chip("ok", "download", _("Ready"))
    left = f"{int(hours)} h" if hours >= 1 else words.say_left(hours * 3600)
    text = _("Ready, %(left)s left", left=left)
    return Chip("ok", "download", text) if hours > AMBER_HOURS else Chip("wait", "clock", text)
