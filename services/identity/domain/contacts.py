"""Contacts of who came of age: those recorded before that day are a guardian's, until they are confirmed (S64, S68)."""

from collections.abc import Iterable, Mapping
from datetime import datetime

Since = Mapping[str, str]
"""When each contact (an address, a number) was recorded: ISO instants, UTC."""


def since_told(contacts: Iterable[str], told_at: datetime, known: Since) -> dict[str, str]:
    """Give since when *contacts*, told at *told_at*, are on record: what stood there before stands since then."""
    return {one: known.get(one, told_at.isoformat()) for one in contacts}


def since_told_late(contacts: Iterable[str], told_at: datetime, known: Since) -> dict[str, str]:
    """Give *known* after an older state was heard late: what stood in it too has been there at least since then."""
    return {**known, **{one: min(known[one], told_at.isoformat()) for one in contacts if one in known}}


def own_contacts(contacts: Iterable[str], since: Since, of_age_at: datetime | None) -> list[str]:
    """Give those of *contacts* that are the person's own: recorded when they were of age; all, of a birth unknown."""
    if of_age_at is None:
        return list(contacts)
    return [one for one in contacts if one in since and datetime.fromisoformat(since[one]) >= of_age_at]


def usable_contacts(contacts: Iterable[str], since: Since, of_age_at: datetime | None, now: datetime) -> list[str]:
    """Give whom to write to at *now*: whoever is on record of a minor, an adult's own contacts."""
    is_minor = of_age_at is not None and now < of_age_at
    return list(contacts) if is_minor else own_contacts(contacts, since, of_age_at)
