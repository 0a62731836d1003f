"""Whether what somebody types about themselves is what the RIS has on record (S18).

What must agree, all of it, after both sides were normalised:

- the family name: case, accents, blanks, hyphens, apostrophes and suffixes (Jr., III) make no difference;
- the given names: likewise, word by word; fewer of them may be typed than the record has (given, middle), or more;
- the date of birth; the sex;
- the zip code's first 5 digits; the phone's last 10, with any of the numbers on record.

Similar is never the same: one letter, one digit is enough to differ.

Whose questions are asked hangs on less: not on the phone, nor on what follows the first given name (``is_alike``). So
whoever tries one phone after another is asked the same as before, for a person on record as for one who is not.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

Sex = Literal["F", "M", "O", "U"]
ZIP_DIGITS = 5
PHONE_DIGITS = 10
_SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv"})
_UNDECOMPOSED = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})


@dataclass(frozen=True)
class Demographics:
    """What somebody says of themselves."""

    first_name: str = field(repr=False)
    last_name: str = field(repr=False)
    birth_date: date = field(repr=False)
    sex: Sex = field(repr=False)
    zip_code: str = field(repr=False)
    phone: str = field(repr=False)


@dataclass(frozen=True)
class RecordedPerson:
    """What the RIS has of a patient who may have an account."""

    patient_id: str
    given_names: str = field(repr=False)
    """Given and middle names."""
    family_name: str = field(repr=False)
    birth_date: date | None = field(repr=False)
    sex: str = field(repr=False)
    postal_code: str | None = field(repr=False)
    phones: tuple[str, ...] = field(repr=False)


def find_alike(typed: Demographics, recorded: Iterable[RecordedPerson]) -> list[RecordedPerson]:
    """Give those of *recorded* who may be the one who typed; nobody where they may be several people.

    Several are one person (of two RISes) when each one's given names begin the others', so that of twins who share
    a first given name neither is taken for the other.
    """
    found = [one for one in recorded if is_alike(typed, one)]
    names = [_words(one.given_names) for one in found]
    is_one_person = all(_is_beginning(one, other) for one in names for other in names)
    return found if is_one_person else []


def is_alike(typed: Demographics, record: RecordedPerson) -> bool:
    """Whether what ``typed_form`` says of *typed* is as recorded."""
    return (
        typed.birth_date == record.birth_date
        and typed.sex == record.sex
        and _family(typed.last_name) == _family(record.family_name) != ""
        and _words(typed.first_name)[:1] == _words(record.given_names)[:1] != []
        and _digits(typed.zip_code)[:ZIP_DIGITS] == _digits(record.postal_code or "")[:ZIP_DIGITS]
    )


def agrees(typed: Demographics, record: RecordedPerson) -> bool:
    """Whether everything typed is as recorded."""
    return (
        is_alike(typed, record)
        and _is_beginning(_words(typed.first_name), _words(record.given_names))
        and _digits(typed.phone)[-PHONE_DIGITS:] in {_digits(phone)[-PHONE_DIGITS:] for phone in record.phones}
    )


def is_one_person(one: RecordedPerson, other: RecordedPerson) -> bool:
    """Whether two records may be of one person who has a code of either: born on one day, the given names agreeing.

    Family name, address and phone may have changed between two systems; similar is not enough, so the code proves it.
    """
    is_of_one_day = one.birth_date is not None and one.birth_date == other.birth_date
    return is_of_one_day and _is_beginning(_words(one.given_names), _words(other.given_names))


def agrees_with_invited(typed: Demographics, record: RecordedPerson) -> bool:
    """Whether everything typed is as recorded of somebody who showed a photo ID.

    Whose numbers are all a guardian's has none of their own on record: then none is compared.
    """
    return agrees(typed, record if record.phones else replace(record, phones=(typed.phone,)))


def typed_form(typed: Demographics) -> str:
    """Give one text for every way to type what is like the same person."""
    parts = (
        _family(typed.last_name),
        *_words(typed.first_name)[:1],
        typed.birth_date.isoformat(),
        typed.sex,
        _digits(typed.zip_code)[:ZIP_DIGITS],
    )
    return "\n".join(parts)


def _is_beginning(one: list[str], other: list[str]) -> bool:
    """Whether the shorter list is how the longer begins; an empty one begins nothing."""
    shared = min(len(one), len(other))
    return shared > 0 and one[:shared] == other[:shared]


def _family(name: str) -> str:
    words = _words(name)
    return "".join(words)


def _words(name: str) -> list[str]:
    """Give the words of a name in plain lower-case letters, without suffixes at its end."""
    folded = unicodedata.normalize("NFKD", name).casefold().translate(_UNDECOMPOSED)
    folded = "".join(char for char in folded if not unicodedata.combining(char))
    words = [word for word in re.split(r"[\W_]+", re.sub(r"['’‘`´.]", "", folded)) if word]
    while len(words) > 1 and words[-1] in _SUFFIXES:
        words.pop()
    return words


def _digits(text: str) -> str:
    return "".join(char for char in text if char.isascii() and char.isdigit())
