"""How wrong passwords count: ten in a link's life, with growing waits; unknown links count down alike."""

from datetime import timedelta
from typing import ClassVar

from contracts.refusal import Refusal, RefusalKind

WRONG_LIMIT = 10
FREE_TRIES = 3
"""After the third wrong password the next try waits."""
LONGEST_WAIT_S = 16


class ShareRefused(Refusal):
    """Raised when a password does not open a link: wrong, or the link is unknown, ended or locked, all alike."""

    slug = "share-refused"
    kind: ClassVar[RefusalKind] = "unauthenticated"
    words = "That password does not open this link."


class ShareClosed(Refusal):
    """Raised when the right password is given for a link that has ended or is locked."""

    slug = "share-closed"
    kind: ClassVar[RefusalKind] = "gone"
    words = "This link is closed. Ask whoever sent it for a new one."


class TryLater(Refusal):
    """Raised when a link must not be tried yet; nothing is counted."""

    slug = "try-later"
    kind: ClassVar[RefusalKind] = "too-many"
    words = "Wait a moment before the next try."


class SessionOver(Refusal):
    """Raised when a session cannot be refreshed: over, ended, or its token was used before."""

    slug = "session-over"
    kind: ClassVar[RefusalKind] = "unauthenticated"
    words = "Enter the password again."


def wait_after(wrong: int) -> timedelta:
    """How long the next try waits after *wrong* wrong passwords: 0, 0, 0 (S50: none yet), 1, 2, 4, 8, 16, 16 … s."""
    if wrong < FREE_TRIES:
        return timedelta()
    return timedelta(seconds=min(2 ** (wrong - FREE_TRIES), LONGEST_WAIT_S))


def remaining(wrong: int) -> int:
    """How many tries are left after *wrong* wrong passwords."""
    return max(0, WRONG_LIMIT - wrong)


def refused(wrong: int) -> ShareRefused:
    """Give the refusal of the *wrong*-th wrong password."""
    return ShareRefused(facts={"remainingAttempts": remaining(wrong)})
