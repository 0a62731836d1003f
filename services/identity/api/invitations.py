"""Inviting a patient to open an account."""

from datetime import datetime

from apiflask import APIBlueprint
from pydantic import Field

from services.chassis.idempotency import idempotent
from services.chassis.web import Answer, Ask, staff_with
from services.identity.api.doors import parts
from services.identity.domain.invitations import InvitedAfter
from services.identity.usecases.invitations import invite

bp = APIBlueprint("invitations", __name__)


class InvitationAsk(Ask):
    """How staff made sure who is invited."""

    verified_by: InvitedAfter
    note: str | None = Field(None, max_length=500)


class InvitationAnswer(Answer):
    """An invitation; its code is shown this once."""

    id: str
    invitation_code: str
    expires_at: datetime


@bp.post("/staff/patients/<patient_id>/invitations")
@bp.input(InvitationAsk, arg_name="ask")
@bp.output(InvitationAnswer, status_code=201)
@idempotent
def make(patient_id: str, ask: InvitationAsk) -> tuple[InvitationAnswer, int]:
    """Invite a patient to open an account: the code stands in for the identity questions, once, for 30 days."""
    who = staff_with("support")
    with parts().db.begin() as tx:
        made = invite(tx, parts(), who, patient_id, ask.verified_by, ask.note, parts().clock.now())
    answer = InvitationAnswer(id=made.id, invitation_code=made.shown, expires_at=made.expires_at)
    return answer, 201  # said here too: @idempotent keeps it
