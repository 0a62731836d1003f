"""When a minor comes of age: the 18th birthday, at the site's local date (rules: Accounts)."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

ADULT_YEARS = 18


def adult_on(birth_date: date) -> date:
    """Give the 18th birthday; born on 29 February: 1 March."""
    year = birth_date.year + ADULT_YEARS
    try:
        return birth_date.replace(year=year)
    except ValueError:
        return date(year, 3, 1)


def of_age_at(birth_date: date, time_zone: str) -> datetime:
    """Give the UTC instant at which the 18th birthday begins in *time_zone* (IANA)."""
    return datetime.combine(adult_on(birth_date), time(), ZoneInfo(time_zone)).astimezone(UTC)


def adult_at(birth_date: date | None, time_zone: str, now: datetime) -> datetime | None:
    """Give the UTC instant at which a minor's 18th birthday begins in *time_zone* (IANA); None for adults.

    None as well where the birth date is not known.
    """
    if birth_date is None:
        return None
    begins_at = of_age_at(birth_date, time_zone)
    return begins_at if now < begins_at else None
