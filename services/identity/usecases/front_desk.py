"""What a front desk does: find a visit, see its codes, issue one, end a lost one; every act on record."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from contracts.tokens import StaffGrants
from services.chassis import audit
from services.chassis.caller import Caller
from services.chassis.db import Tx
from services.identity.domain.icodes import ICodeState, state_of
from services.identity.domain.staff import (
    ICodeNotFound,
    ReasonNeeded,
    VisitNotFound,
    VisitSearch,
    check_reason,
    is_own,
)
from services.identity.seal import Seal
from services.identity.store import holders, icodes, patients, visits
from services.identity.usecases.icodes import IssuedCode, SealedCode, end_icode, issue_icode
from services.identity.usecases.portal_passes import keep_pass


@dataclass(frozen=True)
class Page:
    """Which part of a list is wanted: up to *limit* from *offset* on."""

    limit: int
    offset: int


@dataclass(frozen=True)
class ShownExam:
    """An exam of a visit."""

    id: str
    accession: str
    description: str


@dataclass(frozen=True)
class ShownVisit:
    """A visit as a front desk sees it."""

    id: str
    mrn: str | None
    day: date | None
    """At the location."""
    location_id: str
    patient_id: str
    patient_name: str
    birth_date: date | None
    is_protected: bool
    exams: list[ShownExam]


@dataclass(frozen=True)
class ShownICode:
    """A code that was printed, without the code."""

    id: str
    exam_ids: list[str] | None
    state: ICodeState
    issued_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    ended_reason: str | None


def find_visits(
    tx: Tx, caller: Caller, asked: VisitSearch, reason: str | None, page: Page, now: datetime
) -> tuple[list[ShownVisit], bool]:
    """Give a page of the visits that fit, newest first, and whether there are more.

    Without a reason only the caller's locations are looked at.

    Raises SearchTooWide; ReasonNeeded when only other locations have any, or one of them is asked for.
    """
    asked.check_narrow()
    own = own_locations(caller)
    if asked.location_id and not reason and not is_own(asked.location_id, own):
        raise ReasonNeeded(field="reason")
    found = visits.search(tx, asked, None if reason else own, page.limit + 1, page.offset)
    found, has_more = found[: page.limit], len(found) > page.limit
    if not found and own is not None and not reason and visits.search(tx, asked, None, 1):
        raise ReasonNeeded(field="reason")
    for patient_id in sorted({one.visit.patient_id for one in found}):
        audit.record(tx, "identity", "visit.find", now, caller=caller, patient_id=patient_id, reason=reason)
    return _shown(tx, found), has_more


def own_locations(caller: Caller) -> list[str] | None:
    """Give the caller's locations, None for all; a caller who is no member of staff has none."""
    return caller.grants.locations if isinstance(caller.grants, StaffGrants) else []


def _shown(tx: Tx, found: list[visits.FoundVisit]) -> list[ShownVisit]:
    exams: dict[str, list[ShownExam]] = {}
    for row in visits.find_visit_exams(tx, [one.visit.id for one in found]):
        exams.setdefault(row.visit_id, []).append(ShownExam(row.exam_id, row.accession, row.procedure))
    return [
        ShownVisit(
            id=one.visit.id,
            mrn=patients.find_mrn(tx, one.visit.patient_id),
            day=one.visit.local_date,
            location_id=one.visit.location_id,
            patient_id=one.visit.patient_id,
            patient_name=one.patient.shown_name if one.patient else "",
            birth_date=one.patient.birth_date if one.patient else None,
            is_protected=one.is_protected,
            exams=exams.get(one.visit.id, []),
        )
        for one in found
    ]


def _find_visit(tx: Tx, caller: Caller, visit_id: str, reason: str | None) -> visits.FoundVisit:
    """Give a visit that the caller may work on. Raises VisitNotFound, ReasonNeeded."""
    found = visits.find_one_for_staff(tx, visit_id)
    if found is None:
        raise VisitNotFound
    is_own_location = is_own(found.visit.location_id, own_locations(caller))
    check_reason(reason=reason, is_own_location=is_own_location, is_protected=found.is_protected)
    return found


def find_icodes(tx: Tx, caller: Caller, visit_id: str, reason: str | None, now: datetime) -> list[ShownICode]:
    """Give the codes that were printed for a visit, newest first. Raises VisitNotFound, ReasonNeeded."""
    found = _find_visit(tx, caller, visit_id, reason)
    audit.record(
        tx,
        "identity",
        "icode.find",
        now,
        caller=caller,
        patient_id=found.visit.patient_id,
        object=f"visit:{visit_id}",
        reason=reason,
    )
    return [
        ShownICode(
            id=row.id,
            exam_ids=opens.exam_ids,
            state=state_of(row.expires_at, row.ended_at, now),
            issued_at=row.issued_at,
            expires_at=row.expires_at,
            ended_at=row.ended_at,
            ended_reason=row.ended_reason,
        )
        for row, opens in icodes.find_icodes_of_visit(tx, visit_id)
    ]


def issue_for_visit(
    tx: Tx,
    caller: Caller,
    visit_id: str,
    exam_ids: Collection[str] | None,
    reason: str | None,
    sealed: SealedCode,
    seal: Seal,
    now: datetime,
) -> IssuedCode:
    """Issue *sealed* for a visit or some of its exams (S65); the former one of the same exams ends.

    Its Pass can be printed for 15 minutes, *seal*ed until then. Raises VisitNotFound, ReasonNeeded, ExamsNotOfVisit.
    """
    found = _find_visit(tx, caller, visit_id, reason)
    issued = issue_icode(tx, visit_id, exam_ids, sealed, caller.holder, now)
    keep_pass(tx, seal, caller, issued, now)
    audit.record(
        tx,
        "identity",
        "icode.issue",
        now,
        caller=caller,
        patient_id=found.visit.patient_id,
        object=f"icode:{issued.id}",
        reason=reason,
    )
    return issued


def end_lost_icode(tx: Tx, caller: Caller, icode_id: str, reason: str, now: datetime) -> None:
    """End the code of a lost Pass, with the sessions it began; harmless when it has ended.

    Raises ICodeNotFound, ReasonNeeded.
    """
    row = icodes.find_icode(tx, icode_id)
    opens = holders.find_icode_holder(tx, row.holder) if row else None
    if row is None or opens is None:
        raise ICodeNotFound
    if not reason.strip():
        raise ReasonNeeded(field="reason")
    found = _find_visit(tx, caller, opens.visit_id, reason)
    if row.ended_at is None:
        end_icode(tx, row, "lost", now)
    audit.record(
        tx,
        "identity",
        "icode.end",
        now,
        caller=caller,
        patient_id=found.visit.patient_id,
        object=f"icode:{icode_id}",
        reason=reason,
    )
