"""A share: a password-protected link to some exams of its owner (Patient guide 06, O6–O9)."""

import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import ClassVar, Literal
from zoneinfo import ZoneInfo

from contracts.exams import ExamStatus
from contracts.refusal import Refusal, RefusalKind

NICKNAME_MAX_CHARS = 60
NAME_MAX_CHARS = 60
PASSWORD_MIN_CHARS = 8
PASSWORD_MAX_CHARS = 128
LAST_YEAR = 9998
"""No limit on duration (S51) but the calendar's own, with room for time zones."""
PAST_SCHEDULED: Collection[ExamStatus] = ("arrived", "in-progress", "completed")

State = Literal["active", "locked", "expired", "ended"]

_BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class PhiNotAcknowledged(Refusal):
    """Raised when the PHI box is not ticked (S53)."""

    slug = "phi-not-acknowledged"
    words = "Tick the box: you are about to share Protected Health Information."


class NicknameRefused(Refusal):
    """Raised when a nickname is empty, too long, or holds control characters."""

    slug = "nickname-malformed"
    words = f"A nickname has 1 to {NICKNAME_MAX_CHARS} characters, none of them invisible."


class PasswordLengthRefused(Refusal):
    """Raised when a share's password is absent, too short or too long (S50)."""

    slug = "password-length"
    words = f"A password has {PASSWORD_MIN_CHARS} to {PASSWORD_MAX_CHARS} characters."


class ExpiryPast(Refusal):
    """Raised when a share would end before it begins (S51)."""

    slug = "expiry-past"
    words = "The expiration date must be in the future."


class ExpiryBeyondCalendar(Refusal):
    """Raised when a date is so far that it cannot be told in every time zone."""

    slug = "expiry-beyond-calendar"
    words = f"The expiration date may be at most in the year {LAST_YEAR}."


class ExamNotFound(Refusal):
    """Raised when an exam is not the caller's; the same as for one that does not exist."""

    slug = "exam-not-found"
    kind: ClassVar[RefusalKind] = "not-found"
    words = "There is no such exam."


class ExamNotBegun(Refusal):
    """Raised when an exam is only scheduled, or cancelled (O6)."""

    slug = "exam-not-begun"
    words = "An exam can be shared once the visit has begun."


class ShareNotFound(Refusal):
    """Raised when a share is not the caller's; the same as for one that does not exist."""

    slug = "share-not-found"
    kind: ClassVar[RefusalKind] = "not-found"
    words = "There is no such share."


class ShareOver(Refusal):
    """Raised when a share that has ended or expired would be changed."""

    slug = "share-over"
    kind: ClassVar[RefusalKind] = "gone"
    words = "This share has ended. Make a new one."


class NotTheMaker(Refusal):
    """Raised when somebody who may see and end a share would change it, though another made it."""

    slug = "not-the-maker"
    kind: ClassVar[RefusalKind] = "forbidden"
    words = "Only who made this share can change it. You can end it."


@dataclass(frozen=True)
class Permissions:
    """What a recipient may do besides looking at the images."""

    may_download: bool = True
    """On at first (O7)."""
    include_report: bool = False
    include_visit_summary: bool = False


@dataclass(frozen=True)
class ShareAsk:
    """What an owner asks for."""

    exam_ids: tuple[str, ...]
    nickname: str
    password: str
    expires_at: datetime | date
    """An instant, or a day, at whose end at the exams' sites the share ends."""
    permissions: Permissions
    phi_acknowledged: bool
    email: str | None = None
    phone: str | None = None
    language: Literal["en", "es"] | None = None


@dataclass(frozen=True)
class ShareChange:
    """What an owner changes; None leaves as it is."""

    nickname: str | None = None
    password: str | None = None
    expires_at: datetime | date | None = None
    may_download: bool | None = None
    include_report: bool | None = None
    include_visit_summary: bool | None = None


@dataclass(frozen=True)
class Share:
    """A share as its owner sees it."""

    id: str
    generation: int
    holder: str
    nickname: str
    exam_ids: tuple[str, ...]
    permissions: Permissions
    created_at: datetime
    expires_at: datetime
    locked_at: datetime | None
    ended_at: datetime | None
    end_reason: str | None
    opens: int
    last_opened_at: datetime | None

    def state(self, now: datetime) -> State:
        """Give its state at *now* (UTC); it expires by its date, whether or not a sweep has noticed."""
        return state_of(self.ended_at, self.end_reason, self.expires_at, self.locked_at, now)


def state_of(
    ended_at: datetime | None, end_reason: str | None, expires_at: datetime, locked_at: datetime | None, now: datetime
) -> State:
    """Give the state of a share from its facts."""
    if ended_at is not None and end_reason != "expired":
        return "ended"
    if now >= expires_at:
        return "expired"
    return "active" if locked_at is None else "locked"


def check_text(text: str, max_chars: int, refusal: Refusal) -> str:
    """Give *text* trimmed; raises *refusal* when it is empty, too long, or holds what nobody can see."""
    trimmed = unicodedata.normalize("NFC", text).strip()
    if not 1 <= len(trimmed) <= max_chars or any(_is_control(char) for char in trimmed):
        raise refusal
    return trimmed


def _is_control(char: str) -> bool:
    return unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} or char in _BIDI_CONTROLS


def check_nickname(nickname: str) -> str:
    """Give *nickname* trimmed. Raises NicknameRefused."""
    return check_text(nickname, NICKNAME_MAX_CHARS, NicknameRefused(field="nickname"))


def check_password(password: str) -> None:
    """Raise PasswordLengthRefused unless *password* has a length we take."""
    if not PASSWORD_MIN_CHARS <= len(password) <= PASSWORD_MAX_CHARS:
        raise PasswordLengthRefused(field="password")


def check_phi(acknowledged: bool) -> None:
    """Raise PhiNotAcknowledged unless the box was ticked."""
    if not acknowledged:
        raise PhiNotAcknowledged(field="phiAcknowledged")


def check_status(status: str) -> None:
    """Raise ExamNotBegun unless an exam of *status* is past Scheduled (O6)."""
    if status not in PAST_SCHEDULED:
        raise ExamNotBegun(field="examIds")


def end_of(asked: datetime | date, time_zones: Collection[str], latest: datetime | None, now: datetime) -> datetime:
    """Give the instant (UTC) at which a share ends: as *asked*, or at *latest* (the 18th birthday) if that is earlier.

    A day ends when it is over at the westernmost of *time_zones*. Raises ExpiryPast, ExpiryBeyondCalendar.
    """
    if asked.year > LAST_YEAR:
        raise ExpiryBeyondCalendar(field="expiresAt")
    if asked.year == date.min.year:  # where other time zones have no date
        raise ExpiryPast(field="expiresAt")
    ends_at = asked.astimezone(UTC) if isinstance(asked, datetime) else _end_of_day(asked, time_zones)
    ends_at = ends_at if latest is None else min(ends_at, latest)
    if ends_at <= now:
        raise ExpiryPast(field="expiresAt")
    return ends_at


def _end_of_day(day: date, time_zones: Collection[str]) -> datetime:
    midnight = datetime.combine(day + timedelta(days=1), time())
    return max(midnight.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) for zone in time_zones or ("UTC",))
