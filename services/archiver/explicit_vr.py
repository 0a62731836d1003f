"""Encodes data elements of the DICOM JSON model as Explicit VR Little Endian (PS3.5 §7, PS3.18 F.2).

The DICOMDIR is written with it: pydicom would do, a hundred times slower. It knows nothing of records or packages.
"""

import base64
import json
import struct
from typing import Any

from contracts.manifest import DicomJson

LONG_LENGTH_VRS = frozenset(["OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"])
TEXT_VRS = frozenset(["LO", "LT", "PN", "SH", "ST", "UC", "UT"])
"""Value representations that Specific Character Set governs."""
PARAGRAPH_VRS = frozenset(["LT", "ST", "UT"])
NUMBER_FORMATS = {"FD": "<d", "FL": "<f", "SL": "<i", "SS": "<h", "SV": "<q", "UL": "<I", "US": "<H", "UV": "<Q"}
MAX_SHORT_LENGTH = 0xFFFE
"""The longest value whose length fits 16 bits, even."""

_ITEM = struct.Struct("<HHI")
_SHORT = struct.Struct("<HH2sH")
_LONG = struct.Struct("<HH2sHI")
_NOT_IN_LINES = dict.fromkeys([*range(32), 127])
_NOT_IN_PARAGRAPHS = {code: None for code in _NOT_IN_LINES if code not in (9, 10, 12, 13)}


def encode_element(tag: int, vr: str, value: bytes) -> bytes:
    """Give the element with *value* padded to even length; values too long for a short VR are cut."""
    if len(value) % 2:
        value += b"\0" if vr in ("UI", "OB", "UN") else b" "
    group, number = tag >> 16, tag & 0xFFFF
    if vr in LONG_LENGTH_VRS:
        return _LONG.pack(group, number, vr.encode(), 0, len(value)) + value
    if len(value) > MAX_SHORT_LENGTH:
        value = value[:MAX_SHORT_LENGTH].decode("utf-8", "ignore").encode()
        value += b" " * (len(value) % 2)
    return _SHORT.pack(group, number, vr.encode(), len(value)) + value


def encode_item(content: bytes) -> bytes:
    """Give a sequence item (FFFE,E000) of defined length around *content*."""
    return _ITEM.pack(0xFFFE, 0xE000, len(content)) + content


def encode_dataset(elements: DicomJson) -> bytes:
    """Give the elements in the order of their tags; text is UTF-8, to be named ISO_IR 192 where not ``is_ascii``."""
    return b"".join(encode_json_element(tag, elements[tag]) for tag in sorted(elements))


def encode_json_element(tag: str, element: dict[str, Any]) -> bytes:
    """Give one element; *tag* is eight hex digits."""
    vr = element["vr"]
    return encode_element(int(tag, 16), vr, _encode_value(vr, element))


def is_ascii(elements: DicomJson) -> bool:
    """Tell whether all text in *elements*, nested items too, is ASCII."""
    return json.dumps(elements, ensure_ascii=False).isascii()


def _encode_value(vr: str, element: dict[str, Any]) -> bytes:
    if "InlineBinary" in element:
        return base64.b64decode(element["InlineBinary"])
    values = element.get("Value") or []
    if vr == "SQ":
        return b"".join(encode_item(encode_dataset(item or {})) for item in values)
    if vr in NUMBER_FORMATS:
        return b"".join(struct.pack(NUMBER_FORMATS[vr], value) for value in values)
    if vr == "AT":
        return b"".join(struct.pack("<HH", int(value[:4], 16), int(value[4:], 16)) for value in values)
    return _encode_strings(vr, values)


def _encode_strings(vr: str, values: list[Any]) -> bytes:
    drop = _NOT_IN_PARAGRAPHS if vr in PARAGRAPH_VRS else _NOT_IN_LINES
    joined = "\\".join("" if value is None else _as_string(vr, value).translate(drop) for value in values)
    return joined.encode("utf-8", "replace") if vr in TEXT_VRS else joined.encode("ascii", "replace")


def _as_string(vr: str, value: Any) -> str:
    if vr == "PN":
        name = value if isinstance(value, dict) else {"Alphabetic": value}
        return "=".join(name.get(part) or "" for part in ("Alphabetic", "Ideographic", "Phonetic")).rstrip("=")
    if vr == "DS" and isinstance(value, float):
        return f"{value:.10g}"  # Decimal String holds 16 characters
    return str(value)
