"""Keeping secrets as argon2id (argon2-cffi), with few at once: each takes 19 MiB and some 20 ms of a core."""

import threading
import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

AT_ONCE = 4
"""More at once would be our own denial of service: memory, and the latency of all."""
MEMORY_KIB = 19 * 1024
PASSES = 2
"""OWASP's least figures for argon2id, with one lane."""


class SecretHasher:
    """Makes and checks argon2id hashes; of less *memory_kib* and *passes* only in tests of other things."""

    def __init__(self, memory_kib: int = MEMORY_KIB, passes: int = PASSES) -> None:
        self._argon2 = PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=1)
        self._turn = threading.BoundedSemaphore(AT_ONCE)
        self._nobodys = _hash_nobodys(memory_kib, passes)

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


@cache
def _hash_nobodys(memory_kib: int, passes: int) -> str:
    """Give what the secret of nobody is compared with: one a process will do."""
    return PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=1).hash("nobody's secret")


def _normal(secret: str) -> str:
    """Give one form of what looks the same on every keyboard (NIST 800-63B: NFKC)."""
    return unicodedata.normalize("NFKC", secret)
