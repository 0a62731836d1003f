"""I-Codes: what is printed on a Portal Pass and opens the exams of one visit (Patient guide 02 and 07)."""

import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Literal

from contracts.refusal import Refusal, RefusalKind

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: without I, L, O and U."""
LOCATOR_LENGTH = 5
SECRET_LENGTH = 8
ICODE_LIFETIME = timedelta(days=90)  # Patient guide 07: "I-Codes expire after 90 days"

_LOOK_ALIKES = str.maketrans({"O": "0", "I": "1", "L": "1"})
_SEPARATORS = re.compile(r"[\s\-‐‑‒–—−_.]+")

ICodeState = Literal["active", "expired", "ended"]


class ICodeUnknown(Refusal):
    """Raised when no I-Code that opens anything is so; the same for unknown, wrong, reprinted and lost ones."""

    slug = "icode-unknown"
    kind: ClassVar[RefusalKind] = "unauthenticated"
    words = "This I-Code does not open anything. Check it against your Portal Pass."


class ICodeExpired(Refusal):
    """Raised when the right secret of an I-Code was given 90 days after its issue, or later (S69)."""

    slug = "icode-expired"
    kind: ClassVar[RefusalKind] = "gone"
    words = "This I-Code has expired. Get Help can make it work for another 90 days."


class DateOfBirthNeeded(Refusal):
    """Raised when this portal asks for the date of birth beside the I-Code, and none came."""

    slug = "date-of-birth-needed"
    kind: ClassVar[RefusalKind] = "invalid"
    words = "Enter the patient's date of birth too."


class ExamsNotOfVisit(Refusal):
    """Raised when an I-Code is asked for exams that are not all of the visit's, or for none."""

    slug = "exams-not-of-visit"
    kind: ClassVar[RefusalKind] = "invalid"
    words = "Choose exams of this visit."


@dataclass(frozen=True)
class ICode:
    """A code as a person enters it: *locator* finds it, *secret* proves it."""

    locator: str
    secret: str

    def shown(self) -> str:
        """Give it as it is printed: ``XXXXX-XXXX-XXXX``."""
        half = SECRET_LENGTH // 2
        return f"{self.locator}-{self.secret[:half]}-{self.secret[half:]}"

    def __repr__(self) -> str:
        return "ICode(…)"


def new_icode() -> ICode:
    """Give a code that nobody can guess: 25 bits to find it, 40 bits to prove it."""
    symbols = [secrets.choice(ALPHABET) for _ in range(LOCATOR_LENGTH + SECRET_LENGTH)]
    return ICode("".join(symbols[:LOCATOR_LENGTH]), "".join(symbols[LOCATOR_LENGTH:]))


def fold_symbols(text: str) -> str:
    """Give symbols that a person typed or pasted in one form: upper case, no dashes, look-alikes folded."""
    return _SEPARATORS.sub("", text[:100]).upper().translate(_LOOK_ALIKES)


def parse_icode(text: str) -> ICode | None:
    """Read what a person typed or pasted: any case, dashes and spaces anywhere, look-alikes folded; None: no code."""
    folded = fold_symbols(text)
    if len(folded) != LOCATOR_LENGTH + SECRET_LENGTH or not set(folded) <= set(ALPHABET):
        return None
    return ICode(folded[:LOCATOR_LENGTH], folded[LOCATOR_LENGTH:])


def state_of(expires_at: datetime, ended_at: datetime | None, now: datetime) -> ICodeState:
    """Give what a code is at *now* (UTC)."""
    if ended_at is not None:
        return "ended"
    return "expired" if now >= expires_at else "active"


def check_opens(expires_at: datetime, ended_at: datetime | None, now: datetime) -> None:
    """Raise unless a code whose right secret was given opens its exams at *now*.

    Raises ICodeUnknown for one that was ended, ICodeExpired with the way to Get Help for one past its 90 days.
    """
    state = state_of(expires_at, ended_at, now)
    if state == "ended":
        raise ICodeUnknown
    if state == "expired":
        raise ICodeExpired(facts={"getHelp": "/get-help"})


def covered_exams(asked: Collection[str] | None, of_visit: Collection[str]) -> list[str] | None:
    """Give the exams that a new code opens, sorted; None: the whole visit, later exams too (S65).

    All exams of the visit by name are the whole visit. Raises ExamsNotOfVisit.
    """
    if asked is None:
        return None
    chosen = set(asked)
    if not chosen or not chosen <= set(of_visit):
        raise ExamsNotOfVisit(field="examIds")
    return None if chosen == set(of_visit) else sorted(chosen)
