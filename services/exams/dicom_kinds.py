"""What kind of object a SOP class is: its directory record (PS3.3 F.5) and whether it is picture, finding or neither.

Pure; knows UIDs, not files. Findings are report, not image (design/rules.md, "Reports and release"): when unsure,
an object is a finding.
"""

from functools import lru_cache
from typing import Final

from contracts.manifest import ObjectRole

_STORAGE = "1.2.840.10008.5.1.4.1.1."
DICOMDIR: Final = "1.2.840.10008.1.3.10"
KEY_OBJECTS: Final = _STORAGE + "88.59"

_DOSE_REPORTS = frozenset(_STORAGE + tail for tail in ("88.67", "88.68", "88.73", "88.76"))
_ENCAPSULATED_FINDINGS = frozenset(_STORAGE + tail for tail in ("104.1", "104.2"))
_MAPS = frozenset(_STORAGE + tail for tail in ("66.4", "66.7", "30", "481.2", "67"))
"""With pixels, yet not pictures for a patient: segmentations, parametric maps, RT dose, value maps."""

_RECORD_TYPES: Final = {
    "104.": "ENCAP DOC",
    "11.": "PRESENTATION",
    "131": "PRESENTATION",
    "88.59": "KEY OBJECT DOC",
    "88.": "SR DOCUMENT",
    "78.6": "SR DOCUMENT",
    "79.1": "SR DOCUMENT",
    "9.": "WAVEFORM",
    "4.2": "SPECTROSCOPY",
    "66": "RAW DATA",
    "66.1": "REGISTRATION",
    "66.2": "FIDUCIAL",
    "66.3": "REGISTRATION",
    "66.4": "IMAGE",
    "66.5": "SURFACE",
    "66.6": "TRACT",
    "66.7": "IMAGE",
    "67": "VALUE MAP",
    "68.1": "SURFACE SCAN",
    "68.2": "SURFACE SCAN",
    "77.1.5.3": "STEREOMETRIC",
    "78.": "MEASUREMENT",
    "80.1": "MEASUREMENT",
    "90.1": "ASSESSMENT",
    "91.1": "ANNOTATION",
    "481.2": "RT DOSE",
    "481.3": "RT STRUCTURE SET",
    "481.4": "RT TREAT RECORD",
    "481.5": "RT PLAN",
    "481.6": "RT TREAT RECORD",
    "481.7": "RT TREAT RECORD",
    "481.8": "RT PLAN",
    "481.9": "RT TREAT RECORD",
    "481.": "RADIOTHERAPY",
    "481.1": "IMAGE",
    "481.23": "IMAGE",
    "481.24": "IMAGE",
    "200.": "PLAN",
}
"""Directory Record Type by the tail of the SOP class; a tail ending in a dot stands for all below it, longest first."""


@lru_cache(maxsize=512)
def record_type(sop_class_uid: str, *, has_pixels: bool) -> str:
    """Give the Directory Record Type: ``PRIVATE`` for a class that is none of DICOM's and has no pixels."""
    if sop_class_uid.startswith(_STORAGE):
        tail = sop_class_uid[len(_STORAGE) :]
        exact = _RECORD_TYPES.get(tail)
        if exact:
            return exact
        below = [key for key in _RECORD_TYPES if key.endswith(".") and tail.startswith(key)]
        return _RECORD_TYPES[max(below, key=len)] if below else "IMAGE"
    if sop_class_uid.startswith("1.2.840.10008.5.1.4.34."):
        return "RADIOTHERAPY"
    return "IMAGE" if has_pixels else "PRIVATE"


@lru_cache(maxsize=512)
def role(sop_class_uid: str, modality: str, *, has_pixels: bool, has_document: bool) -> ObjectRole:
    """Tell whether an object is image, finding or other.

    *has_document*: it has a content tree or an encapsulated document, which decides for classes unknown here.
    """
    kind = record_type(sop_class_uid, has_pixels=has_pixels)
    if kind in {"PRESENTATION", "KEY OBJECT DOC"}:
        return "image"
    if sop_class_uid in _DOSE_REPORTS or sop_class_uid in _MAPS:
        return "other"
    if kind == "SR DOCUMENT" or sop_class_uid in _ENCAPSULATED_FINDINGS:
        return "finding"
    if kind == "ENCAP DOC":
        return "other"  # 3D models: STL, OBJ, MTL
    if has_document or (modality in {"SR", "DOC"} and not has_pixels):
        return "finding"
    return "image" if kind == "IMAGE" and has_pixels else "other"
