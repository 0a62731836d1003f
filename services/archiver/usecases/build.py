"""A build's life between its request and its file: claimed, renewed, finished, given back, given up.

Every step asks the row whether the fence is still the worker's; all that is told commits with it.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts.topology import RETRY_DELAYS_S
from services.archiver.store import builds, exams, packages
from services.archiver.store.builds import Lease
from services.archiver.store.tables import BuildRow
from services.archiver.usecases import taking_back, telling
from services.archiver.usecases.request import call_workers
from services.chassis import metrics
from services.chassis.db import Tx


@dataclass(frozen=True)
class MadeFile:
    """A finished file in the store."""

    object_key: str
    size_bytes: int
    sha256: str
    omitted: list[tuple[int, str]]
    """How many, and why (a slug)."""


def find_claimable(tx: Tx, limit: int = 20) -> list[str]:
    """Give the ids of builds that a worker may claim, small ones first."""
    return builds.find_claimable(tx, limit)


def claim(tx: Tx, build_id: str, owner: str, length: timedelta, now: datetime) -> Lease | None:
    """Take a build for the worker *owner*; None when another has it, or nothing is to be done."""
    return builds.claim(tx, build_id, owner, length, now)


def is_open(tx: Tx, build_id: str) -> bool:
    """Whether a build that could not be claimed is still to be made, so that it is worth asking again."""
    build = builds.find_build(tx, build_id)
    return build is not None and build.state in {"queued", "running"}


def renew(tx: Tx, lease: Lease, length: timedelta, progress: float) -> bool:
    """Keep the lease and tell the progress; False when the build was cancelled, taken back or given to another."""
    return builds.renew(tx, lease, length, progress)


def finish(tx: Tx, lease: Lease, made: MadeFile, now: datetime) -> bool:
    """Let the build and its packages be ready; False when the file is not wanted any more and is to be deleted.

    One transaction checks the fence and that all pinned is as it was: every exam is there, no report was taken back.
    """
    build = builds.lock_held(tx, lease)
    if build is None:
        return False
    gone = exams.find_taken_back(tx, lease.spec.reports)
    if gone:
        taking_back.replace_build(tx, build, gone, "report-withdrawn", now)
        return False
    if exams.count_present_exams(tx, lease.spec.exam_ids) != len(lease.spec.exam_ids):
        end_all(tx, build, "exam-removed", now)
        return False
    build.state, build.progress, build.ready_at = "ready", 1.0, now
    build.lease_until = None
    build.object_key, build.size_bytes, build.sha256 = made.object_key, made.size_bytes, made.sha256
    build.omitted = json.dumps([{"count": count, "reason": reason} for count, reason in made.omitted])
    for package in packages.lock_live_packages(tx, build.id):
        telling.make_ready(tx, package, build, now)
    _measure(build, now)
    return True


def _measure(build: BuildRow, now: datetime) -> None:
    metrics.BUILDS.labels("ready").inc()
    if build.started_at is not None:
        metrics.BUILD_SECONDS.labels(build.format).observe(max(0.0, (now - build.started_at).total_seconds()))


def end_all(tx: Tx, build: BuildRow, reason: str, now: datetime) -> None:
    """Take a build and all its packages back, with the *reason* (slug)."""
    for package in packages.lock_live_packages(tx, build.id):
        telling.end_package(tx, package, build, "expired", reason, now)
    builds.end_build(build, "ended", reason)


def fail(tx: Tx, lease: Lease, reason: str, now: datetime) -> None:
    """Give the build up: it can not be made, and *reason* (a slug) says why. Nothing when the lease is lost."""
    build = builds.lock_held(tx, lease)
    if build is not None:
        give_up(tx, build, reason, now)


def give_up(tx: Tx, build: BuildRow, reason: str, now: datetime) -> None:
    """Let a locked build and its packages be failed."""
    for package in packages.lock_live_packages(tx, build.id):
        telling.end_package(tx, package, build, "failed", reason, now)
    builds.end_build(build, "failed", reason)
    metrics.BUILDS.labels("failed").inc()


def give_back(tx: Tx, lease: Lease, now: datetime) -> None:
    """Let the build be made later: a fault outside, which is no try. Nothing when the lease is lost."""
    build = builds.lock_held(tx, lease)
    if build is None:
        return
    build.faults += 1
    build.tries -= 1
    wait_s = RETRY_DELAYS_S[min(build.faults, len(RETRY_DELAYS_S)) - 1]
    builds.put_back(tx, build, timedelta(seconds=wait_s))
    call_workers(tx, build, now)
    metrics.BUILDS.labels("given-back").inc()
