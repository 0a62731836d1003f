"""What HL7 fields say: times, names, identifiers, a patient, a visit. Reads segments; knows no message."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from contracts.exams import PatientIdentifier, PersonName, Sex
from services.exams.hl7_segments import Hl7Refused, Message, Segment

ZoneOf = Callable[[str | None], ZoneInfo]
"""Gives the time zone of a location by its code; of None, the zone for messages that name none. Raises KeyError."""

_TIME = re.compile(r"(\d{4})(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:\.(\d{1,6})\d*)?)?)?)?)?)?\s*([+-]\d{4})?")
_NOT_MRN = frozenset({"SS", "DL", "AN", "VN", "PPN", "NI", "MA", "MC"})  # table 0203: other numbers of a person
_SEXES: dict[str, Sex] = {"F": "F", "M": "M", "O": "O", "A": "O", "N": "O"}


@dataclass(frozen=True, slots=True)
class Patient:
    """A patient as a message tells. None and empty: the message does not say."""

    identifiers: tuple[PatientIdentifier, ...]
    name: PersonName | None
    birth_date: date | None
    sex: Sex
    postal_code: str | None
    phones: tuple[str, ...]
    emails: tuple[str, ...]
    language: str | None
    is_deceased: bool | None
    is_protected: bool | None


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit as a message tells. None and empty: the message does not say."""

    location_code: str | None
    visit_number: str | None
    starts_at: datetime | None
    referring_physician: str | None
    allergies: tuple[str, ...]
    reasons: tuple[str, ...]


def zone(message: Message, zone_of: ZoneOf) -> ZoneInfo:
    """Give the zone of the message's location. Raises Hl7Refused for a location that is not known."""
    pv1 = message.first("PV1")
    try:
        return zone_of(location_code(pv1) if pv1 else None)
    except KeyError as unknown:
        raise Hl7Refused("103", "PV1", 3) from unknown


def location_code(pv1: Segment) -> str | None:
    """Give PV1-3's point of care, else its facility."""
    return pv1.text(3, 1) or pv1.text(3, 4) or None


def instant(segment: Segment, position: int, local: ZoneInfo, *, is_exact: bool = False) -> datetime | None:
    """Give a time stamp in UTC, None when empty; without an offset it is *local* time.

    *is_exact* asks for minutes at least: midnight must not stand for a time that starts a clock. Raises Hl7Refused.
    """
    value = segment.text(position)
    if not value:
        return None
    match = _TIME.fullmatch(value)
    if not match or (is_exact and match[5] is None):
        segment.refuse("102", position)
        return None
    try:
        return _at(match, local).astimezone(UTC)
    except (ValueError, OverflowError):
        segment.refuse("102", position)
        return None


def _at(match: re.Match[str], local: ZoneInfo) -> datetime:
    year, month, day, hour, minute, second = (int(match[number] or default) for number, default in _DEFAULTS)
    micros = int((match[7] or "0").ljust(6, "0"))
    offset = match[8]
    where: ZoneInfo | timezone = local
    if offset:
        minutes = int(offset[1:3]) * 60 + int(offset[3:])
        where = timezone(timedelta(minutes=-minutes if offset[0] == "-" else minutes))
    return datetime(year, month, day, hour, minute, min(second, 59), micros, tzinfo=where)


_DEFAULTS = ((1, 0), (2, 1), (3, 1), (4, 0), (5, 0), (6, 0))


def required_instant(segment: Segment, position: int, local: ZoneInfo, *, is_exact: bool = False) -> datetime:
    """Give a time stamp as ``instant`` does. Raises Hl7Refused when it is missing too."""
    found = instant(segment, position, local, is_exact=is_exact)
    if found is None:
        raise Hl7Refused("101", segment.name, position, sequence=segment.sequence)
    return found


def identifiers(segment: Segment, position: int) -> tuple[PatientIdentifier, ...]:
    """Give the medical record numbers among a field's repetitions (CX). Raises Hl7Refused when there is none."""
    found = []
    for one in segment.repetitions(position):
        mrn = segment.part(one, 1)
        if mrn and segment.part(one, 5) not in _NOT_MRN:
            authority = segment.part(one, 4, 1) or segment.part(one, 4, 2)
            found.append(PatientIdentifier(authority=authority, mrn=mrn))
    if not found:
        segment.refuse("101", position)
    return tuple(found)


def patient(message: Message) -> Patient:
    """Give the patient of PID, PD1 and PV2. Raises Hl7Refused."""
    pid = message.required("PID")
    phones, emails = _reachable(pid, 13)
    return Patient(
        identifiers=identifiers(pid, 3),
        name=_name(pid),
        birth_date=_birth_date(pid),
        sex=_SEXES.get(pid.text(8).upper(), "U"),
        postal_code=_postal_code(pid),
        phones=phones,
        emails=emails,
        language=pid.text(15) or None,
        is_deceased=_yes_no(pid, 30),
        is_protected=_is_protected(message),
    )


def _name(pid: Segment) -> PersonName | None:
    names = pid.repetitions(5)
    if not names:
        return None
    legal = next((one for one in names if pid.part(one, 7) == "L"), names[0])
    return PersonName(family=pid.part(legal, 1), given=pid.part(legal, 2), middle=pid.part(legal, 3))


def _birth_date(pid: Segment) -> date | None:
    value = pid.text(7)
    if len(value) < 8:  # a year alone is no birth date
        return None
    try:
        return datetime.strptime(value[:8], "%Y%m%d").replace(tzinfo=UTC).date()
    except ValueError:
        pid.refuse("102", 7)
        return None


def _postal_code(pid: Segment) -> str | None:
    addresses = pid.repetitions(11)
    home = [one for one in addresses if pid.part(one, 7) == "H"]
    codes = [pid.part(one, 5) for one in (*home, *addresses)]
    return next((code for code in codes if code), None)


def _reachable(pid: Segment, position: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give telephone numbers and e-mail addresses of an XTN field."""
    phones: list[str] = []
    emails: list[str] = []
    for one in pid.repetitions(position):
        if "@" in pid.part(one, 4):
            emails.append(pid.part(one, 4))
            continue
        number = pid.part(one, 1) or pid.part(one, 12) or (pid.part(one, 6) + pid.part(one, 7))
        (emails if "@" in number else phones).append(number)
    return tuple(filter(None, phones)), tuple(filter(None, emails))


def _yes_no(segment: Segment | None, position: int) -> bool | None:
    if segment is None or position >= len(segment.fields) or not segment.fields[position]:
        return None
    return segment.text(position).upper() == "Y"


def _is_protected(message: Message) -> bool | None:
    said = [_yes_no(message.first("PD1"), 12), _yes_no(message.first("PV2"), 22)]
    return True if True in said else (False if False in said else None)


def visit(message: Message, local: ZoneInfo) -> Visit | None:
    """Give the visit of PV1, AL1 and DG1, None without PV1."""
    pv1 = message.first("PV1")
    if pv1 is None:
        return None
    return Visit(
        location_code=location_code(pv1),
        visit_number=pv1.text(19) or None,
        starts_at=instant(pv1, 44, local),
        referring_physician=person(pv1, 8),
        allergies=_texts(message.all("AL1"), 3),
        reasons=_texts(message.all("DG1"), 3, 4),
    )


def _texts(segments: list[Segment], *positions: int) -> tuple[str, ...]:
    """Give the words of coded fields: the text, else the code."""
    found = []
    for segment in segments:
        words = [segment.text(position, 2) or segment.text(position) for position in reversed(positions)]
        found.append(next((word for word in words if word), ""))
    return tuple(filter(None, found))


def person(segment: Segment, position: int) -> str | None:
    """Give a physician as "Given Family, Degree": of an XCN, or an NDL (which nests the name in subcomponents)."""
    if segment.separators.subcomponent in segment.raw(position).split(segment.separators.component)[0]:
        family, given, degree = (segment.text(position, 1, number) for number in (2, 3, 7))
    else:
        family, given, degree = segment.text(position, 2), segment.text(position, 3), segment.text(position, 7)
    name = " ".join(filter(None, (given, family))) or segment.text(position)
    return (f"{name}, {degree}" if degree and name else name) or None
