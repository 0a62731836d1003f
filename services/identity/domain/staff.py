"""What members of staff may look for, where, and when they must say why."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from contracts.refusal import Refusal, RefusalKind


class ReasonNeeded(Refusal):
    """Raised when a member of staff must say why: outside their own locations, or for a protected record."""

    slug = "reason-needed"
    kind: ClassVar[RefusalKind] = "invalid"
    words = "Say why you need this. It is kept on record."


class VisitNotFound(Refusal):
    """Raised when there is no such visit."""

    slug = "visit-not-found"
    kind: ClassVar[RefusalKind] = "not-found"
    words = "There is no such visit."


class ICodeNotFound(Refusal):
    """Raised when there is no such I-Code."""

    slug = "icode-not-found"
    kind: ClassVar[RefusalKind] = "not-found"
    words = "There is no such I-Code."


class SearchTooWide(Refusal):
    """Raised when nothing says what visits are looked for."""

    slug = "search-too-wide"
    kind: ClassVar[RefusalKind] = "invalid"
    words = "Say what you look for: an accession, MRN, visit number, last name, date of birth or day."


@dataclass(frozen=True)
class VisitSearch:
    """What a front desk looks for; all that is given must fit."""

    accession: str | None = None
    mrn: str | None = None
    visit_number: str | None = None
    last_name: str | None = None
    birth_date: date | None = None
    day: date | None = None
    """The visit's day at its location."""
    location_id: str | None = None

    def check_narrow(self) -> None:
        """Raise SearchTooWide when no more than a location is given."""
        asked = (self.accession, self.mrn, self.visit_number, self.last_name, self.birth_date, self.day)
        if not any(asked):
            raise SearchTooWide(field="accession")


def is_own(location_id: str, locations: Collection[str] | None) -> bool:
    """Whether *location_id* is among a member's *locations*; None: all are."""
    return locations is None or location_id in locations


def check_reason(*, reason: str | None, is_own_location: bool, is_protected: bool, field: str = "reason") -> None:
    """Raise ReasonNeeded when a reason must stand on record and none is given."""
    if not (reason and reason.strip()) and (is_protected or not is_own_location):
        raise ReasonNeeded(field=field)
