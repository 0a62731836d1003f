"""Invitations: what staff give, after a look at a photo ID, to somebody who cannot answer the identity questions."""

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import ClassVar, Literal

from contracts.refusal import Refusal, RefusalKind
from services.identity.domain.icodes import ICode
from services.identity.domain.tries import TryLimits

INVITATION_LIFETIME = timedelta(days=30)
INVITATION_LIMITS = TryLimits(free=10, longest_wait=timedelta(hours=1), per_day=3, in_row=10)
"""Of one code: three wrong tries a day, ten in all; then staff give a new one."""
InvitedAfter = Literal["photo-id"]
"""How staff made sure who is invited: nothing less than a photo ID stands in for the questions."""


class PatientNotFound(Refusal):
    """Raised when there is no such patient."""

    slug = "patient-not-found"
    kind: ClassVar[RefusalKind] = "not-found"
    words = "There is no such patient."


class InvitationNotPossible(Refusal):
    """Raised when a record can have no account: its patient is deceased, or it was merged into another."""

    slug = "invitation-not-possible"
    kind: ClassVar[RefusalKind] = "conflict"
    words = "This record cannot have an account."


class AccountExists(Refusal):
    """Raised when a patient has an account that is open; told to staff alone."""

    slug = "account-exists"
    kind: ClassVar[RefusalKind] = "conflict"
    words = "This patient has an account. Help them into it instead."


class InvitationRefused(Refusal):
    """Raised when an invitation code is unknown, wrong, old, used, or somebody else's: one answer for all."""

    slug = "invitation-refused"
    words = "This invitation code does not fit. Check it, and what you told about yourself, or ask for a new one."


def hash_invitation(key: bytes, code: ICode) -> str:
    """Give what is kept of an invitation code's secret."""
    return hmac.new(key, f"invitation\n{code.locator}\n{code.secret}".encode(), hashlib.sha256).hexdigest()


def is_valid(expires_at: datetime, used_at: datetime | None, now: datetime) -> bool:
    """Whether an invitation can be used at *now*: once, for 30 days."""
    return used_at is None and now < expires_at
