"""Read what the RIS tells over HL7 v2: visits, merges, orders and reports (design/api.md, "What the RIS feed carries").

Pure: a message in, a frozen value out, or a refusal that names segment and field and never a value. What follows from
it is decided elsewhere.
"""

from base64 import b64decode
from datetime import datetime
from zoneinfo import ZoneInfo

from contracts.exams import ExamStatus, PatientIdentifier
from services.exams import hl7_fields
from services.exams.hl7_fields import Patient, Visit, ZoneOf
from services.exams.hl7_segments import Hl7Refused, Message, NoMessage, Segment, read_message
from services.exams.hl7_told import (
    FeedMessage,
    MergeMessage,
    Order,
    OrderMessage,
    Report,
    ReportMessage,
    ReportStatus,
    UnmergeMessage,
    VisitMessage,
)

__all__ = [
    "FeedMessage",
    "Hl7Refused",
    "MergeMessage",
    "NoMessage",
    "Order",
    "OrderMessage",
    "Patient",
    "Report",
    "ReportMessage",
    "UnmergeMessage",
    "Visit",
    "VisitMessage",
    "parse",
]

_STATUSES: dict[str, ExamStatus] = {
    "SC": "scheduled",
    "IP": "in-progress",
    "CM": "completed",
    "CA": "cancelled",
    "DC": "cancelled",
}  # table 0038
_REPORT_STATUSES: dict[str, ReportStatus] = {
    "F": "final",
    "C": "corrected",
    "X": "withdrawn",
    "P": "preliminary",
    "A": "preliminary",
    "R": "preliminary",
    "S": "preliminary",
    "I": "preliminary",
    "O": "preliminary",
}  # table 0123
_UNSIGNED_LINES = frozenset("PRSIO")  # table 0085: not verified by anybody yet
_TEXT_TYPES = frozenset({"TX", "FT"})


def parse(message: bytes | str, zone_of: ZoneOf) -> FeedMessage:
    """Give what *message* tells. *zone_of* gives the time zone of a location's code, for times without an offset.

    Raises NoMessage without MSH, Hl7Refused for what is missing, malformed or not carried here.
    """
    return read(read_message(message), zone_of)


def read(message: Message, zone_of: ZoneOf) -> FeedMessage:
    """As ``parse``, of a message that is already in segments."""
    msh = message.segments[0]
    kind, event = msh.text(9, 1), msh.text(9, 2)
    if kind == "ADT":
        return _adt(message, event, zone_of)
    if (kind, event) in {("ORM", "O01"), ("OMI", "O23")}:
        return _orders(message, zone_of)
    if (kind, event) == ("ORU", "R01"):
        return _reports(message, zone_of)
    raise Hl7Refused("201" if kind in {"ORM", "OMI", "ORU"} else "200", "MSH", 9)


def _told(message: Message, local: ZoneInfo) -> tuple[str, datetime, Patient]:
    msh = message.segments[0]
    return msh.required(10), hl7_fields.required_instant(msh, 7, local), hl7_fields.patient(message)


def _adt(message: Message, event: str, zone_of: ZoneOf) -> FeedMessage:
    local = hl7_fields.zone(message, zone_of)
    if event == "A04":
        pv1 = message.required("PV1")
        pv1.required(19)
        if hl7_fields.location_code(pv1) is None:
            pv1.refuse("101", 3)
        return VisitMessage(*_told(message, local), "A04", hl7_fields.visit(message, local))
    if event == "A08":
        visit = hl7_fields.visit(message, local)
        return VisitMessage(*_told(message, local), "A08", visit if visit and visit.visit_number else None)
    if event == "A40":
        return MergeMessage(*_told(message, local), _merged(message))
    if event == "A37":
        return UnmergeMessage(*_told(message, local), _unmerged(message))
    raise Hl7Refused("201", "MSH", 9)


def _merged(message: Message) -> tuple[PatientIdentifier, ...]:
    merges = message.all("MRG")
    if len(merges) > 1:
        raise Hl7Refused("100", "MRG", sequence=2)  # one merge a message, so that one answer tells of it
    return hl7_fields.identifiers(message.required("MRG"), 1)


def _unmerged(message: Message) -> tuple[PatientIdentifier, ...]:
    persons = message.all("PID")
    if len(persons) > 1:
        return hl7_fields.identifiers(persons[1], 3)
    return _merged(message)


def _orders(message: Message, zone_of: ZoneOf) -> OrderMessage:
    local = hl7_fields.zone(message, zone_of)
    told = _told(message, local)
    groups = message.groups("ORC")
    if not groups:
        raise Hl7Refused("100", "ORC")
    return OrderMessage(*told, hl7_fields.visit(message, local), tuple(_order(group, local) for group in groups))


def _order(group: Message, local: ZoneInfo) -> Order:
    orc, obr = group.required("ORC"), group.required("OBR")
    control = orc.required(1)
    if control not in {"NW", "XO", "CA", "SC"}:
        orc.refuse("103", 1)
    status = "cancelled" if control == "CA" else _STATUSES.get(orc.text(5))
    return Order(
        accession=_accession(group, obr),
        procedure_code=obr.text(4, 1),
        procedure_text=obr.text(4, 2) or obr.text(4, 1),
        starts_at=hl7_fields.instant(obr, 7, local),
        ordering_physician=hl7_fields.person(obr, 16),
        modality=obr.text(24) or _ipc(group, 5),
        reason=obr.text(31, 2) or obr.text(31, 1) or None,
        study_uid=_study_uid(group),
        control=control,  # type: ignore[arg-type]  # checked above
        status=status,
    )


def _accession(group: Message, obr: Segment) -> str:
    found = obr.text(3) or obr.text(18) or _ipc(group, 1)
    return found or obr.refuse("101", 3)


def _ipc(group: Message, position: int) -> str:
    """Give a field of Imaging Procedure Control, which OMI^O23 has."""
    ipc = group.first("IPC")
    return ipc.text(position) if ipc else ""


def _study_uid(group: Message) -> str | None:
    zds = group.first("ZDS")
    return (zds.text(1) if zds else "") or _ipc(group, 3) or None


def _reports(message: Message, zone_of: ZoneOf) -> ReportMessage:
    local = hl7_fields.zone(message, zone_of)
    told = _told(message, local)
    groups = message.groups("OBR")
    if not groups:
        raise Hl7Refused("100", "OBR")
    return ReportMessage(*told, hl7_fields.visit(message, local), tuple(_report(group, local) for group in groups))


def _report(group: Message, local: ZoneInfo) -> Report:
    obr, zrp = group.required("OBR"), group.first("ZRP")
    lines = group.all("OBX")
    status = _report_status(obr, lines)
    is_signed = status in {"final", "corrected"}
    when = hl7_fields.required_instant if is_signed else hl7_fields.instant
    return Report(
        accession=_accession(group, obr),
        study_uid=_study_uid(group),
        procedure_text=obr.text(4, 2) or obr.text(4, 1),
        status=status,
        status_at=when(obr, 22, local, is_exact=is_signed),
        referrer_sent_at=hl7_fields.instant(zrp, 1, local, is_exact=True) if zrp else None,
        interpreter=hl7_fields.person(obr, 32),
        text=_text(lines),
        pdf=_pdf(lines),
    )


def _report_status(obr: Segment, lines: list[Segment]) -> ReportStatus:
    """Give the status of OBR-25, as far as its lines (OBX-11) bear it out: when in doubt it is not signed."""
    code, line_codes = obr.text(25).upper(), {line.text(11).upper() for line in lines} - {""}
    if not code and not line_codes:
        obr.refuse("101", 25)
    if code and code not in _REPORT_STATUSES:
        obr.refuse("103", 25)
    if "W" in line_codes or line_codes == {"D"}:
        return "withdrawn"
    if line_codes == {"X"} and code != "X":
        return "cancelled"
    status = _REPORT_STATUSES[code] if code else "final"
    if status in {"final", "corrected"} and line_codes & _UNSIGNED_LINES:
        return "preliminary"
    return "corrected" if status == "final" and "C" in line_codes else status


def _text(lines: list[Segment]) -> str | None:
    """Join the text lines; a repetition is a line of its own. Deleted lines and those without a result are left out."""
    found: list[str] = []
    for line in lines:
        if line.text(2) in _TEXT_TYPES and line.text(11).upper() not in {"D", "X"}:
            pieces = line.raw(5).split(line.separators.repetition)
            found += [line.whole(piece) for piece in pieces]
    joined = "\n".join(found).strip()
    return joined or None


def _pdf(lines: list[Segment]) -> bytes | None:
    """Give the PDF that a line encapsulates (ED); a pointer elsewhere (RP) is never followed."""
    for line in lines:
        if line.text(2) == "ED" and line.text(5, 4).lower() == "base64":
            try:
                data = b64decode("".join(line.text(5, 5).split()), validate=True)
            except ValueError:  # binascii.Error, or letters that are not ASCII
                line.refuse("102", 5)
            if data.startswith(b"%PDF-"):
                return data
    return None
