"""An operator's look into the merged audit, which is an act as well."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.chassis import audit
from services.chassis.caller import Caller
from services.chassis.db import Tx
from services.identity.domain.audit import AuditSearch, cursor_of, read_cursor
from services.identity.store import audit_search as store
from services.identity.store import patients, staff
from services.identity.store.audit import AuditEntryRow

KEEP_ADDRESSES = timedelta(days=90)
"""Rules, Keeping: raw IP addresses."""


@dataclass(frozen=True)
class Entry:
    """An act as it is shown; the row's address is whole, and there for 90 days."""

    row: AuditEntryRow
    said: dict[str, Any]
    """The text that is hashed; empty where somebody made it unreadable, which ``verify-audit`` tells."""
    actor_user_id: str | None
    """Of a member of staff."""


def search(
    tx: Tx, caller: Caller, asked: AuditSearch, limit: int, cursor: str | None, now: datetime
) -> tuple[list[Entry], str | None]:
    """Give a page of acts, newest first, and the next one's cursor; the look is on record itself.

    Of a patient, acts on records that are one person's by a merge too.
    """
    patient_ids = patients.find_family(tx, asked.patient_id) if asked.patient_id else None
    after = read_cursor(cursor) if cursor else None
    rows = store.search(tx, patient_ids=patient_ids, actor=asked.actor, since=asked.since, after=after, limit=limit + 1)
    audit.record(
        tx, "identity", "audit.find", now, caller=caller, patient_id=asked.patient_id, object=_object(asked.actor)
    )
    shown, has_more = rows[:limit], len(rows) > limit
    entries = [Entry(row, _said(row.body), _user_id(tx, row.actor)) for row in shown]
    return entries, cursor_of(shown[-1].service, shown[-1].position) if has_more else None


def _object(actor: str | None) -> str | None:
    return actor if actor and ":" in actor else None


def _said(body: str) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _user_id(tx: Tx, actor: str) -> str | None:
    member = staff.find_staff(tx, actor.removeprefix("staff:")) if actor.startswith("staff:") else None
    return member.user_id if member else None


def forget_addresses(tx: Tx, now: datetime) -> None:
    """Forget from where acts of 90 days ago were done."""
    store.forget_addresses(tx, now - KEEP_ADDRESSES)
