"""Walk the data elements of a DICOM object quickly, for the few values that intake and pictures need.

pydicom takes about 400 us an object for them, this about a twentieth. It knows explicit and implicit VR little endian
(PS3.5 §7) and gives up (``Odd``) on anything unusual: then the caller reads the object with pydicom. It must not
know what the values mean.
"""

import re
from dataclasses import dataclass, field
from struct import Struct
from struct import error as StructError  # noqa: N812
from typing import Any

MAX_DEPTH = 32  # real objects nest up to about 12 deep; deeper ones are made to break readers (pydicom #2330)
UNDEFINED = 0xFFFFFFFF
IMPLICIT_LE = "1.2.840.10008.1.2"
EXPLICIT_LE = "1.2.840.10008.1.2.1"
DEFLATED_LE = "1.2.840.10008.1.2.1.99"
EXPLICIT_BE = "1.2.840.10008.1.2.2"

_PIXELS = 0x7FE00008  # Float Pixel Data; Double Float is …09, Pixel Data …10
_AFTER_PIXELS = 0x7FE00010
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_EXPLICIT = Struct("<HH2sH").unpack_from
_IMPLICIT = Struct("<HHI").unpack_from
_UINT32 = Struct("<I").unpack_from
_LONG_VRS = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
_SHORT_VRS = frozenset(b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split())
_SHALLOW = 16 * MAX_DEPTH  # a level of nesting takes 16 bytes or more, so a shorter sequence cannot be too deep
_ITEM_START = b"\xfe\xff\x00\xe0"
_REFERENCE = {0x00081150: "UI", 0x00081155: "UI", 0x00081160: "IS"}
_UID = re.compile(rb"[0-9.]*")


class Odd(Exception):
    """Not the plain structure that this walker knows; pydicom may still read it."""


class Short(Exception):
    """The bytes end before the elements that were asked for do."""


class TooDeep(Exception):
    """Sequences nest deeper than ``MAX_DEPTH``."""


@dataclass(frozen=True, slots=True)
class Meta:
    """The File Meta Information (PS3.10 §7.1) as the object has it, and where its data set starts."""

    values: dict[int, bytes]
    dataset_offset: int
    transfer_syntax_uid: str
    """As the object says, else as its first element looks."""
    is_part10: bool
    """It has a preamble and a meta group with a transfer syntax."""


@dataclass(slots=True)
class Elements:
    """The raw values that were asked for, of the top level alone."""

    values: dict[int, bytes] = field(default_factory=dict)
    sequences: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    """Items in the DICOM JSON model."""
    has_pixels: bool = False
    pixels_at: int = 0
    """Where the pixel data element begins."""
    byte_order: str = "<"


def read_meta(head: bytes) -> Meta:
    """Give the meta group of an object whose first bytes are *head*. Raises Odd when it does not look like DICOM."""
    start = 132 if head[128:132] == b"DICM" else 0
    values: dict[int, bytes] = {}
    at = start
    while head[at : at + 2] == b"\x02\x00":
        group, element, _, value_at, length = _explicit_element(head, at)
        at = value_at + length
        if at > len(head):
            raise Short
        values[group << 16 | element] = head[value_at:at]
    syntax = values.get(0x00020010, b"").rstrip(b" \x00")
    if not _UID.fullmatch(syntax):
        raise Odd
    guessed = syntax.decode() or _guess_syntax(head, at, is_marked=start > 0 or bool(values))
    return Meta(values, at, guessed, start > 0 and bool(syntax))


def _guess_syntax(head: bytes, at: int, *, is_marked: bool) -> str:
    """Tell the transfer syntax by the first element; an unmarked object must begin with group 8 (a DICOMDIR: 4)."""
    first = head[at : at + 8]
    if len(first) < 8:
        raise Odd
    is_explicit = first[4:6] in _LONG_VRS or first[4:6] in _SHORT_VRS
    if first[:2] in {b"\x08\x00", b"\x04\x00"} or (is_marked and first[0] and not first[1]):
        return EXPLICIT_LE if is_explicit else IMPLICIT_LE
    if first[:2] == b"\x00\x08" and is_explicit:
        return EXPLICIT_BE
    raise Odd


def walk(data: bytes, start: int, wanted: frozenset[int], *, is_explicit: bool) -> Elements:
    """Give the *wanted* top-level elements of the data set at *start*, up to the pixel data.

    Raises Odd, TooDeep, and Short when *data* ends inside an element.
    """
    found = Elements()
    run = _explicit_run if is_explicit else _implicit_run
    try:
        at, tag = run(data, start, wanted, found)
    except StructError as fault:
        raise Short from fault
    if tag >= _PIXELS:
        found.has_pixels, found.pixels_at = tag <= _AFTER_PIXELS, at
    elif at > len(data):
        raise Short
    elif at < len(data):
        raise Odd
    return found


def _explicit_run(data: bytes, at: int, wanted: frozenset[int], found: Elements) -> tuple[int, int]:
    """Collect to the pixel data or the end; give where it stopped, and the last tag. One flat loop, for speed."""
    last, end, values = 0, len(data) - 8, found.values
    unpack, short_vrs = _EXPLICIT, _SHORT_VRS
    while at <= end:
        group, element, vr, length = unpack(data, at)
        tag = group << 16 | element
        if tag <= last:
            raise Odd
        last = tag
        if vr in short_vrs:
            value_at = at + 8
            at = value_at + length
            if tag in wanted:
                values[tag] = data[value_at:at]
        elif tag >= _PIXELS:
            break
        else:
            _, _, vr, value_at, length = _explicit_element(data, at)
            at = _end_of_value(data, vr, value_at, length, True, 1)
            if tag in wanted:
                _keep(found, tag, data, value_at, at, True)
    return at, last


def _implicit_run(data: bytes, at: int, wanted: frozenset[int], found: Elements) -> tuple[int, int]:
    """As ``_explicit_run``."""
    last, end = 0, len(data) - 8
    unpack = _IMPLICIT
    while at <= end:
        group, element, length = unpack(data, at)
        tag = group << 16 | element
        if tag <= last:
            raise Odd
        last = tag
        if tag >= _PIXELS:
            break
        value_at = at + 8
        at = value_at + length if length < _SHALLOW - 16 else _end_of_value(data, b"", value_at, length, False, 1)
        if tag in wanted:
            _keep(found, tag, data, value_at, at, False)
    return at, last


def _keep(found: Elements, tag: int, data: bytes, value_at: int, end: int, is_explicit: bool) -> None:
    if end > len(data):
        raise Short
    if tag == 0x00081140:
        found.sequences[tag] = _references(data, value_at, end, is_explicit)
    else:
        found.values[tag] = data[value_at:end]


def _explicit_element(data: bytes, at: int) -> tuple[int, int, bytes, int, int]:
    """Give group, element, VR, where the value starts, its length."""
    try:
        group, element, vr, length = _EXPLICIT(data, at)
        if vr in _SHORT_VRS:
            return group, element, vr, at + 8, length
        if vr in _LONG_VRS:
            return group, element, vr, at + 12, _UINT32(data, at + 8)[0]
    except StructError as short:
        raise Short from short
    if group == 0xFFFE:
        return group, element, b"", at + 8, _UINT32(data, at + 4)[0]
    raise Odd


def _implicit_element(data: bytes, at: int) -> tuple[int, int, bytes, int, int]:
    """Give group, element, no VR, where the value starts, its length."""
    try:
        group, element, length = _IMPLICIT(data, at)
    except StructError as short:
        raise Short from short
    return group, element, b"", at + 8, length


def _end_of_value(data: bytes, vr: bytes, value_at: int, length: int, is_explicit: bool, depth: int) -> int:
    """Give where a value ends, having looked how deep its sequences go."""
    if length == UNDEFINED:
        if vr == b"SQ" or not is_explicit:
            return _end_of_items(data, value_at, None, is_explicit, depth)
        raise Odd
    end = value_at + length
    if length >= _SHALLOW - 16 * depth and (vr == b"SQ" or not vr) and data[value_at : value_at + 4] == _ITEM_START:
        if end > len(data):
            raise Short
        _end_of_items(data, value_at, end, is_explicit, depth)
    return end


def _end_of_items(data: bytes, at: int, end: int | None, is_explicit: bool, depth: int) -> int:
    """Give where the items at *at* end: at *end*, or after a sequence delimiter."""
    if depth > MAX_DEPTH:
        raise TooDeep
    while end is None or at < end:
        group, element, _, value_at, length = _implicit_element(data, at)
        tag = group << 16 | element
        if tag == _SEQUENCE_END and end is None:
            return value_at
        if tag != _ITEM:
            raise Odd
        at = _end_of_item(data, value_at, None if length == UNDEFINED else value_at + length, is_explicit, depth)
    if at > end:
        raise Odd
    return end


def _end_of_item(data: bytes, at: int, end: int | None, is_explicit: bool, depth: int) -> int:
    """Give where an item's elements end: at *end*, or after an item delimiter."""
    if end is not None and end > len(data):
        raise Short
    read = _explicit_element if is_explicit else _implicit_element
    while end is None or at < end:
        group, element, vr, value_at, length = read(data, at)
        if group == 0xFFFE:
            if end is None and element == _ITEM_END & 0xFFFF:
                return value_at
            raise Odd
        at = _end_of_value(data, vr, value_at, length, is_explicit, depth + 1)
    if at > end:
        raise Odd
    return end


def _references(data: bytes, at: int, end: int, is_explicit: bool) -> list[dict[str, Any]]:
    """Give the items of a Referenced Image Sequence: SOP class, SOP instance, frame numbers."""
    items: list[dict[str, Any]] = []
    while at < end:
        group, element, _, value_at, length = _implicit_element(data, at)
        if group << 16 | element != _ITEM:
            break
        stop = value_at + length if length != UNDEFINED else end
        item, at = _reference(data, value_at, stop, is_explicit)
        items.append(item)
    return items


def _reference(data: bytes, at: int, end: int, is_explicit: bool) -> tuple[dict[str, Any], int]:
    item: dict[str, Any] = {}
    read = _explicit_element if is_explicit else _implicit_element
    while at < end:
        group, element, vr, value_at, length = read(data, at)
        if group == 0xFFFE:
            return item, value_at
        at = _end_of_value(data, vr, value_at, length, is_explicit, 2)
        kind = _REFERENCE.get(group << 16 | element)
        if kind:
            item[f"{group:04X}{element:04X}"] = _reference_value(kind, data[value_at:at])
    return item, at


def _reference_value(vr: str, raw: bytes) -> dict[str, Any]:
    texts = [part.strip(" \x00") for part in raw.decode("latin-1").split("\\")]
    if vr == "IS" and not all(re.fullmatch(r"[+-]?\d{1,10}", text) for text in texts):
        raise Odd
    values: list[Any] = [int(text) for text in texts] if vr == "IS" else texts
    return {"vr": vr, "Value": values} if any(texts) else {"vr": vr}
