"""Guest appointments: asking for one, and the front desk's list."""

from datetime import date, datetime
from typing import Annotated, Literal

from apiflask import APIBlueprint
from pydantic import Field, StringConstraints

from contracts.messages import MailAddress, PhoneNumber
from services.chassis.idempotency import idempotent
from services.chassis.web import Answer, Ask, client_address, staff_with
from services.identity.api.doors import parts
from services.identity.api.staff import FRONT_DESK
from services.identity.usecases import guest_appointments
from services.identity.usecases.front_desk import Page

bp = APIBlueprint("guest_appointments", __name__)
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


class GuestAppointmentAsk(Ask):
    """Who comes, for what and where; *guardian*: the adult who comes along with a minor."""

    first_name: Name
    last_name: Name
    date_of_birth: date
    guardian: str | None = Field(None, max_length=200)
    phone: PhoneNumber
    email: MailAddress | None = None
    location_id: str = Field(max_length=32)
    exam_wanted: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
    preferred_times: str | None = Field(None, max_length=500)
    language: str | None = Field(None, max_length=20)


class GuestAppointmentMade(Answer):
    """The request was received; the location calls back."""

    state: Literal["received"] = "received"


class GuestAppointmentsAsk(Ask):
    """Which requests."""

    location_id: str | None = Field(None, max_length=32)
    reason: str | None = Field(None, max_length=500)
    limit: int = Field(50, ge=1, le=100)
    cursor: int = Field(0, ge=0, le=10_000)


class GuestAppointmentAnswer(Answer):
    """What a guest asked for."""

    id: str
    first_name: str
    last_name: str
    date_of_birth: date
    guardian: str | None
    phone: str
    email: str | None
    location_id: str
    exam_wanted: str
    preferred_times: str | None
    language: str | None
    made_at: datetime


class GuestAppointmentsAnswer(Answer):
    """What guests asked for, newest first."""

    guest_appointments: list[GuestAppointmentAnswer]
    next: str | None
    """The cursor of the next page; null on the last."""


@bp.post("/guest-appointments")
@bp.input(GuestAppointmentAsk, arg_name="ask")
@bp.output(GuestAppointmentMade, status_code=202)
@idempotent
def make(ask: GuestAppointmentAsk) -> tuple[GuestAppointmentMade, int]:
    """Ask for an appointment as a guest."""
    given = ask.model_dump(exclude={"date_of_birth"})
    asked = guest_appointments.AppointmentAsked(birth_date=ask.date_of_birth, **given)
    with parts().db.begin() as tx:
        guest_appointments.ask_for_appointment(tx, parts().locations, asked, client_address(), parts().clock.now())
    return GuestAppointmentMade(), 202  # said here too: @idempotent keeps it


@bp.get("/staff/guest-appointments")
@bp.input(GuestAppointmentsAsk, location="query", arg_name="ask")
@bp.output(GuestAppointmentsAnswer)
def listed(ask: GuestAppointmentsAsk) -> GuestAppointmentsAnswer:
    """List what guests asked for."""
    who = staff_with(*FRONT_DESK)
    with parts().db.begin() as tx:
        page = Page(ask.limit, ask.cursor)
        rows, has_more = guest_appointments.find_appointments(
            tx, who, ask.location_id, ask.reason, page, parts().clock.now()
        )
        answers = [
            GuestAppointmentAnswer(
                date_of_birth=row.birth_date,
                **{name: getattr(row, name) for name in GuestAppointmentAnswer.model_fields if name != "date_of_birth"},
            )
            for row in rows
        ]
    return GuestAppointmentsAnswer(guest_appointments=answers, next=str(ask.cursor + ask.limit) if has_more else None)
