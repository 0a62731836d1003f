"""I-Codes: issuing, reprinting, ending, and coming in by one (Patient guide 02 and 07)."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TypeVar

from contracts.identity import ICodeEnded, ICodeIssued, ICodeReactivated
from contracts.refusal import Refusal
from services.chassis import audit
from services.chassis.caller import Caller
from services.chassis.db import Tx, new_id
from services.chassis.metrics import REFUSED_ENTRIES
from services.chassis.outbox import put_event
from services.identity.domain.icodes import (
    ICODE_LIFETIME,
    DateOfBirthNeeded,
    ICode,
    ICodeUnknown,
    check_opens,
    covered_exams,
    new_icode,
    parse_icode,
)
from services.identity.domain.staff import VisitNotFound
from services.identity.domain.tries import ICODE_LIMITS
from services.identity.parts import Parts
from services.identity.store import holders, patients, portal_passes, visits
from services.identity.store import icodes as store
from services.identity.usecases.access import end_access, narrow_access
from services.identity.usecases.sessions import Entry, Tokens, begin_session
from services.identity.usecases.standing import is_persons
from services.identity.usecases.tries import begin_try, forgive_try

T = TypeVar("T")


@dataclass(frozen=True)
class SealedCode:
    """A new code with the hash of its secret, made before the transaction that keeps it: hashing takes time."""

    icode: ICode
    secret_hash: str = field(repr=False)


@dataclass(frozen=True)
class IssuedCode:
    """A code as it is shown, once."""

    id: str
    shown: str = field(repr=False)
    expires_at: datetime
    holder: str


def seal_new_code(parts: Parts) -> SealedCode:
    """Make a code that nobody can guess."""
    icode = new_icode()
    return SealedCode(icode, parts.hasher.hash(icode.secret))


def issue_icode(
    tx: Tx, visit_id: str, exam_ids: Collection[str] | None, sealed: SealedCode, issued_by: str, now: datetime
) -> IssuedCode:
    """Issue *sealed* for a visit, or for some of its exams; a code of the same exams ends with its sessions.

    The holder stays the same, so packages and shares go on. Raises VisitNotFound, ExamsNotOfVisit.
    """
    visit = visits.lock_visit(tx, visit_id)
    if visit is None:
        raise VisitNotFound
    covered = covered_exams(exam_ids, visits.find_exam_ids(tx, visit_id))
    holder = _end_former_codes(tx, visit_id, covered, now) or _add_holder(tx, visit_id, covered)
    icode_id, expires_at = new_id(), now + ICODE_LIFETIME
    icode = sealed.icode
    while not store.add_icode(
        tx,
        id=icode_id,
        holder=holder,
        locator=icode.locator,
        secret_hash=sealed.secret_hash,
        issued_by=issued_by,
        issued_for=visit.patient_id,
        issued_at=now,
        expires_at=expires_at,
    ):
        icode = ICode(new_icode().locator, icode.secret)  # the locator is taken; the secret's hash does not hold it
    event = ICodeIssued(
        id=icode_id, version=1, at=now, visit_id=visit_id, exams=covered, expires_at=expires_at, reason=None
    )
    put_event(tx, "identity", event, now)
    return IssuedCode(icode_id, icode.shown(), expires_at, holder)


def _end_former_codes(tx: Tx, visit_id: str, covered: list[str] | None, now: datetime) -> str | None:
    """End the code of the same exams, if there was one; gives its holder."""
    same = [row.id for row in holders.find_icode_holders(tx, visit_id) if row.exam_ids == covered]
    if not same:
        return None
    for row in store.find_unended(tx, same):
        _end(tx, row, "reprinted", now)
    end_access(tx, same[0], "reprinted", now)
    return same[0]


def _add_holder(tx: Tx, visit_id: str, covered: list[str] | None) -> str:
    holder = f"icode:{new_id()}"
    holders.add_holder(tx, holder)
    holders.add_icode_holder(tx, id=holder, visit_id=visit_id, exam_ids=covered)
    tx.flush()
    return holder


def _end(tx: Tx, row: store.ICodeRow, reason: str, now: datetime) -> None:
    row.ended_at, row.ended_reason = now, reason
    portal_passes.delete_pass(tx, row.id)
    _tell_ended(tx, row, reason, now)


def _tell_ended(tx: Tx, row: store.ICodeRow, reason: str, now: datetime) -> None:
    row.version += 1
    opens = holders.find_icode_holder(tx, row.holder)
    if opens is not None:
        event = ICodeEnded(
            id=row.id,
            version=row.version,
            at=now,
            visit_id=opens.visit_id,
            exams=opens.exam_ids,
            expires_at=row.expires_at,
            reason=reason,
        )
        put_event(tx, "identity", event, now)


def end_icode(tx: Tx, row: store.ICodeRow, reason: str, now: datetime) -> None:
    """End a code and its holder's sessions."""
    _end(tx, row, reason, now)
    end_access(tx, row.holder, reason, now)


def reactivate_icode(tx: Tx, row: store.ICodeRow, visit_id: str, exam_ids: list[str] | None, now: datetime) -> None:
    """Let a code that nothing but time ends open its exams for 90 days from *now* (S70); its holder stays the same."""
    row.expires_at, row.expiry_told_at = now + ICODE_LIFETIME, None
    row.version += 1
    event = ICodeReactivated(
        id=row.id,
        version=row.version,
        at=now,
        visit_id=visit_id,
        exams=exam_ids,
        expires_at=row.expires_at,
        reason="get-help",
    )
    put_event(tx, "identity", event, now)


def end_codes_of_visit(
    tx: Tx, visit_id: str, issued_before: datetime, reason: str, now: datetime, *, but_for: str | None
) -> None:
    """End the codes of a visit that were issued before an instant.

    But for those printed for the patient *but_for*, whose the visit has been since.
    """
    for row in _find_unended(tx, visit_id):
        is_theirs = but_for is not None and row.issued_for == but_for and not row.has_changed_hands
        if row.issued_at < issued_before and not is_theirs:
            end_icode(tx, row, reason, now)


def _find_unended(tx: Tx, visit_id: str) -> list[store.ICodeRow]:
    return store.find_unended(tx, [row.id for row in holders.find_icode_holders(tx, visit_id)])


def note_whose(tx: Tx, visit_id: str, patient_id: str, now: datetime) -> None:
    """Note that a visit is *patient_id*'s now: what was printed for somebody else opens nothing while it is so.

    Of a merge nobody notices anything; its undoing, and a correction, end the codes of a visit with exams besides.
    """
    for row in _find_unended(tx, visit_id):
        if row.issued_for is not None and row.issued_for != patient_id:
            row.has_changed_hands = True
            if not is_persons(tx, row, patient_id):
                narrow_access(tx, row.holder, "visit-anothers", now)


def tell_expired(tx: Tx, now: datetime) -> int:
    """Tell of codes whose 90 days are over; gives how many.

    Tokens never outlive a code; a download's ticket knows no such end, so access is taken back besides.
    """
    rows = store.find_newly_expired(tx, now, 100)
    for row in rows:
        row.expiry_told_at = now
        _tell_ended(tx, row, "expired", now)
        end_access(tx, row.holder, "expired", now)
    return len(rows)


def enter_icode(parts: Parts, text: str, birth_date: date | None, entry: Entry) -> Tokens:
    """Begin a session by what a person typed (S10). Raises what ``with_icode`` raises."""
    now = parts.clock.now()
    typed = Typed(text, birth_date, entry.address)
    return with_icode(parts, typed, lambda tx, row: begin_session(tx, parts, row.holder, entry, now))


@dataclass(frozen=True)
class Typed:
    """A code as a person typed it, and from where; *caller* is who does it with an account."""

    text: str = field(repr=False)
    birth_date: date | None = field(repr=False)
    address: str | None
    caller: Caller | None = None


def with_icode(parts: Parts, typed: Typed, let_in: Callable[[Tx, store.ICodeRow], T | Refusal]) -> T:
    """Give what *let_in* gives for the code that was typed, if it is right and opens its exams now.

    Raises ICodeUnknown for unknown and wrong ones alike, with the same work done; ICodeExpired for the right secret
    alone (S69); TooManyTries; DateOfBirthNeeded where the portal asks for it; and the refusal that *let_in* gives.
    """
    icode, now = parse_icode(typed.text), parts.clock.now()
    if parts.asks_birth_date and typed.birth_date is None:
        raise DateOfBirthNeeded(field="dateOfBirth")
    if icode is None:
        parts.hasher.is_right(None, "")
        raise ICodeUnknown
    subject = parts.tries_subject("icode", icode.locator)
    with parts.db.begin() as tx:
        begin_try(tx, subject, ICODE_LIMITS, now)
        row = store.find_by_locator(tx, icode.locator)
    is_right = parts.hasher.is_right(row.secret_hash if row else None, icode.secret)
    with parts.db.begin() as tx:
        opened = _open(tx, parts, row.id if row and is_right else None, subject, typed.birth_date, now)
        answer = opened if isinstance(opened, Refusal) else let_in(tx, opened)
        if isinstance(answer, Refusal):
            _note_refused(tx, row, answer, typed, now)
    if isinstance(answer, Refusal):
        raise answer
    return answer


def _open(
    tx: Tx, parts: Parts, icode_id: str | None, subject: str, birth_date: date | None, now: datetime
) -> store.ICodeRow | Refusal:
    """Give the code whose right secret was given, or why it opens nothing; the caller commits either."""
    row = store.find_icode(tx, icode_id) if icode_id else None
    visit = _visit_of(tx, row) if row else None
    if row is None or visit is None or not is_persons(tx, row, visit.patient_id):
        return ICodeUnknown()
    if not _fits_birth_date(tx, parts, visit, birth_date):
        return ICodeUnknown()
    try:
        check_opens(row.expires_at, row.ended_at, now)
    except ICodeUnknown as refusal:
        return refusal
    except Refusal as refusal:
        forgive_try(tx, subject, now)
        return refusal
    forgive_try(tx, subject, now)
    return row


def _visit_of(tx: Tx, row: store.ICodeRow) -> visits.VisitRow | None:
    opens = holders.find_icode_holder(tx, row.holder)
    return visits.find_visit(tx, opens.visit_id) if opens else None


def _fits_birth_date(tx: Tx, parts: Parts, visit: visits.VisitRow, birth_date: date | None) -> bool:
    if not parts.asks_birth_date:
        return True
    patient = patients.find_patient(tx, visit.patient_id)
    return patient is not None and patient.birth_date is not None and patient.birth_date == birth_date


def _note_refused(tx: Tx, row: store.ICodeRow | None, refusal: Refusal, typed: Typed, now: datetime) -> None:
    REFUSED_ENTRIES.labels("icode").inc()
    audit.record(
        tx,
        "identity",
        "icode.enter",
        now,
        caller=typed.caller,
        actor="nobody",
        object=f"icode:{row.id}" if row else None,
        slug=refusal.slug,
        address=typed.address,
    )
