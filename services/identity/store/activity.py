"""Of the merged audit, what concerns one account: its own acts, and those of others on its records and links."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, select, tuple_
from sqlalchemy.orm import aliased

from services.chassis.db import Tx
from services.identity.store.audit import AuditEntryRow

_PLACE = (AuditEntryRow.at, AuditEntryRow.service, AuditEntryRow.position)
_MAKING = ("share.create", "package.request")
"""Acts whose object is the account's from then on: what is done to it later names no patient."""
_NOT_SHOWN = ("identifiers.read",)
"""What other systems do with every event by themselves."""


@dataclass(frozen=True)
class Concerned:
    """Whose activity it is."""

    holder: str
    patient_ids: Collection[str]


def find_page(tx: Tx, whose: Concerned, after: tuple[str, int] | None, limit: int) -> list[AuditEntryRow]:
    """Give up to *limit* acts, newest first, beginning after the act *after* (service and position)."""
    query = select(AuditEntryRow).where(_concerns(whose), _is_told_once())
    if after is not None:
        service, position = after
        mark = tx.scalars(query.filter_by(service=service, position=position)).one_or_none()
        if mark is None:
            return []
        query = query.where(tuple_(*_PLACE) < tuple_(mark.at, mark.service, mark.position))
    return list(tx.scalars(query.order_by(*(column.desc() for column in _PLACE)).limit(limit)))


def _concerns(whose: Concerned) -> ColumnElement[bool]:
    made = aliased(AuditEntryRow)
    theirs = (made.actor == whose.holder) | made.patient_id.in_(whose.patient_ids)
    of_theirs = select(made.object).where(made.action.in_(_MAKING), theirs)
    concerns: ColumnElement[bool] = (
        (AuditEntryRow.actor == whose.holder)
        | (AuditEntryRow.object == whose.holder)
        | AuditEntryRow.patient_id.in_(whose.patient_ids)
        | AuditEntryRow.object.in_(of_theirs)
    )
    return concerns & AuditEntryRow.action.not_in(_NOT_SHOWN)


def _is_told_once() -> ColumnElement[bool]:
    """What is made of several patients' exams stands once for each, one act behind the other; it is told once."""
    before = aliased(AuditEntryRow)
    is_same = [
        getattr(before, name) == getattr(AuditEntryRow, name) for name in ("service", "at", "actor", "action", "object")
    ]
    is_before = before.position == AuditEntryRow.position - 1
    return ~exists().where(*is_same, is_before, before.action.in_(_MAKING))
