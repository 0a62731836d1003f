"""The audit as operators ask for it: what is looked for, and where a page begins."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class AuditSearch:
    """What is looked for; all that is given must fit, nothing given is everything."""

    patient_id: str | None = None
    actor: str | None = None
    """A holder (``account:…``, ``staff:…``), ``service:…``, or ``nobody``."""
    since: datetime | None = None
    """UTC; the acts of that instant too."""


def cursor_of(service: str, position: int) -> str:
    """Give the cursor of the page that follows an act."""
    return f"{service}.{position}"


def read_cursor(cursor: str) -> tuple[str, int]:
    """Give the service and the position of the act before a page."""
    service, _, position = cursor.rpartition(".")
    return service, int(position)
