"""Confirming, for support, that the contacts on record of somebody who came of age are their own."""

from datetime import datetime

from apiflask import APIBlueprint
from pydantic import Field

from services.chassis.idempotency import idempotent
from services.chassis.web import Answer, Ask, staff_with
from services.identity.api.doors import parts
from services.identity.domain.invitations import InvitedAfter
from services.identity.domain.staff_accounts import Check
from services.identity.usecases.coming_of_age import confirm_contacts

bp = APIBlueprint("staff_contacts", __name__)


class ConfirmationAsk(Ask):
    """How staff made sure whose contacts they are; kept on record."""

    verified_by: InvitedAfter
    note: str = Field(max_length=500)


class ConfirmationAnswer(Answer):
    """Since when the contacts on record count as the patient's own."""

    confirmed_at: datetime


@bp.post("/staff/patients/<patient_id>/contacts-confirmation")
@bp.input(ConfirmationAsk, arg_name="ask")
@bp.output(ConfirmationAnswer)
@idempotent
def confirm(patient_id: str, ask: ConfirmationAsk) -> ConfirmationAnswer:
    """Confirm the contacts on record of a patient who came of age: they are written to and matched on again."""
    who, now = staff_with("support"), parts().clock.now()
    with parts().db.begin() as tx:
        confirm_contacts(tx, who, patient_id, Check(ask.verified_by, ask.note), now)
    return ConfirmationAnswer(confirmed_at=now)
