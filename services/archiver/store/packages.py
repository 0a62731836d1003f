"""Packages, each one holder's, and the tickets by which they are downloaded."""

import json
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, func, or_, select

from services.archiver.byte_ranges import Span
from services.archiver.domain import LIVE_STATES
from services.archiver.store.tables import BuildReportRow, BuildRow, PackageExamRow, PackageRow, TicketRow
from services.chassis.db import Tx


def live_key(holder: str, build_key: str) -> str:
    """Give what is unique among a holder's packages that have not ended."""
    return f"{holder} {build_key}"


def find_live_package(tx: Tx, holder: str, build_key: str) -> PackageRow | None:
    """Give the holder's package of the same content that has not ended."""
    return tx.scalars(select(PackageRow).filter_by(live_key=live_key(holder, build_key))).one_or_none()


def add_package(tx: Tx, package: PackageRow, exam_ids: Collection[str]) -> None:
    """Add a package of *exam_ids*."""
    tx.add(package)
    tx.flush()
    for exam_id in exam_ids:
        tx.add(PackageExamRow(package_id=package.id, exam_id=exam_id))
    tx.flush()


def count_under_way(tx: Tx, holder: str) -> int:
    """Give how many of the holder's packages are being prepared."""
    query = select(func.count()).select_from(PackageRow).where(PackageRow.holder == holder)
    return tx.scalar(query.where(PackageRow.state == "queued")) or 0


def find_package(tx: Tx, holder: str, package_id: str) -> PackageRow | None:
    """Give a package of *holder*; None for one that is another's or does not exist."""
    return tx.scalars(select(PackageRow).filter_by(id=package_id, holder=holder)).one_or_none()


def find_any_package(tx: Tx, package_id: str) -> PackageRow | None:
    """Give a package whoever holds it: for tickets and chores, which know its id from a row."""
    return tx.get(PackageRow, package_id)


def lock_package(tx: Tx, package_id: str) -> PackageRow:
    """Give a package that exists, kept for *tx* alone."""
    query = select(PackageRow).filter_by(id=package_id).with_for_update()
    return tx.scalars(query.execution_options(populate_existing=True)).one()


def find_packages(tx: Tx, holder: str, limit: int, before: tuple[datetime, str] | None) -> list[PackageRow]:
    """Give a holder's packages, newest first, from behind *before* (when asked for, id) on."""
    query = select(PackageRow).filter_by(holder=holder)
    if before is not None:
        asked_at, package_id = before
        earlier = PackageRow.requested_at < asked_at
        query = query.where(earlier | ((PackageRow.requested_at == asked_at) & (PackageRow.id < package_id)))
    return list(tx.scalars(query.order_by(PackageRow.requested_at.desc(), PackageRow.id.desc()).limit(limit)))


def find_exam_ids(tx: Tx, package_id: str) -> list[str]:
    """Give the exams of a package, in the order of their ids."""
    query = select(PackageExamRow.exam_id).filter_by(package_id=package_id)
    return list(tx.scalars(query.order_by(PackageExamRow.exam_id)))


def lock_live_packages(tx: Tx, build_id: str) -> list[PackageRow]:
    """Give the packages of a build that have not ended, kept for *tx* alone; lock the build first."""
    query = select(PackageRow).where(PackageRow.build_id == build_id, PackageRow.state.in_(LIVE_STATES))
    locked = query.order_by(PackageRow.id).with_for_update().execution_options(populate_existing=True)
    return list(tx.scalars(locked))


def find_builds_of_exam(tx: Tx, exam_id: str, until: datetime) -> list[str]:
    """Give the builds of packages with *exam_id* that were asked for up to *until* and have not ended."""
    query = (
        select(PackageRow.build_id)
        .join(PackageExamRow, PackageExamRow.package_id == PackageRow.id)
        .where(PackageExamRow.exam_id == exam_id, PackageRow.state.in_(LIVE_STATES))
        .where(PackageRow.requested_at <= until)
    )
    return sorted(set(tx.scalars(query)))


def find_downloaded_with_report(tx: Tx, exam_id: str, *, after: int, through: int) -> list[PackageRow]:
    """Give the packages, ended ones too, that were downloaded with a report of *exam_id* of these versions."""
    query = (
        select(PackageRow)
        .join(BuildReportRow, BuildReportRow.build_id == PackageRow.build_id)
        .where(PackageRow.last_downloaded_at.is_not(None), BuildReportRow.exam_id == exam_id)
        .where(BuildReportRow.report_version > after, BuildReportRow.report_version <= through)
    )
    return list(tx.scalars(query.order_by(PackageRow.id)))


def find_expired(tx: Tx, now: datetime, limit: int) -> list[str]:
    """Give the builds of ready packages whose window has ended at *now*."""
    query = select(PackageRow.build_id).where(PackageRow.state == "ready", PackageRow.expires_at <= now)
    return sorted(set(tx.scalars(query.limit(limit))))


def find_expiring(tx: Tx, ends_before: datetime, limit: int) -> list[str]:
    """Give the ids of ready packages that end before then, were not downloaded, and whose holder was not told."""
    query = select(PackageRow.id).where(
        PackageRow.state == "ready",
        PackageRow.expires_at <= ends_before,
        PackageRow.notice_told_at.is_(None),
        PackageRow.last_downloaded_at.is_(None),
    )
    return list(tx.scalars(query.order_by(PackageRow.id).limit(limit)))


def find_failed_with_address(tx: Tx, ended_before: datetime, limit: int) -> list[str]:
    """Give the ids of packages that failed before then and still have an address."""
    query = select(PackageRow.id).where(
        PackageRow.state == "failed", PackageRow.ended_at < ended_before, PackageRow.notify_email.is_not(None)
    )
    return list(tx.scalars(query.order_by(PackageRow.id).limit(limit)))


def find_with_build(tx: Tx, package_id: str) -> tuple[PackageRow, BuildRow] | None:
    """Give a package and its build."""
    query = select(PackageRow, BuildRow).join(BuildRow, BuildRow.id == PackageRow.build_id)
    found = tx.execute(query.where(PackageRow.id == package_id)).one_or_none()
    return None if found is None else (found[0], found[1])


def sent_spans(package: PackageRow) -> list[Span]:
    """Give which bytes of the file have been sent since the last whole download."""
    return [(start, end) for start, end in json.loads(package.sent_spans)]


def add_ticket(tx: Tx, ticket: TicketRow) -> None:
    """Add a download's address."""
    tx.add(ticket)


def find_ticket(tx: Tx, ticket_hash: str) -> TicketRow | None:
    """Give the ticket of that hash."""
    return tx.get(TicketRow, ticket_hash)


def mark_ticket_used(tx: Tx, ticket_hash: str, now: datetime) -> None:
    """Note the first use of a ticket."""
    ticket = tx.get(TicketRow, ticket_hash, with_for_update=True)
    if ticket is not None and ticket.first_used_at is None:
        ticket.first_used_at = now


def delete_tickets(tx: Tx, ended_before: datetime) -> None:
    """Delete the tickets of packages that ended before then."""
    ended = select(PackageRow.id).where(PackageRow.ended_at < ended_before)
    tx.execute(delete(TicketRow).where(TicketRow.package_id.in_(ended)).execution_options(synchronize_session=False))


def find_changed(tx: Tx, since: datetime | None) -> list[tuple[PackageRow, BuildRow]]:
    """Give the packages asked for, ready or ended since then (None: ever) with their builds, oldest first."""
    query = select(PackageRow, BuildRow).join(BuildRow, BuildRow.id == PackageRow.build_id)
    if since is not None:
        moments = (PackageRow.requested_at, PackageRow.ready_at, PackageRow.ended_at)
        query = query.where(or_(*(moment >= since for moment in moments)))
    return [(package, build) for package, build in tx.execute(query.order_by(PackageRow.requested_at, PackageRow.id))]
