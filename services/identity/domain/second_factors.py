"""Second factors of an account: how many, until when one is confirmed, and why one is refused."""

from datetime import datetime, timedelta
from typing import ClassVar, Final, Literal

from contracts.refusal import Refusal, RefusalKind

FactorKind = Literal["totp", "passkey"]
MOST_FACTORS = 10
CONFIRM_WITHIN = timedelta(minutes=10)
DEFAULT_NAMES: Final[dict[FactorKind, str]] = {"totp": "Authenticator app", "passkey": "Passkey"}


class SecondFactorNotFound(Refusal):
    """Raised for a second factor that is not there, is another's, or waited too long for its confirmation."""

    slug = "second-factor-not-found"
    kind: ClassVar[RefusalKind] = "not-found"
    words = "There is no such second factor here."


class SecondFactorUnproven(Refusal):
    """Raised when a new second factor is confirmed by a code or passkey that does not fit it."""

    slug = "second-factor-unproven"
    words = "This does not fit. Try again with a new code, or begin again."


class TooManySecondFactors(Refusal):
    """Raised when an account would have more than MOST_FACTORS."""

    slug = "too-many-second-factors"
    kind: ClassVar[RefusalKind] = "conflict"
    words = "There are ten second factors already. Remove one first."


class NoSecondFactor(Refusal):
    """Raised when recovery codes are asked for and there is no second factor that they could stand for."""

    slug = "no-second-factor"
    kind: ClassVar[RefusalKind] = "conflict"
    words = "Set up a second factor first."


class PasswordTooShortAlone(Refusal):
    """Raised when the last second factor would go and leave a password of fewer than 15 characters alone."""

    slug = "password-too-short-alone"
    kind: ClassVar[RefusalKind] = "conflict"
    words = "Without a second factor a password has 15 or more characters. Choose a longer one first."


def is_waiting(added_at: datetime, confirmed_at: datetime | None, now: datetime) -> bool:
    """Whether a factor can still be confirmed at *now* (UTC)."""
    return confirmed_at is None and now < added_at + CONFIRM_WITHIN


def check_may_add(count: int) -> None:
    """Raise TooManySecondFactors when an account with *count* of them may have no more."""
    if count >= MOST_FACTORS:
        raise TooManySecondFactors
