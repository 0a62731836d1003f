"""The manifest: what is in a study. Told by ``exams``, read by whoever packages; immutable, versioned, an object."""

from typing import Any, Literal

from contracts.wire import Instant, Wire

DicomJson = dict[str, Any]
"""Elements in the DICOM JSON model (PS3.18 F.2): ``{"00100020": {"vr": "LO", "Value": ["02"]}}``; text is Unicode."""

ObjectRole = Literal["image", "finding", "other"]
"""``image``: shown and packaged at completion; also presentation states and key objects. ``finding``: SR (dose reports
excepted), encapsulated PDF and CDA: report, not image; in nothing until the report is released. ``other``: packaged,
not shown."""


class ManifestInstance(Wire):
    """One stored DICOM object of a study, with the values that a DICOMDIR and a package need."""

    sop_instance_uid: str
    sop_class_uid: str
    transfer_syntax_uid: str
    role: ObjectRole
    key: str
    """The object's key in the object store; opaque, the object is immutable (a whole Part 10 file)."""
    size_bytes: int
    sha256: str
    number: int | None
    """Instance Number as the object has it; None when missing or empty."""
    frames: int
    """Pictures that can be rendered of it; 0 for an object without pixels."""
    record_type: str
    """Directory Record Type (PS3.3 F.5), such as ``IMAGE`` or ``SR DOCUMENT``."""
    keys: DicomJson
    """Further keys of its directory record (PS3.3 F.5, PS3.11 Annex D), as the object has them."""


class ManifestSeries(Wire):
    """One series: its directory keys and its instances, in the order in which they are shown."""

    series_uid: str
    modality: str
    number: int | None
    description: str
    keys: DicomJson
    instances: list[ManifestInstance]


class Manifest(Wire):
    """All stored objects of one study at one moment."""

    study_id: str
    study_uid: str
    version: int
    made_at: Instant
    patient: DicomJson
    """Keys of the PATIENT record, as the objects have them: Patient ID, Patient's Name, birth date, sex."""
    study: DicomJson
    """Keys of the STUDY record: date, time, Study ID, description, accession number."""
    series: list[ManifestSeries]


def frame_key(instance_key: str, frame: int) -> str:
    """Give the object key of the JPEG that ``exams`` renders of *frame* (from 1) of the object at *instance_key*."""
    return f"frames/{instance_key}/{frame}.jpg"
