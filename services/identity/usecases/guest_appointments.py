"""Guest appointments: asked for here, made by the front desk on the phone; the portal schedules none (S63)."""

from dataclasses import dataclass, field
from datetime import date, datetime

from services.chassis import audit
from services.chassis.caller import Caller
from services.chassis.db import Tx, new_id
from services.chassis.locations import Locations
from services.identity.domain.guest_appointments import LocationUnknown
from services.identity.domain.languages import portal_language
from services.identity.domain.staff import ReasonNeeded, is_own
from services.identity.store import guest_appointments as store
from services.identity.usecases.front_desk import Page, own_locations


@dataclass(frozen=True)
class AppointmentAsked:
    """What a guest asks for."""

    first_name: str = field(repr=False)
    last_name: str = field(repr=False)
    birth_date: date = field(repr=False)
    guardian: str | None = field(repr=False)
    phone: str = field(repr=False)
    email: str | None = field(repr=False)
    location_id: str
    exam_wanted: str = field(repr=False)
    preferred_times: str | None = field(repr=False)
    language: str | None


def ask_for_appointment(
    tx: Tx, locations: Locations, asked: AppointmentAsked, address: str | None, now: datetime
) -> None:
    """Keep what a guest asks for, for the front desk; no exam, visit or account comes of it. Raises LocationUnknown."""
    if asked.location_id not in locations:
        raise LocationUnknown(field="locationId")
    request_id = new_id()
    store.add_appointment(
        tx, id=request_id, made_at=now, **(vars(asked) | {"language": portal_language(asked.language)})
    )
    audit.record(
        tx,
        "identity",
        "guest-appointment.ask",
        now,
        actor="nobody",
        object=f"guest-appointment:{request_id}",
        address=address,
    )


def find_appointments(
    tx: Tx, caller: Caller, location_id: str | None, reason: str | None, page: Page, now: datetime
) -> tuple[list[store.GuestAppointmentRow], bool]:
    """Give a page of what guests asked for, newest first, and whether there is more.

    Without a reason only the caller's locations are looked at. Raises ReasonNeeded when another is asked for.
    """
    own = own_locations(caller)
    has_reason = bool(reason and reason.strip())
    if location_id and not has_reason and not is_own(location_id, own):
        raise ReasonNeeded(field="reason")
    looked_at = [location_id] if location_id else None if has_reason else own
    rows = store.find_appointments(tx, looked_at, page.limit + 1, page.offset)
    for row in rows[: page.limit]:
        audit.record(
            tx,
            "identity",
            "guest-appointment.find",
            now,
            caller=caller,
            object=f"guest-appointment:{row.id}",
            reason=reason,
        )
    return rows[: page.limit], len(rows) > page.limit
