"""Packs the directory records of a DICOMDIR (PS3.3 F.5), one patient, study, series or object each.

Real objects lack keys that a record must have (a GE CT without Study Date, realcases §0); those are invented here, in
the record alone, and the objects stay as they are.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts.manifest import DicomJson, ManifestInstance, ManifestSeries
from services.archiver.explicit_vr import encode_dataset, encode_element, is_ascii

NEXT_OFFSET_AT = 16
"""Where in a packed record item the value of (0004,1400), the offset of the next record, begins."""
LOWER_OFFSET_AT = 38
"""The same for (0004,1420), the offset of the first record of the level below."""

PRIVATE_RECORD_UID = "2.25.107768407239098088516387310897376393902"
"""Names the private record in which objects of unknown kinds are listed (0004,1432)."""

INSTANCE_NUMBER, CONTENT_DATE, CONTENT_TIME = "00200013", "00080023", "00080033"
STUDY_DATE, STUDY_TIME, STUDY_ID = "00080020", "00080030", "00200010"
CONCEPT_NAME = "0040A043"
VERIFICATION_FLAG, VERIFIED_AT = "0040A493", "0040A030"
CONTENT, RELATIONSHIP = "0040A730", "0040A010"
_DATE, _TIME, _EMPTY = object(), object(), None
_OLD_MARKS = {"DA": (".", re.compile(r"\d{8}")), "TM": (":", re.compile(r"\d{2,6}(\.\d{1,6})?"))}

_CONTENT_DAY: dict[str, tuple[str, Any]] = {CONTENT_DATE: ("DA", _DATE), CONTENT_TIME: ("TM", _TIME)}
_CONTENT_LABEL: dict[str, tuple[str, Any]] = {
    "00700080": ("CS", "UNNAMED"),
    "00700081": ("LO", _EMPTY),
    "00700084": ("PN", _EMPTY),
}


def _code(value: str, meaning: str) -> dict[str, Any]:
    return {
        "00080100": {"vr": "SH", "Value": [value]},
        "00080102": {"vr": "SH", "Value": ["DCM"]},
        "00080104": {"vr": "LO", "Value": [meaning]},
    }


REQUIRED_KEYS: dict[str, dict[str, tuple[str, Any]]] = {
    "IMAGE": {},
    "RT DOSE": {"3004000A": ("CS", "PLAN")},
    "RT STRUCTURE SET": {"30060002": ("SH", "UNNAMED"), "30060008": ("DA", _EMPTY), "30060009": ("TM", _EMPTY)},
    "RT PLAN": {"300A0002": ("SH", "UNNAMED"), "300A0006": ("DA", _EMPTY), "300A0007": ("TM", _EMPTY)},
    "RT TREAT RECORD": {"30080250": ("DA", _EMPTY), "30080251": ("TM", _EMPTY)},
    "PRESENTATION": {"00700082": ("DA", _DATE), "00700083": ("TM", _TIME)} | _CONTENT_LABEL,
    "WAVEFORM": _CONTENT_DAY,
    "SR DOCUMENT": {"0040A491": ("CS", "PARTIAL"), VERIFICATION_FLAG: ("CS", "UNVERIFIED")}
    | _CONTENT_DAY
    | {CONCEPT_NAME: ("SQ", _code("121144", "Document Title"))},
    "KEY OBJECT DOC": _CONTENT_DAY | {CONCEPT_NAME: ("SQ", _code("113000", "Of Interest"))},
    "SPECTROSCOPY": {
        "00080008": ("CS", "ORIGINAL\\PRIMARY\\SPECTROSCOPY\\NONE"),
        "00280008": ("IS", 1),
        "00280010": ("US", 1),
        "00280011": ("US", 1),
        "00289001": ("UL", 1),
        "00289002": ("UL", 1),
    }
    | _CONTENT_DAY,
    "RAW DATA": _CONTENT_DAY,
    "REGISTRATION": _CONTENT_DAY | _CONTENT_LABEL,
    "FIDUCIAL": _CONTENT_DAY | _CONTENT_LABEL,
    "ENCAP DOC": {
        CONTENT_DATE: ("DA", _EMPTY),
        CONTENT_TIME: ("TM", _EMPTY),
        "00420010": ("ST", _EMPTY),
        "00420012": ("LO", "application/octet-stream"),
        CONCEPT_NAME: ("SQ", _EMPTY),
    },
    "VALUE MAP": _CONTENT_DAY | _CONTENT_LABEL,
    "STEREOMETRIC": {},
    "PLAN": {},
    "MEASUREMENT": _CONTENT_DAY | _CONTENT_LABEL,
    "SURFACE": _CONTENT_DAY | _CONTENT_LABEL,
    "SURFACE SCAN": _CONTENT_DAY,
    "TRACT": _CONTENT_DAY | _CONTENT_LABEL,
    "ASSESSMENT": {"00080012": ("DA", _DATE), "00080013": ("TM", _EMPTY)},
    "RADIOTHERAPY": {"00700081": ("LO", _EMPTY), "00700084": ("PN", _EMPTY)},
}
"""Keys that a record must have beside Instance Number (PS3.3 F.5.4 and on): tag to value representation and what stands
for a missing value; None may be empty (Type 2). ANNOTATION is left to PRIVATE: pydicom 3.0 gives a whole directory up
over a type of record that it does not know."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Stands for a day and time that no object tells: ``YYYYMMDD`` and ``HHMMSS``."""

    date: str
    time: str


def moment_of(made_at: datetime) -> Moment:
    """Give the moment at which the package is made, the last resort for a missing date."""
    return Moment(made_at.strftime("%Y%m%d"), made_at.strftime("%H%M%S"))


def value_of(keys: DicomJson, tag: str) -> Any:
    """Give the first value of *tag* in *keys*, or None when it is missing or empty."""
    values = keys.get(tag, {}).get("Value") or [None]
    return values[0] if values[0] != "" else None


def pack_patient(keys: DicomJson, patient_id: str) -> bytes:
    """Give a PATIENT record; *patient_id* is unique in the file-set, invented where the objects have none."""
    name = {"00100010": {"vr": "PN"}}
    return _pack("PATIENT", name | _readable(keys) | {"00100020": _value("LO", patient_id)})


def pack_study(keys: DicomJson, study_uid: str, number: int, fallback: Moment) -> bytes:
    """Give a STUDY record; a missing Study ID becomes *number*, a missing date that of *fallback*."""
    keys = _readable(keys)
    return _pack(
        "STUDY",
        {"00081030": {"vr": "LO"}, "00080050": {"vr": "SH"}}
        | keys
        | {
            STUDY_DATE: _value("DA", value_of(keys, STUDY_DATE) or fallback.date),
            STUDY_TIME: _value("TM", value_of(keys, STUDY_TIME) or fallback.time),
            STUDY_ID: _value("SH", value_of(keys, STUDY_ID) or str(number)),
            "0020000D": _value("UI", study_uid),
        },
    )


def pack_series(series: ManifestSeries, number: int) -> bytes:
    """Give a SERIES record; a missing Series Number becomes *number*."""
    return _pack(
        "SERIES",
        _readable(series.keys)
        | {
            "00080060": _value("CS", series.modality or "OT"),
            "0020000E": _value("UI", series.series_uid),
            "00200011": _value("IS", series.number if series.number is not None else number),
        },
    )


def pack_instance(instance: ManifestInstance, file_id: str, number: int, fallback: Moment) -> bytes:
    """Give the record of an object at *file_id* (``DICOM/ST000001/…``); a missing Instance Number becomes *number*.

    An object of a kind that PS3.3 F.5 has no record for gets a PRIVATE record, so that nothing goes unlisted.
    """
    if instance.record_type not in REQUIRED_KEYS:
        return _pack("PRIVATE", {}, _file(instance, file_id, is_private=True))
    keys = _completed(instance.keys, REQUIRED_KEYS[instance.record_type], fallback)
    keys[INSTANCE_NUMBER] = _value("IS", instance.number if instance.number is not None else number)
    return _pack(instance.record_type, keys, _file(instance, file_id))


def _completed(keys: DicomJson, required: dict[str, tuple[str, Any]], fallback: Moment) -> DicomJson:
    keys = _readable(keys)
    for tag, (vr, stand_in) in required.items():
        if value_of(keys, tag) is not None:
            continue
        if stand_in is _EMPTY:
            keys[tag] = {"vr": vr}
        elif stand_in is _DATE:
            keys[tag] = _value(vr, fallback.date)
        elif stand_in is _TIME:
            keys[tag] = _value(vr, fallback.time)
        else:
            keys[tag] = _value(vr, stand_in)
    if value_of(keys, VERIFICATION_FLAG) == "VERIFIED" and value_of(keys, VERIFIED_AT) is None:
        keys[VERIFIED_AT] = _value("DT", fallback.date + fallback.time)
    return keys


def _readable(keys: DicomJson) -> DicomJson:
    """Give *keys* fit for a record: dates and times of today's form, of a document's content its title's modifiers."""
    keys = {tag: _as_date_or_time(element) if element["vr"] in _OLD_MARKS else element for tag, element in keys.items()}
    if content := keys.pop(CONTENT, None):
        modifiers = [item for item in content.get("Value") or [] if value_of(item, RELATIONSHIP) == "HAS CONCEPT MOD"]
        keys |= {CONTENT: {"vr": "SQ", "Value": modifiers}} if modifiers else {}
    return keys


def _as_date_or_time(element: dict[str, Any]) -> dict[str, Any]:
    """Give a DA or TM without the marks of ACR-NEMA (``1997.04.24``, ``14:04:38``); empty when it is neither."""
    mark, pattern = _OLD_MARKS[element["vr"]]
    plain = [str(value or "").replace(mark, "").strip() for value in element.get("Value") or []]
    return element | {"Value": [value for value in plain if pattern.fullmatch(value)]}


def _value(vr: str, value: Any) -> dict[str, Any]:
    return {"vr": vr, "Value": [value]}


def _file(instance: ManifestInstance, file_id: str, *, is_private: bool = False) -> bytes:
    return (
        (encode_element(0x00041432, "UI", PRIVATE_RECORD_UID.encode()) if is_private else b"")
        + encode_element(0x00041500, "CS", file_id.replace("/", "\\").encode())
        + encode_element(0x00041510, "UI", instance.sop_class_uid.encode())
        + encode_element(0x00041511, "UI", instance.sop_instance_uid.encode())
        + encode_element(0x00041512, "UI", instance.transfer_syntax_uid.encode())
    )


def _pack(record_type: str, keys: DicomJson, file: bytes = b"") -> bytes:
    """Give the record as a sequence item with both offsets 0; Specific Character Set is in it when a key needs it."""
    keys = {tag: element for tag, element in keys.items() if tag != "00080005" and not tag.startswith("0004")}
    if not is_ascii(keys):
        keys["00080005"] = {"vr": "CS", "Value": ["ISO_IR 192"]}
    content = (
        encode_element(0x00041400, "UL", bytes(4))
        + encode_element(0x00041410, "US", b"\xff\xff")
        + encode_element(0x00041420, "UL", bytes(4))
        + encode_element(0x00041430, "CS", record_type.encode())
        + file
        + encode_dataset(keys)
    )
    return b"\xfe\xff\x00\xe0" + len(content).to_bytes(4, "little") + content
