"""Forgotten passwords: how often the codes of one account's resets may be tried, over all of them."""

from datetime import datetime, timedelta
from typing import Final

from services.identity.domain.tries import TryLimits
from services.identity.domain.validation_codes import CODE_LIFETIME

RESET_LIMITS: Final = TryLimits(free=10, longest_wait=timedelta(hours=1), per_day=10, in_row=100)
"""Each code has five tries, but anybody can have codes mailed; NIST 800-63B-4 (3.2.2) allows 100 wrong in a row."""


def is_over(made_at: datetime, now: datetime) -> bool:
    """Whether a reset that began at *made_at* can be finished no more at *now* (UTC)."""
    return now >= made_at + CODE_LIFETIME
