"""What an account's owner is told of who did and opened what: in the account, in its records, by its links."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, cast

from contracts.tokens import AccountGrants
from services.chassis.addresses import shorten_address
from services.chassis.caller import Caller
from services.chassis.db import Tx
from services.identity.domain.audit import cursor_of, read_cursor
from services.identity.store import activity as store
from services.identity.store import devices, visits
from services.identity.store.audit import AuditEntryRow
from services.identity.usecases.own_account import find_own_account

Who = Literal["self", "account", "icode", "share", "staff", "system", "service", "nobody"]
GATHERED_WITHIN = timedelta(hours=1)
_IN_PERSON = frozenset({"self", "account", "icode", "share", "nobody"})
"""Whose device and place concern the owner; where staff sit does not."""


@dataclass(frozen=True)
class Activity:
    """An act as the owner reads it."""

    at: datetime
    who: Who
    person: str | None
    """The name that somebody typed who has none here."""
    action: str
    is_refused: bool
    device: str | None
    address: str | None
    """Shortened."""
    exam_id: str | None
    """An exam that the owner may see now."""


def find_activity(tx: Tx, caller: Caller, cursor: str | None, limit: int) -> tuple[list[Activity], str | None]:
    """Give a page, newest first, and the next one's cursor; of nobody else's account or records.

    What somebody does again and again within an hour, such as looking through images, stands there once.
    Raises SessionOver for an account that is gone.
    """
    find_own_account(tx, caller)
    whose = store.Concerned(caller.holder, _patients_of(caller))
    rows = store.find_page(tx, whose, read_cursor(cursor) if cursor else None, limit + 1)
    page = rows[:limit]
    shown = _gathered(page)
    came_from = devices.find_sessions(tx, [one for row in shown if (one := _id_in(row, "session"))])
    exams = visits.find_seen(tx, caller, [one for row in shown if (one := _id_in(row, "exam"))])
    found = [_activity(row, caller, came_from, exams) for row in shown]
    return found, cursor_of(page[-1].service, page[-1].position) if len(rows) > limit else None


def _gathered(rows: Sequence[AuditEntryRow]) -> list[AuditEntryRow]:
    """Give *rows*, newest first, without those that say again what the one before them says."""
    kept: list[AuditEntryRow] = []
    for row in rows:
        newer = kept[-1] if kept else None
        is_again = newer is not None and _said_by(row) == _said_by(newer) and newer.at - row.at < GATHERED_WITHIN
        if row.outcome != "done" or not is_again:
            kept.append(row)
    return kept


def _said_by(row: AuditEntryRow) -> tuple[str | None, ...]:
    return row.actor, row.action, row.object, row.outcome, row.device, row.from_address, row.person


def _patients_of(caller: Caller) -> list[str]:
    return caller.grants.patients if isinstance(caller.grants, AccountGrants) else []


def _activity(
    row: AuditEntryRow, caller: Caller, came_from: dict[str, devices.SessionDeviceRow], exams: set[str]
) -> Activity:
    who = _who(row, caller)
    session = came_from.get(_id_in(row, "session") or "")
    exam_id = _id_in(row, "exam")
    return Activity(
        at=row.at,
        who=who,
        person=row.person,
        action=row.action,
        is_refused=row.outcome == "refused",
        device=row.device or (session.device if session else None),
        address=shorten_address(row.from_address) if who in _IN_PERSON else None,
        exam_id=exam_id if exam_id in exams else None,
    )


def _who(row: AuditEntryRow, caller: Caller) -> Who:
    return "self" if row.actor == caller.holder else cast("Who", row.actor.partition(":")[0])


def _id_in(row: AuditEntryRow, noun: str) -> str | None:
    """Give the id of the act's object, if that is a *noun*."""
    kind, _, object_id = (row.object or "").partition(":")
    return object_id if kind == noun else None
