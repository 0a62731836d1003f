"""Accounts: User IDs, passwords, and which records an account holds after merges."""

import unicodedata
from collections.abc import Iterable, Mapping
from typing import ClassVar

from contracts.refusal import Refusal, RefusalKind

LEAST_PASSWORD = 15  # NIST 800-63B-4 (3.1.1.2): when the password stands alone
LEAST_BESIDE_FACTOR = 8  # the same: when a second factor is asked for besides
MOST_PASSWORD = 128
LONGEST_USER_ID = 64

_LOOK_LATIN = str.maketrans("авекмнорстухіјѕԁһӏԛԝ" + "αβεζηικμνορτυχ", "abekmhopctyxijsdhlqw" + "abezhikmvoptux")
"""Letters of the Cyrillic and the Greek alphabet that look like Latin ones, as small or as capital ones."""


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
    words = "A password has 15 to 128 characters; with a second factor set up, 8 or more will do."


def fold_user_id(user_id: str) -> str:
    """Give the one form of a User ID: those that differ only by case or Unicode form are the same (NFKC, case folded).

    So are those that differ by letters of other alphabets that look alike. Raises UserIdMalformed.
    """
    composed = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", user_id).casefold())
    folded = unicodedata.normalize("NFKC", composed.translate(_LOOK_LATIN)).strip()
    if not 1 <= len(folded) <= LONGEST_USER_ID or not folded.isprintable():
        raise UserIdMalformed(field="userId")
    return folded


def account_id_of(holder: str) -> str:
    """Give the id of the account whose holder is *holder* (``account:<id>``); for any other's empty, as none is."""
    kind, _, account_id = holder.partition(":")
    return account_id if kind == "account" else ""


def check_password(password: str, *, has_second_factor: bool = False, field: str = "password") -> None:
    """Raise PasswordRefused unless *password* is long enough, alone or beside a second factor.

    Any characters, no rules of composition. Whether it is one that everybody tries, ``domain.passwords`` says.
    """
    least = LEAST_BESIDE_FACTOR if has_second_factor else LEAST_PASSWORD
    if not least <= len(unicodedata.normalize("NFKC", password)) <= MOST_PASSWORD:
        raise PasswordRefused(field=field, facts={"least": least})


def may_stand_alone(password: str) -> bool:
    """Whether *password* is long enough without a second factor."""
    return len(unicodedata.normalize("NFKC", password)) >= LEAST_PASSWORD


def mask_user_id(user_id: str) -> str:
    """Give a User ID so that its owner knows it again and nobody else learns it: a mail may be read by others."""
    shown = 2 if len(user_id) >= 6 else 1 if len(user_id) >= 4 else 0
    return f"{user_id[: max(shown, 1)]}•••{user_id[len(user_id) - shown :]}"


def mask_email(email: str) -> str:
    """Give an address so that its owner knows it again and nobody else learns it: ``m•••l@example.com``."""
    name, _, host = email.rpartition("@")
    return f"{name[:1]}•••{name[-1:] if len(name) > 3 else ''}@{host}"


def mask_phone(phone: str) -> str:
    """Give a phone number so that its owner knows it again: its last two digits."""
    digits = [char for char in phone if char.isdigit()]
    return "•••" + "".join(digits[-2:])


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
