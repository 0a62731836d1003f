r"""Take an HL7 v2 message apart: bytes to segments, fields, repetitions, components (ER7, HL7 v2.5.1 §2.7).

Own code, since the `hl7` package logs the text of a field whose escape it does not know, turns ``\.br\`` into the
segment separator, and splits base64 that a sender has broken into lines. It must not know what a message means.
"""

import re
from dataclasses import dataclass
from typing import ClassVar

from contracts.refusal import Refusal

_MLLP = "\x0b\x1c"
_CHARSETS = {
    "": "utf-8",
    "ASCII": "utf-8",
    "UNICODE": "utf-8",
    "UNICODE UTF-8": "utf-8",
    "UTF-8": "utf-8",
    "UNICODE UTF-16": "utf-16",
    "ISO IR6": "utf-8",
    "ISO IR14": "shift_jis",
    "ISO IR87": "iso2022_jp",
    "GB 18030-2000": "gb18030",
    "KS X 1001": "euc_kr",
    "BIG-5": "big5",
} | {f"8859/{part}": f"iso8859-{part}" for part in (*range(1, 12), 13, 14, 15)}  # HL7 table 0211
_SEGMENT = re.compile(r"[A-Z][A-Z0-9]{2}(?=\||$)")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]+")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]+")
_CONDITIONS = {
    "100": "Segment sequence error",
    "101": "Required field missing",
    "102": "Data type error",
    "103": "Table value not found",
    "200": "Unsupported message type",
    "201": "Unsupported event code",
    "204": "Unknown key identifier",
    "207": "Application internal error",
}  # HL7 table 0357


class NoMessage(Refusal):
    """There is no HL7 message: no MSH segment at the start."""

    slug: ClassVar[str] = "hl7-no-message"
    kind = "malformed"


class Hl7Refused(Refusal):
    """A message that is not taken; answered by an ACK that names segment and field, and no value."""

    slug: ClassVar[str] = "hl7-refused"

    def __init__(self, code: str, segment: str, position: int | None = None, *, sequence: int = 1) -> None:
        super().__init__()
        self.code = code
        """HL7 table 0357."""
        self.segment = segment
        self.position = position
        """Number of the field in the segment; None for the segment itself."""
        self.sequence = sequence
        """Which segment of that name, from 1."""

    @property
    def condition(self) -> str:
        """What table 0357 calls the code."""
        return _CONDITIONS[self.code]

    @property
    def is_reject(self) -> bool:
        """AR: nobody need send it again as it is; else AE."""
        return self.code.startswith("20") and self.code < "204"


@dataclass(frozen=True, slots=True)
class Separators:
    """MSH-1 and MSH-2."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment; fields are numbered as HL7 does, from 1."""

    name: str
    sequence: int
    fields: tuple[str, ...]
    separators: Separators

    def raw(self, position: int) -> str:
        """Give a whole field as it came; empty when missing or HL7's null (two quotes)."""
        value = self.fields[position] if position < len(self.fields) else ""
        return "" if value == '""' else value

    def repetitions(self, position: int) -> list[str]:
        """Give the non-empty repetitions of a field as they came."""
        return [one for one in self.raw(position).split(self.separators.repetition) if one and one != '""']

    def part(self, value: str, component: int, subcomponent: int = 1) -> str:
        """Give one part of a repetition, unescaped and stripped; empty when missing."""
        found = _nth(_nth(value, self.separators.component, component), self.separators.subcomponent, subcomponent)
        return "" if found == '""' else _CONTROLS.sub(" ", unescape(found, self.separators)).strip()

    def text(self, position: int, component: int = 1, subcomponent: int = 1) -> str:
        """Give one part of the first repetition of a field, unescaped; empty when missing."""
        return self.part(_nth(self.raw(position), self.separators.repetition, 1), component, subcomponent)

    def whole(self, value: str) -> str:
        """Give a repetition of a text field, unescaped: what looks like a component in it is the writer's own."""
        return "" if value == '""' else _UNPRINTABLE.sub("", unescape(value, self.separators)).rstrip()

    def required(self, position: int, component: int = 1) -> str:
        """Give a part as ``text`` does. Raises Hl7Refused when empty."""
        return self.text(position, component) or self.refuse("101", position)

    def refuse(self, code: str, position: int) -> str:
        """Raise Hl7Refused for a field of this segment."""
        raise Hl7Refused(code, self.name, position, sequence=self.sequence)


@dataclass(frozen=True, slots=True)
class Message:
    """The segments of one message, in order; the first is MSH."""

    segments: tuple[Segment, ...]

    def first(self, name: str) -> Segment | None:
        """Give the first segment of that name."""
        return next((segment for segment in self.segments if segment.name == name), None)

    def required(self, name: str) -> Segment:
        """Give the first segment of that name. Raises Hl7Refused when there is none."""
        found = self.first(name)
        if found is None:
            raise Hl7Refused("100", name)
        return found

    def all(self, name: str) -> list[Segment]:
        """Give every segment of that name."""
        return [segment for segment in self.segments if segment.name == name]

    def groups(self, name: str) -> list["Message"]:
        """Give a message for each segment of that name: it and what follows, up to the next."""
        starts = [index for index, segment in enumerate(self.segments) if segment.name == name]
        ends = [*starts[1:], len(self.segments)] if starts else []
        return [Message(self.segments[start:end]) for start, end in zip(starts, ends, strict=True)]


def read_message(message: bytes | str) -> Message:
    """Give the segments of *message*: ended by CR, LF or CRLF, in an MLLP frame or without, in MSH-18's character set.

    Raises NoMessage, and Hl7Refused for an unknown character set.
    """
    text = message if isinstance(message, str) else _decode(message)
    text = text.lstrip("\ufeff" + _MLLP + " \r\n").rstrip(_MLLP + "\r\n")
    if not text.startswith("MSH") or len(text) < 8:
        raise NoMessage
    separators = _separators(text)
    counts: dict[str, int] = {}
    segments = []
    for line in _lines(text, separators):
        name = line[:3]
        counts[name] = counts.get(name, 0) + 1
        fields = line.split(separators.field)
        if name == "MSH":
            fields.insert(1, separators.field)  # MSH-1 is the separator itself
        segments.append(Segment(name, counts[name], tuple(fields), separators))
    return Message(tuple(segments))


def _separators(text: str) -> Separators:
    said, usual = text[4:].split(text[3], maxsplit=1)[0][:4], r"^~\&"
    return Separators(text[3], *(said + usual[len(said) :]))


def _decode(message: bytes) -> str:
    if message[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return message.decode("utf-16", "replace")
    start = message.find(b"MSH")
    first = re.split(rb"[\r\n]", message[max(start, 0) :], maxsplit=1)[0].decode("latin-1")
    if not first.startswith("MSH") or len(first) < 8:
        raise NoMessage
    fields = first.split(first[3])
    name = re.split(r"[~^]", fields[17])[0].strip().upper() if len(fields) > 17 else ""
    if name not in _CHARSETS:
        raise Hl7Refused("103", "MSH", 18)
    try:
        return message.decode(_CHARSETS[name])
    except UnicodeDecodeError as fault:
        if name:
            raise Hl7Refused("102", "MSH", 18) from fault
        return message.decode("latin-1")


def _lines(text: str, separators: Separators) -> list[str]:
    """Give one line a segment: a line that begins like none goes on with the one before it."""
    lines: list[list[str]] = []
    starts = (
        _SEGMENT if separators.field == "|" else re.compile(rf"[A-Z][A-Z0-9]{{2}}(?={re.escape(separators.field)})")
    )
    for line in re.split(r"\r\n|\r|\n", text):
        if starts.match(line):
            lines.append([line])
        elif lines:
            is_data = lines[-1][0].startswith("OBX") and _nth(lines[-1][0], separators.field, 3) == "ED"
            lines[-1] += [line.strip()] if is_data else [separators.escape, ".br", separators.escape, line]
    return ["".join(parts) for parts in lines]


def _nth(value: str, separator: str, number: int) -> str:
    parts = value.split(separator, number)
    return parts[number - 1] if number <= len(parts) else ""


def unescape(value: str, separators: Separators) -> str:
    """Give *value* with its escape sequences replaced (HL7 v2.5.1 §2.7); highlighting and unknown ones vanish."""
    if separators.escape not in value:
        return value
    pieces = value.split(separators.escape)
    found = [pieces[0]]
    at = 1
    while at < len(pieces):
        if at + 1 == len(pieces):  # an escape character that nobody closed
            found.append(separators.escape + pieces[at])
            break
        found += [_escaped(pieces[at], separators), pieces[at + 1]]
        at += 2
    return "".join(found)


def _escaped(code: str, separators: Separators) -> str:
    simple = {
        "F": separators.field,
        "S": separators.component,
        "R": separators.repetition,
        "E": separators.escape,
        "T": separators.subcomponent,
        ".br": "\n",
        ".ce": "\n",
    }
    if code in simple:
        return simple[code]
    if code.startswith(".sp"):
        return "\n" * min(int(code[3:]) if code[3:].isdigit() else 1, 10)
    if re.fullmatch(r"X(?:[0-9A-Fa-f]{2})+", code):
        return bytes.fromhex(code[1:]).decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    return ""
