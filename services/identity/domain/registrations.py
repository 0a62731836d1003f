"""Creating an account in four steps (S18-S22): their order, how long they stay open, how often somebody may answer."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Literal

from contracts.refusal import Refusal, RefusalKind

Step = Literal["questions", "credentials", "validation", "done"]
"""What a registration waits for."""

REGISTRATION_LIFETIME = timedelta(hours=24)
DAY = timedelta(hours=24)
MOST_TRIES_A_DAY = 3
MOST_TRIES = 10


class MinorNoAccount(Refusal):
    """Raised when whoever registers is under 18 today at the site (S62)."""

    slug = "minor-no-account"
    kind: ClassVar[RefusalKind] = "forbidden"
    words = (
        "Minors cannot create accounts in the Patient Portal. "
        "If records are needed, they must be accessed using the I-Code given at the time of the exam."
    )


class BirthDateInFuture(Refusal):
    """Raised when a date of birth is yet to come."""

    slug = "date-in-future"
    words = "This date is in the future."


class RegistrationOver(Refusal):
    """Raised when a registration is done, older than 24 hours, or never was."""

    slug = "registration-over"
    kind: ClassVar[RefusalKind] = "gone"
    words = "This registration is over. Start again."


class WrongStep(Refusal):
    """Raised when a step comes before its turn or again."""

    slug = "registration-step"
    kind: ClassVar[RefusalKind] = "conflict"
    words = "This is not the next step of this registration."


class AnswersIncomplete(Refusal):
    """Raised when a question has no answer, two, or one that was not offered (S19)."""

    slug = "answers-incomplete"
    words = "Answer all questions, each with one of its choices."


class IdentityNotVerified(Refusal):
    """Raised for wrong answers, and for every answer when there were too many tries or there is no such patient."""

    slug = "identity-not-verified"
    kind: ClassVar[RefusalKind] = "forbidden"
    words = (
        "We could not verify your identity with these answers. You have 3 tries a day. "
        "If you cannot go on, choose Get Help or ask the front desk of your imaging center."
    )


@dataclass(frozen=True)
class Answering:
    """How often the questions of one person were answered wrong."""

    in_all: int = 0
    in_day: int = 0
    day_began_at: datetime | None = None


def is_closed(answering: Answering, now: datetime) -> bool:
    """Whether answers are not looked at: three a day, ten in all."""
    return answering.in_all >= MOST_TRIES or _today(answering, now) >= MOST_TRIES_A_DAY


def count_wrong(answering: Answering, now: datetime) -> Answering:
    """Give *answering* with one more wrong try; a day is 24 hours from its first."""
    today = _today(answering, now)
    began_at = answering.day_began_at if today else now
    return Answering(answering.in_all + 1, today + 1, began_at)


def _today(answering: Answering, now: datetime) -> int:
    if answering.day_began_at is None or now >= answering.day_began_at + DAY:
        return 0
    return answering.in_day


def hash_registration_id(registration_id: str) -> str:
    """Give what is kept of a registration's id: whoever has the id is who registers, so only its hash is stored."""
    return hashlib.sha256(registration_id.encode()).hexdigest()


def check_step(step: Step, wanted: Step, began_at: datetime, now: datetime) -> None:
    """Raise RegistrationOver, WrongStep unless a registration at *step* takes what *wanted* names."""
    if step == "done" or now >= began_at + REGISTRATION_LIFETIME:
        raise RegistrationOver
    if step != wanted:
        raise WrongStep
