"""Wrong tries at a secret: how many are free, how long the next waits, when a day's are used up.

A try is counted before it is looked at and taken off again when it was right, so that parallel tries cannot slip
through together.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import ClassVar

from contracts.refusal import Refusal, RefusalKind

DAY = timedelta(hours=24)


class TooManyTries(Refusal):
    """Raised when a secret may not be tried now; the same whether or not there is such a secret."""

    slug = "too-many-tries"
    kind: ClassVar[RefusalKind] = "too-many"
    words = "There were too many tries. Wait before the next."


@dataclass(frozen=True)
class TryLimits:
    """What is allowed of one secret."""

    free: int
    """Wrong tries in a row before the next must wait."""
    longest_wait: timedelta
    per_day: int | None = None
    """Wrong tries in 24 hours from the first, in a row or not."""
    in_row: int | None = None
    """Wrong tries in a row after which the secret is closed until something else opens it."""


ICODE_LIMITS = TryLimits(free=3, longest_wait=timedelta(hours=1), per_day=10)
PASSWORD_LIMITS = TryLimits(free=5, longest_wait=timedelta(hours=1), in_row=20)


@dataclass(frozen=True)
class Tries:
    """The wrong tries at one secret so far; those under way count as wrong."""

    in_row: int = 0
    in_day: int = 0
    day_began_at: datetime | None = None
    wait_until: datetime | None = None
    """Before this instant no try is looked at."""


def count_try(tries: Tries, limits: TryLimits, now: datetime) -> Tries:
    """Give *tries* with one more that is presumed wrong. Raises TooManyTries, counting nothing."""
    in_day, day_began_at = tries.in_day, tries.day_began_at
    if day_began_at is None or now >= day_began_at + DAY:
        in_day, day_began_at = 0, now
    _check_may_try(replace(tries, in_day=in_day, day_began_at=day_began_at), limits, now)
    in_row = tries.in_row + 1
    return Tries(in_row, in_day + 1, day_began_at, _wait_until(in_row, limits, now))


def is_locked(tries: Tries, limits: TryLimits, now: datetime) -> bool:
    """Whether a try would not be looked at now."""
    try:
        count_try(tries, limits, now)
    except TooManyTries:
        return True
    return False


def _check_may_try(tries: Tries, limits: TryLimits, now: datetime) -> None:
    if limits.in_row is not None and tries.in_row >= limits.in_row:
        raise TooManyTries(retry_after_s=int(DAY.total_seconds()))
    if limits.per_day is not None and tries.in_day >= limits.per_day and tries.day_began_at is not None:
        raise _again_at(tries.day_began_at + DAY, now)
    if tries.wait_until is not None and now < tries.wait_until:
        raise _again_at(tries.wait_until, now)


def _again_at(instant: datetime, now: datetime) -> TooManyTries:
    return TooManyTries(retry_after_s=max(1, -int((now - instant).total_seconds() // 1)))


def _wait_until(in_row: int, limits: TryLimits, now: datetime) -> datetime | None:
    if in_row < limits.free:
        return None
    doubled = min(in_row - limits.free, 20)  # 2**20 s is beyond any longest wait
    return now + min(timedelta(seconds=2**doubled), limits.longest_wait)


def forgive_right_try(tries: Tries) -> Tries:
    """Give *tries* after one that was counted proved right: the row ends, the day's count loses that one alone."""
    return replace(tries, in_row=0, in_day=max(0, tries.in_day - 1), wait_until=None)
