"""Stores DICOM files in memory and makes their manifests, by pydicom: a reader of its own, not the catalogue's."""

import hashlib
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset
from pydicom.fileset import _FOUR_LEVEL_SOP_CLASSES

from contracts.manifest import Manifest, ManifestInstance, ManifestSeries, frame_key
from services.archiver.dicomdir_records import REQUIRED_KEYS
from services.archiver.packing import Contents
from services.chassis.objects import ObjectMissing

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
DATA = Path(__file__).parents[1] / "data" / "dicom"
PATIENT_KEYS = ("PatientID", "PatientName", "PatientBirthDate", "PatientSex")
STUDY_KEYS = ("StudyDate", "StudyTime", "StudyID", "StudyDescription", "AccessionNumber")
FINDINGS = ("SR DOCUMENT", "ENCAP DOC")


class MemoryStore:
    """Objects by key, with the face that packing reads through."""

    def __init__(self):
        self.objects: dict[str, bytes] = {}

    def read(self, key):
        if key not in self.objects:
            raise ObjectMissing(key)
        return self.objects[key]

    def read_range(self, key, start, length):
        return self.read(key)[start : start + length]

    def size(self, key):
        return len(self.objects[key]) if key in self.objects else None


class MemorySink:
    """What a package's bytes are appended to."""

    def __init__(self):
        self.pieces: list[bytes] = []

    def write(self, data):
        self.pieces.append(bytes(data))

    def to_bytes(self):
        return b"".join(self.pieces)


def store_files(store: MemoryStore, paths: list[Path]) -> list[Manifest]:
    """Put *paths* into *store* and give the manifests of their studies, in the order met."""
    return store_objects(store, [path.read_bytes() for path in paths])


def store_objects(store: MemoryStore, objects: list[bytes]) -> list[Manifest]:
    """Put Part 10 files into *store* and give the manifests of their studies."""
    studies: dict[str, dict[str, list[tuple[Dataset, ManifestInstance]]]] = {}
    for number, data in enumerate(objects):
        dataset = pydicom.dcmread(BytesIO(data), stop_before_pixels=True)
        key = f"dicom/{number:05d}"
        store.objects[key] = data
        instance = _instance(dataset, key, data)
        series = studies.setdefault(str(dataset.StudyInstanceUID), {})
        series.setdefault(str(dataset.SeriesInstanceUID), []).append((dataset, instance))
    return [_manifest(uid, number, series) for number, (uid, series) in enumerate(studies.items())]


def a_package_of(manifests: list[Manifest], **changes) -> Contents:
    """Give contents of *manifests* made at NOON."""
    whole = {"reports": [], "include_findings": False, "made_at": NOON, "institution": "RadNet Houston"}
    return Contents(manifests=manifests, **(whole | changes))


def a_jpeg(key: str, frame: int) -> bytes:
    """Give something that is a JPEG as far as packing can tell, another one for each frame."""
    return b"\xff\xd8\xff\xe0" + frame_key(key, frame).encode() + b"\xff\xd9"


def _manifest(uid, number, series) -> Manifest:
    first = next(iter(series.values()))[0][0]
    return Manifest(
        study_id=f"study-{number}",
        study_uid=uid,
        version=1,
        made_at=NOON,
        patient=_keys(first, PATIENT_KEYS),
        study=_keys(first, STUDY_KEYS),
        series=[_series(series_uid, pairs) for series_uid, pairs in series.items()],
    )


def _series(uid, pairs) -> ManifestSeries:
    first = pairs[0][0]
    return ManifestSeries(
        series_uid=uid,
        modality=first.get("Modality") or "",
        number=_number(first, "SeriesNumber"),
        description=str(first.get("SeriesDescription") or ""),
        keys={},
        instances=[instance for _, instance in pairs],
    )


def _instance(dataset, key, data) -> ManifestInstance:
    record_type = _FOUR_LEVEL_SOP_CLASSES.get(dataset.SOPClassUID, "IMAGE" if "Rows" in dataset else "")
    wanted = [f"{tag}" for tag in REQUIRED_KEYS.get(record_type, {})] + ["00080008", "0040A730"] * (record_type != "")
    frames = int(dataset.get("NumberOfFrames") or 1) if record_type == "IMAGE" else 0
    return ManifestInstance(
        sop_instance_uid=str(dataset.SOPInstanceUID).rstrip("\0 "),
        sop_class_uid=str(dataset.SOPClassUID),
        transfer_syntax_uid=str(dataset.file_meta.TransferSyntaxUID),
        role="finding" if record_type in FINDINGS else "image" if frames else "other",
        key=key,
        size_bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        number=_number(dataset, "InstanceNumber"),
        frames=frames,
        record_type=record_type,
        keys={tag: dataset[tag].to_json_dict(None, 0) for tag in wanted if tag in dataset},
    )


def _keys(dataset, keywords):
    return {
        f"{dataset[keyword].tag:08X}": dataset[keyword].to_json_dict(None, 0)
        for keyword in keywords
        if keyword in dataset
    }


def _number(dataset, keyword):
    value = dataset.get(keyword)
    return None if value in (None, "") else int(value)
