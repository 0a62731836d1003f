"""What staff may do with accounts, after a check that stands on record."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Literal

from contracts.refusal import Refusal, RefusalKind
from services.identity.domain.help_requests import VerifiedBy
from services.identity.domain.staff import ReasonNeeded

AccountState = Literal["open", "frozen", "resting"]


class AccountNotFound(Refusal):
    """Raised when there is no such account, or its owner closed it."""

    slug = "account-not-found"
    kind: ClassVar[RefusalKind] = "not-found"
    words = "There is no such account."


class AccountSearchTooWide(Refusal):
    """Raised when nothing says whose account is looked for."""

    slug = "account-search-too-wide"
    words = "Say whose account you look for: a User ID, an e-mail address or a patient."


@dataclass(frozen=True)
class AccountSearch:
    """What support looks for; all that is given must fit."""

    user_id: str | None = None
    email: str | None = field(default=None, repr=False)
    patient_id: str | None = None

    def check_narrow(self) -> None:
        """Raise AccountSearchTooWide when nothing is given."""
        if not any((self.user_id, self.email, self.patient_id)):
            raise AccountSearchTooWide(field="userId")


@dataclass(frozen=True)
class Check:
    """How staff made sure who asks, and why they do what they do."""

    verified_by: VerifiedBy
    note: str

    def reason(self) -> str:
        """Give what stands on record. Raises ReasonNeeded."""
        if not self.note.strip():
            raise ReasonNeeded(field="note")
        return f"{self.verified_by}: {self.note.strip()}"


def state_of(frozen_at: datetime | None, rests_at: datetime | None) -> AccountState:
    """Give the state of an account that is not closed."""
    if frozen_at is not None:
        return "frozen"
    return "open" if rests_at is None else "resting"
