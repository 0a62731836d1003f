"""Challenges at the door: how long one can be answered, and how often tried."""

from datetime import datetime, timedelta
from typing import ClassVar, Literal

from contracts.refusal import Refusal, RefusalKind
from services.identity.domain.tries import TryLimits

CHALLENGE_LIFETIME = timedelta(minutes=10)
CHALLENGE_TRIES = 5
SECOND_FACTOR_LIMITS = TryLimits(free=5, longest_wait=timedelta(hours=1), per_day=20, in_row=100)
"""Over all challenges of an account, since whoever knows its password can have as many as they like: NIST 800-63B-4
(3.2.2) allows 100 wrong tries in a row."""

Method = Literal["totp", "passkey", "recovery-code"]


class ChallengeOver(Refusal):
    """Raised for a challenge that is unknown, answered, older than 10 minutes, or was tried 5 times: all alike."""

    slug = "challenge-over"
    kind: ClassVar[RefusalKind] = "gone"
    words = "This took too long, or was tried too often. Log in again."


class SecondFactorWrong(Refusal):
    """Raised when a challenge is answered by what does not fit."""

    slug = "second-factor-wrong"
    kind: ClassVar[RefusalKind] = "unauthenticated"
    words = "This does not fit. Check it, or wait for a new code."


def check_may_answer(made_at: datetime, ended_at: datetime | None, tries: int, now: datetime) -> None:
    """Raise ChallengeOver unless a challenge with *tries* so far may be tried at *now* (UTC)."""
    if ended_at is not None or tries >= CHALLENGE_TRIES or now >= made_at + CHALLENGE_LIFETIME:
        raise ChallengeOver
