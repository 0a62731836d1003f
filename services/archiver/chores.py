"""The archiver's recurring work: each step a transaction of its own, so that a fault stops one step alone."""

from collections.abc import Callable
from datetime import timedelta

from services.archiver.parts import Parts
from services.archiver.usecases import sweep
from services.chassis.db import Tx, database_now
from services.chassis.objects import StoredObject
from services.chassis.supervisor import Chore

FOLDER = "builds"
"""Where finished files lie in the file store."""


def chores(parts: Parts) -> tuple[Chore, ...]:
    """Give the work that recurs, and how often."""
    return (
        Chore("windows", 1.0, lambda: sweep_windows(parts)),
        Chore("left-builds", 1.0, lambda: sweep_left_builds(parts)),
        Chore("bytes", 1.0, lambda: sweep_bytes(parts)),
        Chore("orphans", 600.0, lambda: sweep_orphans(parts)),
    )


def sweep_windows(parts: Parts) -> None:
    """Tell of packages that end soon (S42), end those whose 24 hours are over (S41), forget old addresses."""
    now = parts.clock.now()
    _each(parts, lambda tx: sweep.find_expired(tx, now), lambda tx, build_id: sweep.expire(tx, build_id, now))
    _each(parts, lambda tx: sweep.find_expiring(tx, now), lambda tx, one: sweep.tell_expiring(tx, one, now))
    _each(parts, lambda tx: sweep.find_failed_with_address(tx, now), lambda tx, one: sweep.forget_address(tx, one, now))


def _each(parts: Parts, find: Callable[[Tx], list[str]], do: Callable[[Tx, str], None]) -> None:
    with parts.db.read() as tx:
        found = find(tx)
    for one in found:
        with parts.db.begin() as tx:
            do(tx, one)


def sweep_left_builds(parts: Parts) -> None:
    """Let builds be made whose worker died, or that nobody came for."""
    now, max_tries = parts.clock.now(), parts.settings.max_tries
    _each(parts, sweep.find_left_builds, lambda tx, build_id: sweep.call_again(tx, build_id, max_tries, now))
    with parts.db.read() as tx:
        sweep.measure_backlog(tx)


def sweep_bytes(parts: Parts) -> None:
    """Delete the files of builds that ended."""
    with parts.db.read() as tx:
        ended = sweep.find_bytes_to_delete(tx)
    for build_id, key in ended:
        parts.files.delete(key)
        with parts.db.begin() as tx:
            sweep.note_bytes_deleted(tx, build_id, key)


def sweep_orphans(parts: Parts) -> None:
    """Delete old files that no build names, left by workers that died or lost their lease, and unseen ones."""
    with parts.db.begin() as tx:
        sweep.forget_tickets(tx, parts.clock.now())
        old = database_now(tx) - timedelta(seconds=parts.settings.orphan_age_s)  # files bear real times
    files: list[StoredObject] = list(parts.files.list(FOLDER))
    with parts.db.read() as tx:
        wanted = sweep.find_wanted(tx)
    for file in files:
        if file.modified_at < old and not wanted.has(file.key):
            parts.files.delete(file.key)
    parts.files.abandon_writers(old)
