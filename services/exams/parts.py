"""What doors, handlers and chores need besides a transaction."""

from dataclasses import dataclass

from services.chassis.clock import Clock
from services.chassis.db import Database
from services.chassis.locations import Locations
from services.chassis.objects import ObjectStore

SERVICE = "exams"


@dataclass(frozen=True)
class Parts:
    """The service's wiring (see app.make)."""

    db: Database
    clock: Clock
    objects: ObjectStore
    locations: Locations
    sent_when_signed: bool
    """Whether a report counts as sent to the referring physician when it is signed, where the RIS does not say (S7)."""
    max_object_bytes: int
    """Cap of one DICOM object."""
    store_threads: int
    """Object store writes at once, per request."""
    render_threads: int
    """Pictures rendered at once in the background."""
