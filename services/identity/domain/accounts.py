"""Accounts: User IDs, passwords, and which records an account holds after merges."""

import unicodedata
from collections.abc import Iterable, Mapping
from typing import ClassVar

from contracts.refusal import Refusal, RefusalKind

LEAST_PASSWORD = 15  # NIST 800-63B-4: when the password stands alone
MOST_PASSWORD = 128
LONGEST_USER_ID = 64


class UserIdTaken(Refusal):
    """Raised when a User ID is somebody's already; never says whose."""

    slug = "user-id-taken"
    kind: ClassVar[RefusalKind] = "conflict"
    words = "This User ID is taken. Choose another."


class UserIdMalformed(Refusal):
    """Raised when a User ID is empty, too long, or holds what cannot be seen."""

    slug = "user-id-malformed"
    words = "A User ID has 1 to 64 visible characters."


class PasswordRefused(Refusal):
    """Raised when a password is too short or too long."""

    slug = "password-refused"
    words = "A password has 15 to 128 characters."


def fold_user_id(user_id: str) -> str:
    """Give the one form of a User ID: those that differ only by case or Unicode form are the same (NFKC, case folded).

    Raises UserIdMalformed.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", user_id).casefold()).strip()
    if not 1 <= len(folded) <= LONGEST_USER_ID or not folded.isprintable():
        raise UserIdMalformed(field="userId")
    return folded


def check_password(password: str) -> None:
    """Raise PasswordRefused unless *password* may stand alone; any characters, no rules of composition."""
    if not LEAST_PASSWORD <= len(unicodedata.normalize("NFKC", password)) <= MOST_PASSWORD:
        raise PasswordRefused(field="password")


def joined_records(proven: Iterable[str], merged_into: Mapping[str, str]) -> set[tuple[str, str]]:
    """Give ``(patient, from)`` for each record that comes to an account through merges of those it has *proven*.

    *merged_into* maps a patient to the one that its record was merged into; a circle ends where it began.
    """
    joined: set[tuple[str, str]] = set()
    for start in proven:
        seen, here = {start}, start
        while (into := merged_into.get(here)) is not None and into not in seen:
            joined.add((into, here))
            seen.add(into)
            here = into
    return joined
