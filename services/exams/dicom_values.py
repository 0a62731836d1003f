"""Turn raw DICOM values into text, numbers and the DICOM JSON model (PS3.18 Annex F.2).

Decoding never fails: real objects name wrong or unknown character sets, and a name that looks odd is better than an
exam that is missing. Knows values, not files.
"""

import json
import re
from functools import lru_cache
from struct import unpack
from typing import Any, Final

from contracts.manifest import DicomJson

CHARSET: Final = 0x00080005
TAGS: Final[dict[int, str]] = {
    0x00020010: "UI", 0x00080005: "CS", 0x00080008: "CS", 0x00080016: "UI", 0x00080018: "UI", 0x00080020: "DA",
    0x00080023: "DA", 0x00080030: "TM", 0x00080033: "TM", 0x00080050: "SH", 0x00080060: "CS", 0x0008103E: "LO",
    0x00081030: "LO", 0x00081115: "SQ", 0x00081140: "SQ", 0x00089092: "SQ", 0x00100010: "PN", 0x00100020: "LO",
    0x00100021: "LO", 0x00100030: "DA", 0x00100040: "CS", 0x0020000D: "UI", 0x0020000E: "UI", 0x00200010: "SH",
    0x00200011: "IS", 0x00200013: "IS", 0x00200032: "DS", 0x00200037: "DS", 0x00280002: "US", 0x00280004: "CS",
    0x00280008: "IS",
    0x00280010: "US", 0x00280011: "US", 0x00280100: "US", 0x00289001: "UL", 0x00289002: "UL", 0x0040A030: "DT",
    0x0040A043: "SQ", 0x0040A491: "CS", 0x0040A493: "CS", 0x0040A730: "SQ", 0x0040E001: "ST", 0x00420010: "ST",
    0x00420012: "LO", 0x00700080: "CS", 0x00700081: "LO", 0x00700082: "DA", 0x00700083: "TM", 0x00700084: "PN",
    0x00700402: "SQ", 0x3004000A: "CS", 0x30060002: "SH", 0x30060008: "DA", 0x30060009: "TM", 0x30080250: "DA",
    0x30080251: "TM", 0x300A0002: "SH", 0x300A0006: "DA", 0x300A0007: "TM",
}  # fmt: skip
"""Every element that intake reads, with its VR (PS3.6): implicit VR objects do not say it."""

_CONTENT = (0x00080023, 0x00080033)
_CONTENT_ID = (*_CONTENT, 0x00700080, 0x00700081, 0x00700084)
_PATIENT = (0x00100010, 0x00100020, 0x00100021, 0x00100030, 0x00100040)
_STUDY = (0x00080020, 0x00080030, 0x00080050, 0x00081030, 0x0020000D, 0x00200010)
_SERIES = (0x00080060, 0x0008103E, 0x0020000E, 0x00200011)
_IMAGE = (0x00080008, 0x00081140)
_BY_RECORD_TYPE: Final[dict[str, tuple[int, ...]]] = {
    "IMAGE": _IMAGE,
    "RT DOSE": (0x3004000A,),
    "RT STRUCTURE SET": (0x30060002, 0x30060008, 0x30060009),
    "RT PLAN": (0x300A0002, 0x300A0006, 0x300A0007),
    "RT TREAT RECORD": (0x30080250, 0x30080251),
    "PRESENTATION": (0x00081115, 0x00700080, 0x00700081, 0x00700082, 0x00700083, 0x00700084, 0x00700402),
    "WAVEFORM": _CONTENT,
    "SR DOCUMENT": (*_CONTENT, 0x0040A030, 0x0040A043, 0x0040A491, 0x0040A493, 0x0040A730),
    "KEY OBJECT DOC": (*_CONTENT, 0x0040A043, 0x0040A730),
    "SPECTROSCOPY": (0x00080008, *_CONTENT, 0x00089092, 0x00280008, 0x00280010, 0x00280011, 0x00289001, 0x00289002),
    "RAW DATA": _CONTENT,
    "REGISTRATION": _CONTENT_ID,
    "FIDUCIAL": _CONTENT_ID,
    "ENCAP DOC": (*_CONTENT, 0x0040A043, 0x0040E001, 0x00420010, 0x00420012),
    "VALUE MAP": _CONTENT_ID,
}  # PS3.3 F.5, and PS3.11 Annex D for IMAGE
_ANY_DOCUMENT = _CONTENT_ID
_LEVELS: Final = {"patient": _PATIENT, "study": _STUDY, "series": _SERIES}
_KEYS: Final = {tag: f"{tag:08X}" for tag in TAGS}
_INTEGER = re.compile(r"[+-]?\d{1,12}")


def record_tags(record_type: str) -> tuple[int, ...]:
    """Give the tags of a directory record of that type (PS3.3 F.5), Instance Number first."""
    return (0x00200013, *_BY_RECORD_TYPE.get(record_type, _ANY_DOCUMENT))


def level_tags(level: str) -> tuple[int, ...]:
    """Give the tags of a PATIENT, STUDY or SERIES record; *level* in lower case."""
    return _LEVELS[level]


def needs_sequences(record_type: str) -> bool:
    """Tell whether the record holds sequences other than Referenced Image Sequence."""
    return any(TAGS[tag] == "SQ" and tag != 0x00081140 for tag in record_tags(record_type))


def text(raw: bytes | None, charset: bytes = b"", vr: str = "LO") -> str:
    """Give *raw* as Unicode without padding; *charset* is the raw value of Specific Character Set."""
    if not raw:
        return ""
    if raw.isascii() and b"\x1b" not in raw:
        return raw.decode("ascii").strip(" \x00")
    return _decode(raw, charset, vr).strip(" \x00")


def _decode(raw: bytes, charset: bytes, vr: str) -> str:
    names = [name.strip(" \x00") for name in charset.decode("latin-1").split("\\")]
    try:
        if not any(names) or names == ["ISO_IR 192"]:
            return raw.decode("utf-8")
        from pydicom.charset import convert_encodings, decode_bytes
        from pydicom.valuerep import PN_DELIMS, TEXT_VR_DELIMS

        delimiters = PN_DELIMS if vr == "PN" else TEXT_VR_DELIMS
        return str(decode_bytes(raw, convert_encodings(names), delimiters))
    except (UnicodeError, LookupError, ValueError):
        return raw.decode("latin-1")


def integer(raw: bytes | None) -> int | None:
    """Give an IS value, None when empty or no number; ``"3.0"`` is 3."""
    try:
        return int(float(text(raw).split("\\")[0]))
    except (ValueError, OverflowError):
        return None


def unsigned(raw: bytes | None, byte_order: str = "<") -> int:
    """Give a US or UL value, 0 when missing or malformed."""
    if not raw or len(raw) not in {2, 4}:
        return 0
    return int(unpack(byte_order + ("H" if len(raw) == 2 else "I"), raw)[0])


def decimals(raw: bytes | None) -> list[float]:
    """Give the values of a DS, an empty list when one is no finite number."""
    try:
        values = [float(part) for part in text(raw).split("\\")]
    except ValueError:
        return []
    return values if all(abs(value) < 1e12 for value in values) else []


def element(vr: str, raw: bytes, charset: bytes, byte_order: str = "<") -> dict[str, Any]:
    """Give one element in the DICOM JSON model; an empty one has no ``Value``."""
    if vr in {"US", "UL"}:
        return {"vr": vr, "Value": [unsigned(raw, byte_order)]} if raw else {"vr": vr}
    whole = text(raw, charset, vr)
    if not whole.strip("\\ "):
        return {"vr": vr}
    if vr == "ST" or ("\\" not in whole and vr not in {"PN", "IS"}):
        return {"vr": vr, "Value": [whole]}
    parts = [part.strip(" \x00") for part in whole.split("\\")]
    if vr == "PN":
        return {"vr": vr, "Value": [_person_name(part) for part in parts]}
    if vr == "IS":
        return {"vr": vr, "Value": [int(part) if _INTEGER.fullmatch(part) else part for part in parts]}
    return {"vr": vr, "Value": [part or None for part in parts]}


def _person_name(name: str) -> dict[str, str] | None:
    groups = zip(("Alphabetic", "Ideographic", "Phonetic"), name.split("="), strict=False)
    return {group: part for group, part in groups if part} or None


def keys(tags: tuple[int, ...], values: dict[int, bytes], sequences: dict[int, Any], byte_order: str) -> DicomJson:
    """Give those of *tags* that the object has, in the DICOM JSON model. Not to be changed: equal ones are shared."""
    raws = tuple([values.get(tag) for tag in tags])
    found = _value_keys(tags, raws, values.get(CHARSET, b""), byte_order)
    if not sequences:
        return found
    return found | {
        _KEYS[tag]: {"vr": "SQ", "Value": sequences[tag]} if sequences[tag] else {"vr": "SQ"}
        for tag in tags
        if tag in sequences
    }


@lru_cache(maxsize=1024)  # a study's thousand objects say the same of patient, study and series
def _value_keys(tags: tuple[int, ...], raws: tuple[bytes | None, ...], charset: bytes, byte_order: str) -> DicomJson:
    pairs = zip(tags, raws, strict=True)
    return {_KEYS[tag]: element(TAGS[tag], raw, charset, byte_order) for tag, raw in pairs if raw is not None}


def plain(dataset_json: dict[str, Any]) -> dict[str, Any]:
    """Give a JSON model of pydicom's as plain JSON values."""
    loaded: dict[str, Any] = json.loads(json.dumps(dataset_json))
    return loaded
