"""What happens by time alone: notices, ends, builds whose worker died, files that nobody names."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts.archiver import PackageExpiring
from services.archiver import domain
from services.archiver.store import builds, packages
from services.archiver.usecases import build as making
from services.archiver.usecases import telling
from services.archiver.usecases.request import call_workers
from services.chassis import metrics
from services.chassis.db import Tx

BATCH = 50
CALL_AGAIN_AFTER = timedelta(minutes=5)
"""A build that waits for longer than this is called once more: a broker may have lost the command."""
KEEP_TICKETS = timedelta(days=7)
"""So that an address used too late says what became of its package."""
KEEP_FAILED_ADDRESS = timedelta(hours=1)
"""So that the mail about the failure can still be sent, after a fault of the mail server too."""
GAVE_UP = "gave-up"
"""Why a build failed over which too many workers died."""


# --- the 24 hours -------------------------------------------------------------------------------------------------


def find_expiring(tx: Tx, now: datetime) -> list[str]:
    """Give the packages whose holders are to be told that they end soon (S42)."""
    return packages.find_expiring(tx, now + domain.NOTICE_BEFORE_END, BATCH)


def tell_expiring(tx: Tx, package_id: str, now: datetime) -> None:
    """Tell once that a package ends in 4 hours, unless it was downloaded meanwhile."""
    package = packages.lock_package(tx, package_id)
    is_due = package.state == "ready" and package.expires_at is not None and package.expires_at > now
    if is_due and package.notice_told_at is None and package.last_downloaded_at is None:
        build = builds.build_of(tx, package)
        package.notice_told_at = now
        telling.tell(tx, PackageExpiring, package, build, now)


def find_expired(tx: Tx, now: datetime) -> list[str]:
    """Give the builds that have packages whose 24 hours are over (S41)."""
    return packages.find_expired(tx, now, BATCH)


def expire(tx: Tx, build_id: str, now: datetime) -> None:
    """End the packages of a build whose 24 hours are over; with the last of them the build ends, and its bytes go."""
    build = builds.lock_build(tx, build_id)
    if build is None:
        return
    for package in packages.lock_live_packages(tx, build_id):
        if package.state == "ready" and package.expires_at is not None and package.expires_at <= now:
            telling.end_package(tx, package, build, "expired", None, now)
    telling.end_build_if_unwanted(tx, build)


def find_failed_with_address(tx: Tx, now: datetime) -> list[str]:
    """Give the packages whose failure has been written about by now, and that still have an address."""
    return packages.find_failed_with_address(tx, now - KEEP_FAILED_ADDRESS, BATCH)


def forget_address(tx: Tx, package_id: str, now: datetime) -> None:
    """Forget the address left with a package that failed."""
    package = packages.lock_package(tx, package_id)
    if package.state == "failed" and package.notify_email:
        telling.tell_contact(tx, package, None, now)


def forget_tickets(tx: Tx, now: datetime) -> None:
    """Delete the tickets of packages that ended long ago."""
    packages.delete_tickets(tx, now - KEEP_TICKETS)


# --- builds whose worker died -------------------------------------------------------------------------------------


def find_left_builds(tx: Tx) -> list[str]:
    """Give the builds whose worker fell silent, and those that nobody came for."""
    return builds.find_left_builds(tx, CALL_AGAIN_AFTER, BATCH)


def call_again(tx: Tx, build_id: str, max_tries: int, now: datetime) -> None:
    """Let another worker make a build, unless *max_tries* have died over it."""
    build = builds.lock_build(tx, build_id)
    if build is None or build.state not in {"queued", "running"}:
        return
    if build.state == "running":
        if not builds.is_silent(tx, build):
            return  # it was renewed, or claimed anew, since we looked
        if build.tries >= max_tries:
            making.give_up(tx, build, GAVE_UP, now)
            return
        builds.put_back(tx, build, timedelta())
    call_workers(tx, build, now)


def measure_backlog(tx: Tx) -> None:
    """Show how many bytes are still to be made: what workers are scaled by."""
    metrics.BACKLOG_BYTES.set(builds.find_backlog_bytes(tx))


# --- files --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wanted:
    """Which files are not to be deleted."""

    keys: frozenset[str]
    """Named by a build."""
    beginnings: frozenset[str]
    """``<build>.<fence>`` of builds being made."""

    def has(self, key: str) -> bool:
        """Whether the file at *key* is wanted."""
        name = key.rpartition("/")[2]
        return key in self.keys or name.rpartition(".")[0] in self.beginnings


def find_wanted(tx: Tx) -> Wanted:
    """Give which files are wanted now; list the files before, so that none comes between."""
    return Wanted(frozenset(builds.find_wanted_objects(tx)), frozenset(builds.find_running_fences(tx)))


def find_bytes_to_delete(tx: Tx) -> list[tuple[str, str]]:
    """Give (build, object key) of ended builds whose bytes are still there; the state came first."""
    return builds.find_bytes_to_delete(tx, BATCH)


def note_bytes_deleted(tx: Tx, build_id: str, key: str) -> None:
    """Note that the bytes of an ended build are gone."""
    builds.forget_object(tx, build_id, key)
