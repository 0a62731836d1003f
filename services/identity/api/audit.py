"""The audit, for operators."""

from datetime import UTC, datetime
from typing import Annotated

from apiflask import APIBlueprint
from pydantic import AfterValidator, Field

from services.chassis.web import Answer, Ask, staff_with
from services.identity.api.doors import parts
from services.identity.domain.audit import AuditSearch
from services.identity.usecases import audit_search

bp = APIBlueprint("audit", __name__)


def _in_utc(value: datetime) -> datetime:
    """Give the instant; a day or a time without a zone is UTC's."""
    try:
        return value.replace(tzinfo=value.tzinfo or UTC).astimezone(UTC)
    except OverflowError as beyond:
        raise ValueError("an instant of the calendar") from beyond


class AuditAsk(Ask):
    """Which acts; all that is given must fit."""

    patient: str | None = Field(None, min_length=1, max_length=64)
    actor: str | None = Field(None, min_length=1, max_length=100)
    since: Annotated[datetime, AfterValidator(_in_utc)] | None = None
    limit: int = Field(50, ge=1, le=100)
    cursor: str | None = Field(None, pattern=r"^[a-z]{1,32}\.[0-9]{1,18}$")


class EntryAnswer(Answer):
    """An act of somebody; *from* is the whole address, for 90 days."""

    at: datetime
    actor: str
    actor_user_id: str | None
    """Of a member of staff."""
    action: str
    patient: str | None
    object: str | None
    from_address: str | None = Field(serialization_alias="from")
    outcome: str
    slug: str | None
    """Why it was refused."""
    reason: str | None
    """What a member of staff gave as theirs."""
    phi_acknowledged: bool | None
    service: str
    position: int
    """Its place among the service's acts."""


class EntriesAnswer(Answer):
    """Acts, newest first."""

    entries: list[EntryAnswer]
    next: str | None
    """The cursor of the next page; null on the last."""


@bp.get("/staff/audit")
@bp.input(AuditAsk, location="query", arg_name="ask")
@bp.output(EntriesAnswer)
def entries(ask: AuditAsk) -> EntriesAnswer:
    """List acts of all services; asking is an act as well."""
    who = staff_with("operator")
    asked = AuditSearch(ask.patient, ask.actor, ask.since)
    with parts().db.begin() as tx:
        found, following = audit_search.search(tx, who, asked, ask.limit, ask.cursor, parts().clock.now())
    return EntriesAnswer(entries=[_entry_answer(one) for one in found], next=following)


def _entry_answer(entry: audit_search.Entry) -> EntryAnswer:
    row, said = entry.row, entry.said
    return EntryAnswer(
        at=row.at,
        actor=row.actor,
        actor_user_id=entry.actor_user_id,
        action=row.action,
        patient=row.patient_id,
        object=row.object,
        from_address=row.from_address,
        outcome=row.outcome,
        slug=said.get("slug"),
        reason=said.get("reason"),
        phi_acknowledged=said.get("phiAcknowledged"),
        service=row.service,
        position=row.position,
    )
