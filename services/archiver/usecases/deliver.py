"""Handing a package out: tickets, the question "may they still?" before and while bytes flow, and what was sent.

Every request asks again: the package, the grants, the share, a withdrawal, the key of the token that asked for the
ticket. ``package.downloaded`` is told when the ranges sent cover the file, not before (S43).
"""

import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from pydantic import TypeAdapter

from contracts.archiver import PackageDownloaded
from contracts.tokens import Grants, Kind
from services.archiver import byte_ranges, domain
from services.archiver.domain import DownloadNotAllowed, PackageEnded, PackageNotFound, TicketNotFound
from services.archiver.store import builds, exams, packages
from services.archiver.store.tables import BuildRow, PackageRow, TicketRow
from services.archiver.usecases import telling
from services.chassis import audit
from services.chassis.access import is_ended
from services.chassis.auth import is_key_ended
from services.chassis.caller import Caller
from services.chassis.db import Tx

_GRANTS: TypeAdapter[Grants] = TypeAdapter(Grants)


@dataclass(frozen=True)
class Download:
    """A file that may be sent now, to whom the ticket belongs."""

    ticket_hash: str
    package_id: str
    object_key: str
    size_bytes: int
    sha256: str
    """Hexadecimal."""
    file_name: str


def make_ticket(tx: Tx, caller: Caller, package_id: str, now: datetime) -> str:
    """Give a new secret address of *caller*'s ready package; every download request is kept on record (O4).

    Raises DownloadNotAllowed, PackageNotFound, PackageNotReady, PackageEnded, ReportsUnverified.
    """
    if not caller.may_download:
        raise DownloadNotAllowed
    package = packages.find_package(tx, caller.holder, package_id)
    if package is None:
        raise PackageNotFound
    build = builds.build_of(tx, package)
    domain.check_open(package.state, package.expires_at, now)
    _check_contents(tx, caller, package, build, now)
    secret = secrets.token_urlsafe(32)
    packages.add_ticket(tx, _ticket(caller, package_id, secret, now))
    audit.record(tx, telling.OWNER, "package.download-request", now, caller=caller, object=f"package:{package_id}")
    return secret


def _ticket(caller: Caller, package_id: str, secret: str, now: datetime) -> TicketRow:
    return TicketRow(
        hash=hash_of(secret),
        package_id=package_id,
        kind=caller.kind,
        holder=caller.holder,
        session=caller.session,
        holder_version=caller.version,
        grants=caller.grants.model_dump_json(by_alias=True),
        kid=caller.kid,
        made_at=now,
    )


def hash_of(secret: str) -> str:
    """Give what is stored of a ticket: it opens nothing."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _check_contents(tx: Tx, caller: Caller, package: PackageRow, build: BuildRow, now: datetime) -> None:
    """Raise unless all that the file holds may still be *caller*'s."""
    spec = builds.spec_of(build)
    exam_ids = packages.find_exam_ids(tx, package.id)
    if exams.count_seen_exams(tx, caller, exam_ids) != len(exam_ids):
        raise PackageNotFound
    if spec.holds_report() and not caller.may_see_reports:
        raise DownloadNotAllowed
    if exams.find_taken_back(tx, spec.reports):
        raise PackageEnded
    domain.check_reports_verified(spec.holds_report(), exams.find_beat(tx), now)


def open_download(tx: Tx, secret: str, now: datetime) -> Download:
    """Give what the ticket *secret* opens, now. Does not count as its use: see ``note_used``.

    Raises TicketNotFound (also when access ended), TicketExpired, PackageEnded, PackageNotReady, ReportsUnverified.
    """
    ticket = packages.find_ticket(tx, hash_of(secret))
    if ticket is None:
        raise TicketNotFound
    package, build = _found(tx, ticket)
    domain.check_open(package.state, package.expires_at, now)
    domain.check_ticket_in_time(ticket.made_at, ticket.first_used_at, now)
    _check_access(tx, ticket, package, build, now)
    if build.object_key is None or build.size_bytes is None or build.sha256 is None:
        raise PackageEnded
    return Download(ticket.hash, package.id, build.object_key, build.size_bytes, build.sha256, package.file_name)


def check_may_go_on(tx: Tx, ticket_hash: str, now: datetime) -> None:
    """Raise a refusal when a response that runs is to be cut: access ended, or the package was taken back.

    The natural end of the 24 hours cuts nothing: a response that began before it may finish.
    """
    ticket = packages.find_ticket(tx, ticket_hash)
    if ticket is None:
        raise TicketNotFound
    package, build = _found(tx, ticket)
    is_over_by_time = package.state == "expired" and package.reason is None
    if package.state != "ready" and not is_over_by_time:
        raise PackageEnded
    _check_access(tx, ticket, package, build, now)


def _found(tx: Tx, ticket: TicketRow) -> tuple[PackageRow, BuildRow]:
    found = packages.find_with_build(tx, ticket.package_id)
    if found is None:
        raise TicketNotFound
    return found


def _check_access(tx: Tx, ticket: TicketRow, package: PackageRow, build: BuildRow, now: datetime) -> None:
    if is_ended(tx, ticket.holder, ticket.session, ticket.holder_version):
        raise TicketNotFound
    if ticket.kid is not None and is_key_ended(tx, ticket.kid, now):
        raise TicketNotFound
    try:
        _check_contents(tx, caller_of(ticket), package, build, now)
    except (PackageNotFound, DownloadNotAllowed) as refusal:
        raise TicketNotFound from refusal


def caller_of(ticket: TicketRow) -> Caller:
    """Give whoever got the ticket, with the grants of then."""
    return Caller(
        kind=cast("Kind", ticket.kind),
        holder=ticket.holder,
        session=ticket.session,
        version=ticket.holder_version,
        grants=_GRANTS.validate_json(ticket.grants),
        kid=ticket.kid,
    )


def note_used(tx: Tx, ticket_hash: str, now: datetime) -> None:
    """Note that a ticket's bytes were asked for; from now on it serves as long as the package is open."""
    packages.mark_ticket_used(tx, ticket_hash, now)


def note_sent(tx: Tx, download: Download, start: int, end: int, now: datetime) -> None:
    """Note that bytes *start* up to *end* of the file went out; all of them: it was downloaded (S43)."""
    package = packages.lock_package(tx, download.package_id)
    spans = byte_ranges.add(packages.sent_spans(package), start, end)
    is_whole = byte_ranges.covered(spans) >= download.size_bytes
    package.sent_spans = json.dumps([] if is_whole else spans)
    if not is_whole:
        return
    package.last_downloaded_at = now
    build = builds.build_of(tx, package)
    telling.tell(tx, PackageDownloaded, package, build, now)
    audit.record(tx, telling.OWNER, "package.download", now, actor=package.holder, object=f"package:{package.id}")
