"""Get Help: asking, and the staff's queue."""

from datetime import date, datetime
from typing import Annotated, Literal

from apiflask import APIBlueprint
from pydantic import Field, StringConstraints

from contracts.identity import HelpKind
from services.chassis.idempotency import idempotent
from services.chassis.web import Answer, Ask, client_address, staff_with
from services.identity.api.doors import parts
from services.identity.domain.help_requests import HelpState, VerifiedBy
from services.identity.usecases import help_requests
from services.identity.usecases.front_desk import Page

bp = APIBlueprint("help_requests", __name__)


class HelpAsk(Ask):
    """What is wrong, and where to answer: *contact* is an e-mail address or a phone number."""

    icode: str | None = Field(None, max_length=200)
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    contact: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=254)]
    date_of_birth: date | None = None
    reason: HelpKind
    message: str = Field("", max_length=2000)
    language: str | None = Field(None, max_length=20)


class HelpAnswer(Answer):
    """The same for everybody."""

    state: Literal["received"] = "received"


class HelpRequestsAsk(Ask):
    """Which requests."""

    state: HelpState = "open"
    limit: int = Field(50, ge=1, le=100)
    cursor: int = Field(0, ge=0, le=10_000)


class GrantAsk(Ask):
    """How staff made sure who asks; a call back goes to the number on file, never to the one in the request."""

    verified_by: VerifiedBy
    note: str | None = Field(None, max_length=500)


class RefusalAsk(Ask):
    """Why it is refused; kept on record."""

    note: str = Field(max_length=500)


class GrantAnswer(Answer):
    """What became of the request."""

    state: HelpState
    expires_at: datetime | None
    """When its I-Code expires now; None: no code was reactivated."""


class HelpCodeAnswer(Answer):
    """The code that came with the request and was right; the patient within one's own locations alone."""

    id: str
    state: str
    expires_at: datetime
    visit_id: str
    location_id: str
    patient_id: str | None
    patient_name: str | None
    birth_date: date | None = Field(serialization_alias="dateOfBirth")


class HelpRequestAnswer(Answer):
    """A request."""

    id: str
    reason: str
    name: str
    contact: str
    date_of_birth: date | None
    message: str
    language: str | None
    made_at: datetime
    state: str
    icode: HelpCodeAnswer | None
    """None: none was given, or not the right one."""
    verified_by: str | None
    note: str | None
    answered_at: datetime | None


class HelpRequestsAnswer(Answer):
    """Requests: those of another's exam first, then the oldest."""

    help_requests: list[HelpRequestAnswer]
    next: str | None
    """The cursor of the next page; null on the last."""


@bp.post("/help-requests")
@bp.input(HelpAsk, arg_name="ask")
@bp.output(HelpAnswer, status_code=202)
@idempotent
def make(ask: HelpAsk) -> tuple[HelpAnswer, int]:
    """Ask for help."""
    asked = help_requests.HelpAsked(
        kind=ask.reason,
        name=ask.name,
        contact=ask.contact,
        birth_date=ask.date_of_birth,
        message=ask.message,
        language=ask.language,
        icode=ask.icode,
    )
    help_requests.ask_for_help(parts(), asked, client_address())
    return HelpAnswer(), 202  # said here too: @idempotent keeps it


@bp.get("/staff/help-requests")
@bp.input(HelpRequestsAsk, location="query", arg_name="ask")
@bp.output(HelpRequestsAnswer)
def queue(ask: HelpRequestsAsk) -> HelpRequestsAnswer:
    """List help requests."""
    who = staff_with("support")
    with parts().db.begin() as tx:
        page = Page(ask.limit, ask.cursor)
        found, has_more = help_requests.find_requests(tx, who, ask.state, page, parts().clock.now())
        answers = [_request_answer(one) for one in found]
    return HelpRequestsAnswer(help_requests=answers, next=str(ask.cursor + ask.limit) if has_more else None)


def _request_answer(one: help_requests.ShownRequest) -> HelpRequestAnswer:
    row = one.row
    return HelpRequestAnswer(
        id=row.id,
        reason=row.kind,
        name=row.name,
        contact=row.contact,
        date_of_birth=row.birth_date,
        message=row.message,
        language=row.language,
        made_at=row.made_at,
        state=row.state,
        icode=HelpCodeAnswer(**vars(one.code)) if one.code else None,
        verified_by=row.verified_by,
        note=row.note,
        answered_at=row.answered_at,
    )


@bp.post("/staff/help-requests/<request_id>/grant")
@bp.input(GrantAsk, arg_name="ask")
@bp.output(GrantAnswer)
@idempotent
def grant(request_id: str, ask: GrantAsk) -> GrantAnswer:
    """Grant a help request: its I-Code works for 90 days from now."""
    who = staff_with("support")
    with parts().db.begin() as tx:
        expires_at = help_requests.grant(tx, who, request_id, ask.verified_by, ask.note, parts().clock.now())
    return GrantAnswer(state="granted", expires_at=expires_at)


@bp.post("/staff/help-requests/<request_id>/refusal")
@bp.input(RefusalAsk, arg_name="ask")
@bp.output(GrantAnswer)
@idempotent
def refuse(request_id: str, ask: RefusalAsk) -> GrantAnswer:
    """Refuse a help request."""
    who = staff_with("support")
    with parts().db.begin() as tx:
        help_requests.refuse(tx, who, request_id, ask.note, parts().clock.now())
    return GrantAnswer(state="refused", expires_at=None)
