"""What a holder may see now: asked at every log-in and every refresh, so that a token is never older than 5 minutes."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import cast

from contracts.tokens import AccountGrants, Grants, ICodeGrants, Kind, StaffGrants, StaffRole
from services.chassis.db import Tx
from services.identity.domain.ages import adult_at
from services.identity.domain.icodes import state_of
from services.identity.domain.sessions import SessionOver
from services.identity.parts import Parts
from services.identity.store import accounts, holders, icodes, patients, staff, visits


@dataclass(frozen=True)
class ViewerVisit:
    """A visit as its I-Code's viewer is told of it."""

    id: str
    day: date | None
    """At the location."""
    location_id: str


@dataclass(frozen=True)
class Viewer:
    """Who logged in, as they are told."""

    kind: Kind
    user_id: str | None = None
    visits: list[ViewerVisit] = field(default_factory=list)
    roles: list[str] = field(default_factory=list)
    locations: list[str] | None = None


@dataclass(frozen=True)
class Standing:
    """What a holder may see now, and until when at most."""

    grants: Grants
    viewer: Viewer
    ends_at: datetime | None = None


def find_standing(tx: Tx, parts: Parts, holder: str, now: datetime) -> Standing:
    """Give what *holder* may see at *now*. Raises SessionOver when nothing."""
    kind, _, noun_id = holder.partition(":")
    if kind == "icode":
        return _of_icode(tx, parts, holder, now)
    return _of_account(tx, noun_id) if kind == "account" else _of_staff(tx, noun_id)


def _of_icode(tx: Tx, parts: Parts, holder: str, now: datetime) -> Standing:
    opens = holders.find_icode_holder(tx, holder)
    active = [row for row in icodes.find_unended(tx, [holder]) if state_of(row.expires_at, None, now) == "active"]
    visit = visits.find_visit(tx, opens.visit_id) if opens else None
    if opens is None or visit is None or not any(is_persons(tx, row, visit.patient_id) for row in active):
        raise SessionOver
    patient = patients.find_patient(tx, visit.patient_id)
    zone = parts.time_zone(visit.location_id)
    adult = adult_at(patient.birth_date if patient else None, zone, now)
    return Standing(
        ICodeGrants(visit=visit.id, exams=opens.exam_ids, adult_at=adult),
        Viewer("icode", visits=[ViewerVisit(visit.id, visit.local_date, visit.location_id)]),
        ends_at=max(row.expires_at for row in active),
    )


def is_persons(tx: Tx, row: icodes.ICodeRow, patient_id: str) -> bool:
    """Whether a code of a visit that is *patient_id*'s was printed for that person, as far as we kept for whom."""
    return row.issued_for in {None, patient_id} or patient_id in patients.find_family(tx, row.issued_for or "")


def _of_account(tx: Tx, account_id: str) -> Standing:
    account = accounts.find_account(tx, account_id)
    if account is None or not account.is_live:
        raise SessionOver
    held = accounts.find_patient_ids(tx, account_id)
    return Standing(AccountGrants(patients=held), Viewer("account", user_id=account.user_id))


def _of_staff(tx: Tx, staff_id: str) -> Standing:
    member = staff.find_staff(tx, staff_id)
    if member is None or member.ended_at:
        raise SessionOver
    grants = StaffGrants(roles=cast("list[StaffRole]", member.roles), locations=member.locations)
    viewer = Viewer("staff", user_id=member.user_id, roles=member.roles, locations=member.locations)
    return Standing(grants, viewer)
