"""Get Help: asked by anybody, answered the same to all; granted or refused by staff after a check (S69, S70)."""

from dataclasses import dataclass, field
from datetime import date, datetime

from contracts.identity import HelpKind, HelpRequestGranted, HelpRequestMade, HelpRequestRefused, HelpRequestState
from contracts.messages import About
from services.chassis import audit
from services.chassis.caller import Caller
from services.chassis.db import Tx, new_id
from services.chassis.outbox import put_event
from services.identity.domain.help_requests import (
    HelpRequestNotFound,
    HelpState,
    ICodeEndedForGood,
    VerifiedBy,
    check_open,
    reactivates,
)
from services.identity.domain.icodes import ICodeState, parse_icode, state_of
from services.identity.domain.languages import portal_language
from services.identity.domain.staff import ReasonNeeded, is_own
from services.identity.domain.tries import ICODE_LIMITS, TooManyTries
from services.identity.parts import Parts
from services.identity.store import help_requests as store
from services.identity.store import holders, icodes, patients, visits
from services.identity.usecases.front_desk import Page, own_locations
from services.identity.usecases.help_letters import message, tell_asker
from services.identity.usecases.icodes import reactivate_icode
from services.identity.usecases.tries import begin_try, clear_tries, settle_try


@dataclass(frozen=True)
class HelpAsked:
    """What a person asks; *contact* is an e-mail address or a phone number."""

    kind: HelpKind
    name: str = field(repr=False)
    contact: str = field(repr=False)
    birth_date: date | None = field(repr=False)
    message: str = field(repr=False)
    language: str | None
    icode: str | None = field(repr=False)


@dataclass(frozen=True)
class AboutCode:
    """The code that came with a request and was right; *patient_…* None: outside the reader's locations."""

    id: str
    state: ICodeState
    expires_at: datetime
    visit_id: str
    location_id: str
    patient_id: str | None
    patient_name: str | None
    birth_date: date | None


@dataclass(frozen=True)
class ShownRequest:
    """A request as staff see it."""

    row: store.HelpRequestRow
    code: AboutCode | None


def ask_for_help(parts: Parts, asked: HelpAsked, address: str | None) -> None:
    """Keep a request; nothing tells the asker whether its code is known, and the same work is done.

    Only the right secret ties a request to a code; tries at it count as those at the door.
    """
    now, request_id = parts.clock.now(), new_id()
    icode_id, subject = _prove(parts, asked.icode, now) if asked.icode else (None, None)
    with parts.db.begin() as tx:
        store.add_request(
            tx,
            id=request_id,
            kind=asked.kind,
            name=asked.name,
            contact=asked.contact,
            birth_date=asked.birth_date,
            message=asked.message,
            language=portal_language(asked.language),
            icode_id=icode_id,
            tries_subject=subject,
            made_at=now,
        )
        put_event(tx, "identity", HelpRequestMade(id=request_id, version=1, at=now, kind=asked.kind), now)
        audit.record(
            tx,
            "identity",
            "help-request.make",
            now,
            actor="nobody",
            object=f"help-request:{request_id}",
            address=address,
        )


def _prove(parts: Parts, text: str, now: datetime) -> tuple[str | None, str | None]:
    """Give the id of the code that *text* is, None unless it is wholly right; and under what its tries count."""
    icode = parse_icode(text)
    if icode is None:
        parts.hasher.is_right(None, "")
        return None, None
    subject = parts.tries_subject("icode", icode.locator)
    try:
        with parts.db.begin() as tx:
            begin_try(tx, subject, ICODE_LIMITS, now)
            row = icodes.find_by_locator(tx, icode.locator)
            icode_id, kept = (row.id, row.secret_hash) if row else (None, None)
    except TooManyTries:
        parts.hasher.is_right(None, icode.secret)
        return None, subject
    is_right = parts.hasher.is_right(kept, icode.secret)
    with parts.db.begin() as tx:
        settle_try(tx, subject, is_right=is_right, now=now)
    return (icode_id if is_right else None), subject


def find_requests(
    tx: Tx, caller: Caller, state: HelpState, page: Page, now: datetime
) -> tuple[list[ShownRequest], bool]:
    """Give a page of the queue, another's exam first, and whether there are more; each patient shown is on record."""
    rows = store.find_requests(tx, state, page.limit + 1, page.offset)
    shown = [ShownRequest(row, _about_code(tx, caller, row, now)) for row in rows[: page.limit]]
    for one in shown:
        audit.record(
            tx,
            "identity",
            "help-request.find",
            now,
            caller=caller,
            patient_id=one.code.patient_id if one.code else None,
            object=f"help-request:{one.row.id}",
        )
    return shown, len(rows) > page.limit


def _about_code(tx: Tx, caller: Caller, row: store.HelpRequestRow, now: datetime) -> AboutCode | None:
    icode = icodes.find_icode(tx, row.icode_id) if row.icode_id else None
    opens = holders.find_icode_holder(tx, icode.holder) if icode else None
    found = visits.find_one_for_staff(tx, opens.visit_id) if opens else None
    if icode is None or found is None:
        return None
    is_near = is_own(found.visit.location_id, own_locations(caller)) and not found.is_protected
    patient = found.patient if is_near else None
    return AboutCode(
        id=icode.id,
        state=state_of(icode.expires_at, icode.ended_at, now),
        expires_at=icode.expires_at,
        visit_id=found.visit.id,
        location_id=found.visit.location_id,
        patient_id=patient.id if patient else None,
        patient_name=patient.shown_name if patient else None,
        birth_date=patient.birth_date if patient else None,
    )


def grant(
    tx: Tx, caller: Caller, request_id: str, verified_by: VerifiedBy, note: str | None, now: datetime
) -> datetime | None:
    """Grant a request after a check, which stands on record: its code opens its exams for 90 days from now (S70).

    Wrong tries at a locked code are forgotten. The asker and the contact on file are told. Gives when the code expires
    now, None when none was reactivated. Raises HelpRequestNotFound, HelpRequestAnswered, ICodeNotProven,
    ICodeEndedForGood; ReasonNeeded when the code's visit is outside the caller's locations or its record protected,
    and there is no note.
    """
    row = _lock_open(tx, request_id)
    if row.kind == "code-locked" and row.tries_subject:
        clear_tries(tx, row.tries_subject)
    patient_id = expires_at = None
    if reactivates(row.kind, is_proven=row.icode_id is not None):
        patient_id, expires_at = _reactivate(tx, caller, row, verified_by, note, now)
    row.verified_by = verified_by
    _answer(tx, caller, row, "granted", note, HelpRequestGranted, now)
    audit.record(
        tx,
        "identity",
        "help-request.grant",
        now,
        caller=caller,
        patient_id=patient_id,
        object=f"help-request:{row.id}",
        reason=_reason(verified_by, note),
    )
    return expires_at


def refuse(tx: Tx, caller: Caller, request_id: str, note: str, now: datetime) -> None:
    """Refuse a request, saying why on record; the asker is told that it was. Raises as ``grant``, and ReasonNeeded."""
    row = _lock_open(tx, request_id)
    if not note.strip():
        raise ReasonNeeded(field="note")
    _answer(tx, caller, row, "refused", note, HelpRequestRefused, now)
    tell_asker(tx, row, "icode-refused", now)
    audit.record(
        tx,
        "identity",
        "help-request.refuse",
        now,
        caller=caller,
        object=f"help-request:{row.id}",
        reason=note,
    )


def _lock_open(tx: Tx, request_id: str) -> store.HelpRequestRow:
    row = store.lock_request(tx, request_id)
    if row is None:
        raise HelpRequestNotFound
    check_open(row.state)
    return row


def _answer(
    tx: Tx,
    caller: Caller,
    row: store.HelpRequestRow,
    state: HelpState,
    note: str | None,
    told: type[HelpRequestState],
    now: datetime,
) -> None:
    row.state, row.note, row.answered_at, row.answered_by = state, note, now, caller.holder
    row.version += 1
    put_event(tx, "identity", told(id=row.id, version=row.version, at=now, kind=row.kind), now)


def _reason(verified_by: VerifiedBy, note: str | None) -> str:
    return f"{verified_by}: {note}" if note else verified_by


def _reactivate(
    tx: Tx, caller: Caller, row: store.HelpRequestRow, verified_by: VerifiedBy, note: str | None, now: datetime
) -> tuple[str, datetime]:
    """Reactivate the code that a request proved, tell of it, and give whose it is and when it expires now."""
    icode = icodes.find_icode(tx, row.icode_id or "")
    opens = holders.find_icode_holder(tx, icode.holder) if icode else None
    found = visits.find_one_for_staff(tx, opens.visit_id) if opens else None
    if icode is None or icode.ended_at is not None or opens is None or found is None:
        raise ICodeEndedForGood
    is_near = is_own(found.visit.location_id, own_locations(caller)) and not found.is_protected
    if not is_near and not (note and note.strip()):
        raise ReasonNeeded(field="note")
    reactivate_icode(tx, icode, opens.visit_id, opens.exam_ids, now)
    audit.record(
        tx,
        "identity",
        "icode.reactivate",
        now,
        caller=caller,
        patient_id=found.visit.patient_id,
        object=f"icode:{icode.id}",
        reason=_reason(verified_by, note),
    )
    _tell_reactivated(tx, row, found, now)
    return found.visit.patient_id, icode.expires_at


def _tell_reactivated(tx: Tx, row: store.HelpRequestRow, found: visits.FoundVisit, now: datetime) -> None:
    """Tell the contact on file, and the asker unless that is the same address; of a deceased patient, nobody."""
    on_file = About(kind="patient", id=found.visit.patient_id)
    put_event(tx, "identity", message("icode-reactivated", now, about=on_file), now)
    known = {one.casefold() for one in found.patient.emails} if found.patient else set()
    is_deceased = patients.find_marks(tx, found.visit.patient_id).is_deceased
    if not is_deceased and (found.is_protected or row.contact.casefold() not in known):
        tell_asker(tx, row, "icode-reactivated", now)
