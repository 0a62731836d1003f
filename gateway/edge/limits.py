"""Rate limits per client address, in this process's memory, told by ``RateLimit`` headers.

They keep one address from drowning the portal; guesses at a code or password are counted by the issuers, per code.
"""

import math
from dataclasses import dataclass

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from gateway.edge.client_address import find_subscriber
from gateway.edge.routes import Limit

WINDOW_S = 60


@dataclass(frozen=True)
class Count:
    """Where one address stands in one limit."""

    name: Limit
    quota: int
    left: int
    resets_in_s: int
    is_over: bool

    def headers(self) -> dict[str, str]:
        """Give ``RateLimit-Policy`` and ``RateLimit`` (draft-ietf-httpapi-ratelimit-headers), seconds."""
        return {
            "RateLimit-Policy": f'"{self.name}";q={self.quota};w={WINDOW_S}',
            "RateLimit": f'"{self.name}";r={self.left};t={self.resets_in_s}',
        }


class Limits:
    """Counts requests per address; *reads* and *secrets* are quotas a minute."""

    def __init__(self, reads: int, secrets: int) -> None:
        self._storage = MemoryStorage()
        self._limiter = FixedWindowRateLimiter(self._storage)
        self._items: dict[Limit, RateLimitItemPerMinute] = {
            "read": RateLimitItemPerMinute(reads),
            "secret": RateLimitItemPerMinute(secrets),
        }

    def count(self, name: Limit, address: str, now_s: float) -> Count:
        """Count one request of *address* (*now_s*: seconds since the epoch, as ``time.time``)."""
        item, subscriber = self._items[name], find_subscriber(address)
        is_over = not self._limiter.hit(item, name, subscriber)
        window = self._limiter.get_window_stats(item, name, subscriber)
        resets_in_s = min(WINDOW_S, max(1, math.ceil(window.reset_time - now_s)))
        return Count(name, item.amount, max(0, window.remaining), resets_in_s, is_over)
