"""What an owner asks for: make, list, change, end a share; see who opened it."""

from datetime import datetime

from contracts.access import ENDS_SHARES, AccessEnded
from contracts.sharing import ShareChanged, ShareCreated, ShareEnded
from contracts.tokens import ICodeGrants
from services.chassis import audit, refresh
from services.chassis.caller import Caller
from services.chassis.db import Tx, new_id
from services.sharing.domain.shares import (
    ExamNotFound,
    NotTheMaker,
    Share,
    ShareAsk,
    ShareChange,
    ShareNotFound,
    ShareOver,
    check_nickname,
    check_password,
    check_phi,
    check_status,
    end_of,
    state_of,
)
from services.sharing.parts import Parts
from services.sharing.share_links import hash_of
from services.sharing.store import exams, links, shares
from services.sharing.store.tables import AccessRow, ExamRow, ShareRow
from services.sharing.usecases.telling import OWNER, as_share, find_share, holder_of, take_back, tell, tell_contact

SWEEP_AT_ONCE = 100
MOST_ACCESSES = 500


def create(tx: Tx, parts: Parts, caller: Caller, ask: ShareAsk, now: datetime) -> Share:
    """Make a share of *caller*'s exams (S47–S53).

    Raises PhiNotAcknowledged, NicknameRefused, PasswordLengthRefused, ExpiryPast, ExpiryBeyondCalendar, ExamNotBegun,
    ExamNotFound (for an exam outside the caller's grants too).
    """
    check_phi(ask.phi_acknowledged)
    nickname = check_nickname(ask.nickname)
    check_password(ask.password)
    chosen = _find_chosen(tx, caller, ask)
    latest_at = caller.grants.adult_at if isinstance(caller.grants, ICodeGrants) else None
    share_id, generation = new_id(), 1
    row = ShareRow(
        id=share_id,
        generation=generation,
        link_hash=hash_of(parts.links.token(share_id, generation)),
        holder=caller.holder,
        nickname=nickname,
        password_hash=parts.hasher.hash(ask.password),
        expires_at=end_of(ask.expires_at, {exam.time_zone for exam in chosen}, latest_at, now),
        latest_at=latest_at,
        may_download=ask.permissions.may_download,
        include_report=ask.permissions.include_report,
        include_visit_summary=ask.permissions.include_visit_summary,
        created_at=now,
        opens=0,
        last_opened_at=None,
        locked_at=None,
        ended_at=None,
        end_reason=None,
        version=0,
        access_version=1,
        contact_version=0,
    )
    shares.add_share(tx, row, chosen)
    if ask.email or ask.phone:
        tell_contact(tx, row, now, email=ask.email, phone=ask.phone, language=ask.language)
    tell(tx, ShareCreated, row, now)
    _record(tx, "share.create", row, now, caller, patient_id=_only_patient(chosen), phi_acknowledged=True)
    return find_share(tx, row)


def _find_chosen(tx: Tx, caller: Caller, ask: ShareAsk) -> list[ExamRow]:
    wanted = list(dict.fromkeys(ask.exam_ids))
    chosen = exams.find_seen(tx, caller, wanted)
    if not chosen or len(chosen) < len(wanted):
        raise ExamNotFound
    for exam in chosen:
        check_status(exam.status)
    return chosen


def _only_patient(chosen: list[ExamRow]) -> str | None:
    patients = {exam.patient_id for exam in chosen}
    return patients.pop() if len(patients) == 1 else None


def find_all(tx: Tx, caller: Caller, limit: int, after: str | None) -> list[Share]:
    """Give up to *limit* of the shares that *caller* may see, newest first, beginning after the share *after* (O8)."""
    rows = shares.find_page(tx, caller, limit, after)
    exam_ids = shares.find_exam_ids(tx, [row.id for row in rows])
    return [as_share(row, exam_ids.get(row.id, [])) for row in rows]


def find_one(tx: Tx, caller: Caller, share_id: str) -> Share:
    """Give a share that *caller* may see. Raises ShareNotFound."""
    return find_share(tx, _visible(tx, caller, share_id, lock=False))


def find_accesses(tx: Tx, caller: Caller, share_id: str) -> list[AccessRow]:
    """Give who opened the share, newest first (O8). Raises ShareNotFound."""
    return shares.find_accesses(tx, _visible(tx, caller, share_id, lock=False).id, MOST_ACCESSES)


def change(tx: Tx, parts: Parts, caller: Caller, share_id: str, asked: ShareChange, now: datetime) -> Share:
    """Change a share; what changes grants acts on open sessions at once.

    A new password opens a locked link again and ends the sessions that the old one opened. Raises ShareNotFound,
    NotTheMaker, ShareOver, and what ``create`` raises for the fields.
    """
    row = _visible(tx, caller, share_id, lock=True)
    if row.holder != caller.holder:
        raise NotTheMaker
    if _state(row, now) in {"ended", "expired"}:
        raise ShareOver
    _rename(row, asked)
    ended_before = _set_expiry(tx, row, asked, now)
    permitted_before = _set_permissions(row, asked)
    if asked.password is not None:
        _set_password(tx, parts, row, asked.password, now)
    if ended_before or permitted_before or asked.password is not None:
        take_back(tx, row, "password-changed" if asked.password is not None else "share-changed", now)
    tell(tx, ShareChanged, row, now)
    _record(tx, "share.change", row, now, caller)
    return find_share(tx, row)


def _rename(row: ShareRow, asked: ShareChange) -> None:
    if asked.nickname is not None:
        row.nickname = check_nickname(asked.nickname)


def _set_expiry(tx: Tx, row: ShareRow, asked: ShareChange, now: datetime) -> bool:
    """Set the date; whether it is an earlier one, which open sessions must learn of."""
    if asked.expires_at is None:
        return False
    exam_ids = shares.find_exam_ids(tx, [row.id]).get(row.id, [])
    before = row.expires_at
    row.expires_at = end_of(asked.expires_at, exams.find_time_zones(tx, exam_ids), row.latest_at, now)
    return row.expires_at < before


def _set_permissions(row: ShareRow, asked: ShareChange) -> bool:
    """Set what recipients may do; whether anything is other than before."""
    changed = False
    for name in ("may_download", "include_report", "include_visit_summary"):
        wanted = getattr(asked, name)
        if wanted is not None and wanted != getattr(row, name):
            setattr(row, name, wanted)
            changed = True
    return changed


def _set_password(tx: Tx, parts: Parts, row: ShareRow, password: str, now: datetime) -> None:
    check_password(password)
    row.password_hash = parts.hasher.hash(password)
    row.locked_at = None
    links.delete_link(tx, row.link_hash)
    refresh.end_all(tx, holder_of(row.id), now)


def end(tx: Tx, caller: Caller, share_id: str, now: datetime) -> None:
    """End a share at once (O8: expire now); harmless when it is over. Raises ShareNotFound."""
    row = _visible(tx, caller, share_id, lock=True)
    if row.ended_at is None:
        end_share(tx, row, "ended-by-owner", now)
        _record(tx, "share.end", row, now, caller)


def end_by_staff(tx: Tx, caller: Caller, share_id: str, now: datetime) -> None:
    """End any share, for support. Raises ShareNotFound."""
    row = shares.lock_share(tx, share_id) if share_id.isalnum() else None
    if row is None:
        raise ShareNotFound
    if row.ended_at is None:
        end_share(tx, row, "ended-by-staff", now)
        _record(tx, "share.end", row, now, caller)


def end_share(tx: Tx, row: ShareRow, reason: str, now: datetime) -> None:
    """End *row*: its tokens and sessions are refused everywhere, its address is forgotten."""
    row.ended_at, row.end_reason = now, reason
    refresh.end_all(tx, holder_of(row.id), now)
    take_back(tx, row, reason, now)
    if row.contact_version:
        tell_contact(tx, row, now)
    tell(tx, ShareEnded, row, now, reason)


def end_with_holder(tx: Tx, event: AccessEnded, now: datetime) -> None:
    """End the shares of a holder whose access ended for good."""
    if event.reason not in ENDS_SHARES:
        return
    for row in shares.find_unended_of(tx, event.id):
        end_share(tx, row, event.reason, now)
        _record(tx, "share.end", row, now, None)


def sweep(tx: Tx, now: datetime) -> int:
    """End shares whose date has come; give how many."""
    due = shares.find_due(tx, now, SWEEP_AT_ONCE)
    for row in due:
        end_share(tx, row, "expired", now)
        _record(tx, "share.expire", row, now, None)
    return len(due)


def _visible(tx: Tx, caller: Caller, share_id: str, *, lock: bool) -> ShareRow:
    row = shares.find_visible(tx, caller, share_id, lock=lock) if share_id.isalnum() else None
    if row is None:
        raise ShareNotFound
    return row


def _state(row: ShareRow, now: datetime) -> str:
    return state_of(row.ended_at, row.end_reason, row.expires_at, row.locked_at, now)


def _record(
    tx: Tx,
    action: str,
    row: ShareRow,
    now: datetime,
    caller: Caller | None,
    *,
    patient_id: str | None = None,
    phi_acknowledged: bool | None = None,
) -> None:
    audit.record(
        tx,
        OWNER,
        action,
        now,
        caller=caller,
        object=f"share:{row.id}",
        patient_id=patient_id,
        phi_acknowledged=phi_acknowledged,
    )
