"""Step 1 of a registration, "Tell us about yourself": what its form says, and what is wrong with it (S18)."""

from datetime import date

from babel.dates import get_month_names
from flask import request
from flask_babel import get_locale
from flask_babel import gettext as _

from gateway.portal.calls import Refused

TYPED = ("firstName", "lastName", "month", "day", "year", "sex", "zip", "phone", "locationId")
INVITATION = "invitationCode"
BORN = ("month", "day", "year")
YEAR_DIGITS = 4


def read_form() -> dict[str, str]:
    """Give what was typed."""
    return {name: request.form.get(name, "").strip() for name in (*TYPED, INVITATION)}


def months() -> list[tuple[str, str]]:
    """Give the months by number, as the request's language names them."""
    names = get_month_names("wide", locale=get_locale() or "en")
    return [(str(number), names[number]) for number in range(1, 13)]


def sexes() -> list[tuple[str, str]]:
    """Give the sexes that a record may say, by the RIS's letter."""
    return [("F", _("Female")), ("M", _("Male")), ("O", _("Other"))]


def find_mistakes(given: dict[str, str]) -> dict[str, str]:
    """Give what is missing or cannot be so, in words, by field; one mistake for the date of birth."""
    missing = {name: text for name, text in words_of_mistakes().items() if name in TYPED and not given[name]}
    if not any(given[name] for name in BORN):
        for name in ("day", "year"):
            del missing[name]
        missing["month"] = _("Enter your date of birth.")
    elif not set(BORN) & missing.keys():
        missing |= _mistake_in_date(given)
    return {name: missing[name] for name in (*TYPED, INVITATION) if name in missing}


def _mistake_in_date(given: dict[str, str]) -> dict[str, str]:
    if len(given["year"]) != YEAR_DIGITS or not given["year"].isdecimal():
        return {"year": _("Enter the year you were born, with 4 numbers.")}
    return {} if _birth_date(given) else {"day": _("This day is not in the calendar. Check your date of birth.")}


def _birth_date(given: dict[str, str]) -> date | None:
    try:
        return date(int(given["year"]), int(given["month"]), int(given["day"]))
    except ValueError:
        return None


def ask_of(given: dict[str, str]) -> dict[str, str]:
    """Give identity's call for a form without mistakes."""
    born = _birth_date(given)
    plain = {name: value for name, value in given.items() if name not in BORN and value}
    return plain | {"dateOfBirth": born.isoformat() if born else ""}


def mistakes_told_by(refused: Refused) -> dict[str, str]:
    """Give identity's 422 by field, in our words."""
    told = {str(one.get("field")) for one in refused.facts.get("errors", [])}
    words = words_of_mistakes() | {"month": _("Enter your date of birth.")}
    named = {"month" if name == "dateOfBirth" else name for name in told}
    return {name: text for name, text in words.items() if name in named} or {"firstName": words["firstName"]}


def words_of_mistakes() -> dict[str, str]:
    """Give what is said of each field that is missing or not as it should be."""
    return {
        "firstName": _("Enter your first name"),
        "lastName": _("Enter your last name"),
        "month": _("Choose the month you were born."),
        "day": _("Enter the day you were born."),
        "year": _("Enter the year you were born, with 4 numbers."),
        "sex": _("Choose your sex as it is on record."),
        "zip": _("Enter your ZIP code, 5 numbers."),
        "phone": _("Enter your phone number, with the area code."),
        "locationId": _("Choose the location of your visit."),
        "invitationCode": _("That invitation code is not right, or too old."),
    }
