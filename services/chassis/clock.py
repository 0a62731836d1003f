"""The one place that asks what time it is, so that 24 hours, 4 days and 90 days can be seen to pass."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def parse_offset(text: str) -> timedelta:
    """Give the duration of ``25h`` or ``90d`` (units s m h d). Raises ValueError."""
    match = re.fullmatch(r"(-?\d+)([smhd])", text.strip())
    if match is None:
        raise ValueError("an offset is a whole number and a unit: s, m, h or d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


@dataclass(frozen=True)
class Clock:
    """The time in UTC, shifted by *offset* (zero outside the local launcher and tests)."""

    offset: timedelta = timedelta()

    def now(self) -> datetime:
        """Give this instant, UTC."""
        return datetime.now(UTC) + self.offset
