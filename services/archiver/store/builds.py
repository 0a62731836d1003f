"""Builds: joined by packages, claimed by workers. Whoever holds the newest fence of a lease may finish."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, func, or_, select, update

from services.archiver.domain import ASSUMED_BYTES_A_SECOND, BuildSpec
from services.archiver.store.tables import BuildReportRow, BuildRow, PackageRow
from services.chassis.db import Tx, database_now, insert_new, new_id

MEASURED_BUILDS = 20
"""Builds that the speed is taken from."""


def spec_of(build: BuildRow) -> BuildSpec:
    """Give what a build holds."""
    return BuildSpec.model_validate_json(build.spec)


def join_or_add_build(
    tx: Tx, spec: BuildSpec, estimated_bytes: int, queue: str, now: datetime
) -> tuple[BuildRow, bool]:
    """Give the live build of *spec*, locked, and whether it is new."""
    clock = database_now(tx)
    values = {
        "id": new_id(),
        "live_key": spec.key(),
        "spec": spec.model_dump_json(by_alias=True),
        "format": spec.format,
        "queue": queue,
        "estimated_bytes": estimated_bytes,
        "state": "queued",
        "fence": 0,
        "claimable_from": clock,
        "called_at": clock,
        "tries": 0,
        "faults": 0,
        "progress": 0.0,
        "made_at": now,
        "omitted": "[]",
    }
    while True:
        is_new = insert_new(tx, BuildRow, values, ["live_key"])
        build = tx.scalars(_fresh(select(BuildRow).filter_by(live_key=spec.key()))).one_or_none()
        if build is not None:  # else it ended between the two: make another
            break
    if is_new:
        for pin in spec.reports:
            tx.add(BuildReportRow(build_id=build.id, exam_id=pin.exam_id, report_version=pin.report_version))
    return build, is_new


def lock_build(tx: Tx, build_id: str) -> BuildRow | None:
    """Give a build, kept for *tx* alone; None when there is none."""
    return tx.scalars(_fresh(select(BuildRow).filter_by(id=build_id))).one_or_none()


def _fresh(query: Select[BuildRow]) -> Select[BuildRow]:
    return query.with_for_update().execution_options(populate_existing=True)


def find_build(tx: Tx, build_id: str) -> BuildRow | None:
    """Give a build; None when there is none."""
    return tx.get(BuildRow, build_id)


def build_of(tx: Tx, package: PackageRow) -> BuildRow:
    """Give the build that a package is on."""
    return tx.get_one(BuildRow, package.build_id)


# --- the lease ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Lease:
    """The right to make a build's file, while it is renewed in time and no newer fence was given."""

    build_id: str
    fence: int
    spec: BuildSpec
    made_at: datetime


def _may_be_claimed(clock: datetime) -> ColumnElement[bool]:
    waits = (BuildRow.state == "queued") & (BuildRow.claimable_from <= clock)
    left: ColumnElement[bool] = waits | ((BuildRow.state == "running") & (BuildRow.lease_until < clock))
    return left


def find_claimable(tx: Tx, limit: int) -> list[str]:
    """Give the ids of builds that a worker may claim: small ones first, then the oldest."""
    query = select(BuildRow.id).where(_may_be_claimed(database_now(tx)))
    return list(tx.scalars(query.order_by(BuildRow.queue.desc(), BuildRow.made_at, BuildRow.id).limit(limit)))


def claim(tx: Tx, build_id: str, owner: str, lease: timedelta, now: datetime) -> Lease | None:
    """Take a build for *owner* until *lease* passes without a renewal; None when it is not to be had."""
    clock = database_now(tx)
    taken = (
        update(BuildRow)
        .where(BuildRow.id == build_id, _may_be_claimed(clock))
        .values(
            state="running",
            owner=owner,
            fence=BuildRow.fence + 1,
            tries=BuildRow.tries + 1,
            lease_until=clock + lease,
            started_at=now,
            progress=0.0,
        )
        .returning(BuildRow.id)
        .execution_options(synchronize_session=False)
    )
    if tx.scalars(taken).one_or_none() is None:
        return None
    build = tx.get_one(BuildRow, build_id, populate_existing=True)
    return Lease(build.id, build.fence, spec_of(build), build.made_at)


def renew(tx: Tx, lease: Lease, length: timedelta, progress: float) -> bool:
    """Keep the lease for *length* more and note the progress (0 to 1); False when it is lost."""
    kept = (
        update(BuildRow)
        .where(BuildRow.id == lease.build_id, BuildRow.fence == lease.fence, BuildRow.state == "running")
        .values(lease_until=database_now(tx) + length, progress=progress)
        .returning(BuildRow.id)
        .execution_options(synchronize_session=False)
    )
    return tx.scalars(kept).one_or_none() is not None


def lock_held(tx: Tx, lease: Lease) -> BuildRow | None:
    """Give the build of *lease*, kept for *tx* alone; None when the lease is lost."""
    build = lock_build(tx, lease.build_id)
    return build if build and build.fence == lease.fence and build.state == "running" else None


def put_back(tx: Tx, build: BuildRow, wait: timedelta) -> None:
    """Let the build be claimed again after *wait*."""
    build.state, build.owner, build.lease_until = "queued", None, None
    build.claimable_from = database_now(tx) + wait


def end_build(build: BuildRow, state: str, reason: str | None = None) -> None:
    """Let nobody join, make or finish the build any more (*state*: ended or failed); its bytes may go."""
    build.state, build.reason, build.live_key = state, reason, None
    build.fence += 1


# --- for the sweep ------------------------------------------------------------------------------------------------


def find_left_builds(tx: Tx, call_again_after: timedelta, limit: int) -> list[str]:
    """Give builds whose worker fell silent, and waiting ones that were last called for *call_again_after* ago."""
    clock = database_now(tx)
    silent = (BuildRow.state == "running") & (BuildRow.lease_until < clock)
    forgotten = (BuildRow.state == "queued") & (BuildRow.called_at < clock - call_again_after)
    due = forgotten & (BuildRow.claimable_from <= clock)
    return list(tx.scalars(select(BuildRow.id).where(or_(silent, due)).order_by(BuildRow.id).limit(limit)))


def is_silent(tx: Tx, build: BuildRow) -> bool:
    """Whether the worker of a running build let its lease pass."""
    return build.state == "running" and build.lease_until is not None and build.lease_until < database_now(tx)


def note_called(tx: Tx, build: BuildRow) -> None:
    """Note that a command was put for the build now."""
    build.called_at = database_now(tx)


def find_bytes_to_delete(tx: Tx, limit: int) -> list[tuple[str, str]]:
    """Give the ids and object keys of ended builds whose files are still there."""
    query = select(BuildRow.id, BuildRow.object_key).where(
        BuildRow.state.in_(["ended", "failed"]), BuildRow.object_key.is_not(None)
    )
    return [(build_id, key) for build_id, key in tx.execute(query.limit(limit)) if key is not None]


def forget_object(tx: Tx, build_id: str, key: str) -> None:
    """Note that the file of an ended build is gone."""
    tx.execute(update(BuildRow).where(BuildRow.id == build_id, BuildRow.object_key == key).values(object_key=None))


def find_wanted_objects(tx: Tx) -> set[str]:
    """Give the keys of all files that builds name."""
    return {key for key in tx.scalars(select(BuildRow.object_key).where(BuildRow.object_key.is_not(None))) if key}


def find_running_fences(tx: Tx) -> set[str]:
    """Give ``<build>.<fence>`` of all builds being made: how the keys of their files begin."""
    running = tx.execute(select(BuildRow.id, BuildRow.fence).filter_by(state="running"))
    return {f"{build_id}.{fence}" for build_id, fence in running}


def find_builds_with_report(tx: Tx, exam_id: str, *, after: int, through: int) -> list[str]:
    """Give the builds that hang on a report of *exam_id* of a version above *after* and up to *through*."""
    query = select(BuildReportRow.build_id).where(
        BuildReportRow.exam_id == exam_id,
        BuildReportRow.report_version > after,
        BuildReportRow.report_version <= through,
    )
    return list(tx.scalars(query.order_by(BuildReportRow.build_id)))


# --- how long it takes --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class QueueAhead:
    """What stands before a build in its queue, and how fast it moves."""

    builds: int
    bytes: int
    workers: int
    bytes_a_second: float


def find_ahead(tx: Tx, build: BuildRow) -> QueueAhead:
    """Give what is to be made before *build*."""
    before = (BuildRow.queue == build.queue) & (BuildRow.state.in_(["queued", "running"]))
    earlier = (BuildRow.made_at < build.made_at) | ((BuildRow.made_at == build.made_at) & (BuildRow.id < build.id))
    counted = select(func.count(), func.coalesce(func.sum(BuildRow.estimated_bytes * (1 - BuildRow.progress)), 0))
    builds, left_bytes = tx.execute(counted.where(before, earlier)).one()
    workers = tx.scalar(select(func.count(func.distinct(BuildRow.owner))).filter_by(state="running")) or 0
    return QueueAhead(builds, int(left_bytes), workers, _speed(tx))


def _speed(tx: Tx) -> float:
    query = select(BuildRow.estimated_bytes, BuildRow.started_at, BuildRow.ready_at).where(
        BuildRow.ready_at.is_not(None)
    )
    made = tx.execute(query.order_by(BuildRow.ready_at.desc()).limit(MEASURED_BUILDS)).all()
    seconds = sum(
        (ready_at - started_at).total_seconds() for _, started_at, ready_at in made if started_at and ready_at
    )
    made_bytes = sum(size for size, _, _ in made)
    return made_bytes / seconds if seconds > 0 and made_bytes else ASSUMED_BYTES_A_SECOND


def find_backlog_bytes(tx: Tx) -> int:
    """Give the estimated bytes of builds that wait or are being made."""
    waiting = BuildRow.state.in_(["queued", "running"])
    return tx.scalar(select(func.coalesce(func.sum(BuildRow.estimated_bytes), 0)).where(waiting)) or 0
