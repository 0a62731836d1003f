"""Keeping secrets as argon2id (argon2-cffi), with few at once: each takes 19 MiB and some 20 ms of a core."""

import threading
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

AT_ONCE = 4
"""More at once would be our own denial of service: memory, and the latency of all."""


class SecretHasher:
    """Makes and checks argon2id hashes with OWASP's least figures: m = 19 MiB, t = 2, p = 1."""

    def __init__(self) -> None:
        self._argon2 = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self._turn = threading.BoundedSemaphore(AT_ONCE)
        self._nobodys = self._argon2.hash("nobody's secret")

    def hash(self, secret: str) -> str:
        """Give the PHC string to keep."""
        with self._turn:
            return self._argon2.hash(_normal(secret))

    def is_right(self, kept: str | None, secret: str) -> bool:
        """Whether *kept* was made of *secret*; with None the same work is done, and the answer is no."""
        with self._turn:
            try:
                self._argon2.verify(kept or self._nobodys, _normal(secret))
            except (VerificationError, InvalidHashError):
                return False
        return kept is not None


def _normal(secret: str) -> str:
    """Give one form of what looks the same on every keyboard (NIST 800-63B: NFKC)."""
    return unicodedata.normalize("NFKC", secret)
