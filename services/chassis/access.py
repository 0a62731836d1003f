"""Which exams a caller may see, and the one way in which access is taken back.

A token says what was true when it was minted; what is noted here only takes away. Whatever ends or narrows access
raises the holder's version and tells ``access.ended``; every service notes it and refuses older tokens.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, false, select

from contracts.access import AccessEnded
from contracts.tokens import AccountGrants, ICodeGrants, ShareGrants
from services.chassis.caller import Caller
from services.chassis.db import Tx
from services.chassis.tables import EndedAccess

ALWAYS = 2**31 - 1
"""The version of an ended session: none is newer."""


def seen_by(caller: Caller, *, patient_id: Any, visit_id: Any, exam_id: Any) -> ColumnElement[bool]:
    """Give the condition under which a row is one of *caller*'s exams; it goes into the query that fetches.

    The arguments are the columns that hold an exam's patient, visit and id. Staff and systems see no exam by this.
    """
    grants = caller.grants
    if isinstance(grants, AccountGrants):
        return _is_in(patient_id, grants.patients)
    if isinstance(grants, ICodeGrants):
        of_visit: ColumnElement[bool] = visit_id == grants.visit
        return of_visit if grants.exams is None else of_visit & _is_in(exam_id, grants.exams)
    if isinstance(grants, ShareGrants):
        return _is_in(exam_id, grants.exams)
    return false()


def _is_in(column: Any, values: list[str]) -> ColumnElement[bool]:
    condition: ColumnElement[bool] = column.in_(values)
    return condition


def is_ended(tx: Tx, holder: str, session: str, version: int) -> bool:
    """Whether a token of *holder* at *version*, of *session*, may not be used any more."""
    noted = tx.scalars(select(EndedAccess).where(EndedAccess.subject.in_([holder, session_subject(session)])))
    return any(version < row.version for row in noted)


def session_subject(session: str) -> str:
    """Give the subject under which the end of *session* is noted."""
    return f"session:{session}"


def note_ended(tx: Tx, subject: str, version: int, now: datetime) -> None:
    """Refuse tokens of *subject* older than *version* from the commit of *tx* on; never takes a newer note back."""
    row = tx.get(EndedAccess, subject, with_for_update=True)
    if row is None:
        tx.add(EndedAccess(subject=subject, version=version, ended_at=now))
    elif version > row.version:
        row.version, row.ended_at = version, now


def on_access_ended(parts: Any, tx: Tx, event: AccessEnded) -> None:
    """Note what an issuer told; the handler of ``access.ended`` in every service."""
    del parts
    note_ended(tx, event.id, event.version, event.at)


def session_ended(session: str, reason: str, now: datetime) -> AccessEnded:
    """Give the event that ends *session* whole."""
    return AccessEnded(id=session_subject(session), version=ALWAYS, at=now, reason=reason)
