"""Read of a DICOM object what intake, lists and DICOMDIRs need, once, when it comes in.

The quick walker does it for plain objects, pydicom for the rest. Whatever cannot be read, or is made to break readers,
is refused by name. The object itself is never changed; ``part10_prefix`` says how to make a whole Part 10 file of it.
"""

import re
import zlib
from dataclasses import dataclass
from functools import lru_cache
from typing import BinaryIO

from contracts.manifest import DicomJson, ObjectRole
from contracts.refusal import Refusal
from services.chassis.dicom_walker import (
    DEFLATED_LE,
    EXPLICIT_BE,
    EXPLICIT_LE,
    IMPLICIT_LE,
    Elements,
    Meta,
    Odd,
    Short,
    TooDeep,
    read_meta,
    walk,
)
from services.exams import dicom_kinds, dicom_lenient, dicom_values
from services.exams.dicom_file_meta import part10_prefix

HEAD_BYTES = 64 * 1024
MAX_HEADER_BYTES = 16 << 20  # all before the pixels; a 1,000-frame enhanced CT has about 2 MB
MAX_FRAME_BYTES = 1 << 30  # one picture, uncompressed
MAX_FRAMES = 1_000_000
_CLAIM_CHECKED_FROM = 64 << 20  # below it a truncated real image is kept: what there is of it is still the patient's
_WANTED = frozenset(dicom_values.TAGS)
_NOT_ENCAPSULATED = frozenset({IMPLICIT_LE, EXPLICIT_LE, EXPLICIT_BE, DEFLATED_LE})
_UID = re.compile(r"[0-9A-Za-z._-]{1,128}")  # letters and over-long ones occur; what could break a path or a page not


class DicomRefused(Refusal):
    """An object that is not taken in; the slug says why."""


class NotDicom(DicomRefused):
    """The bytes are no DICOM object."""

    slug = "not-dicom"
    kind = "unsupported"


class HeaderUnreadable(DicomRefused):
    """The data set cannot be read, or nests deeper than real ones do."""

    slug = "dicom-unreadable"


class MissingUid(DicomRefused):
    """Study, series or SOP instance UID, or the SOP class, is missing or malformed."""

    slug = "dicom-uid-missing"


class PixelsTooLarge(DicomRefused):
    """The object claims larger pictures than the cap, or far more than it brings."""

    slug = "dicom-too-large"
    kind = "too-large"


class DicomdirNotStored(DicomRefused):
    """A DICOMDIR is a directory of files, not an object of a study."""

    slug = "dicomdir-not-stored"


@dataclass(frozen=True, slots=True)
class InstanceHeaders:
    """One object's identity, place and directory keys. Text is Unicode, padding stripped."""

    study_uid: str
    series_uid: str
    sop_instance_uid: str
    sop_class_uid: str
    transfer_syntax_uid: str
    patient_id: str | None
    issuer: str | None
    """Issuer of Patient ID."""
    accession: str | None
    modality: str
    study_description: str
    series_description: str
    series_number: int | None
    instance_number: int | None
    rows: int
    columns: int
    frames: int
    """Pictures in it; 0 for an object without pixels."""
    is_colour: bool
    """Its pictures are in colour: no window changes them."""
    role: ObjectRole
    record_type: str
    """Directory Record Type (PS3.3 F.5)."""
    patient_keys: DicomJson
    study_keys: DicomJson
    series_keys: DicomJson
    instance_keys: DicomJson
    slice_position: float | None
    """Where the slice lies along its normal, in mm; None without position and orientation."""
    orientation: str | None
    """Image Orientation (Patient), rounded: slices are ordered by position only inside one."""
    dataset_offset: int
    part10_prefix: bytes | None
    """What to store in place of the first ``dataset_offset`` bytes; None when these are good as they are."""


def read_headers(source: bytes | BinaryIO, size_bytes: int) -> InstanceHeaders:
    """Give the headers of the object of *size_bytes* in *source*: all its bytes, or a seekable file.

    Raises NotDicom, HeaderUnreadable, MissingUid, PixelsTooLarge, DicomdirNotStored.
    """
    file = dicom_lenient.as_file(source) if isinstance(source, bytes) else source
    file.seek(0)
    head = source if isinstance(source, bytes) else file.read(HEAD_BYTES)
    try:
        meta = read_meta(head)
    except (Odd, Short) as fault:
        raise NotDicom from fault
    if dicom_values.text(meta.values.get(0x00020002)) == dicom_kinds.DICOMDIR:
        raise DicomdirNotStored
    try:
        elements = _elements(file, head, meta, size_bytes)
    except TooDeep as fault:
        raise HeaderUnreadable from fault
    except (Odd, Short, OSError, zlib.error) as fault:
        raise HeaderUnreadable from fault
    return _headers(meta, head, elements, size_bytes)


def to_part10(data: bytes) -> bytes:
    """Give the object *data* as a whole Part 10 file, unchanged when it is one. Raises what read_headers raises."""
    headers = read_headers(data, len(data))
    return data if headers.part10_prefix is None else headers.part10_prefix + data[headers.dataset_offset :]


def _elements(file: BinaryIO, head: bytes, meta: Meta, size_bytes: int) -> Elements:
    """Give the elements by the walker where it can, else by pydicom."""
    if meta.transfer_syntax_uid == DEFLATED_LE:
        file.seek(meta.dataset_offset)
        head = zlib.decompressobj(-15).decompress(file.read(MAX_HEADER_BYTES), MAX_HEADER_BYTES)
        file, start = dicom_lenient.as_file(head), 0
        size_bytes = len(head)
    else:
        start = meta.dataset_offset
    try:
        found = _walked(file, head, start, meta, size_bytes)
    except Odd:
        return dicom_lenient.read_elements(file, meta, _WANTED)
    kind = dicom_kinds.record_type(_uid(found, 0x00080016), has_pixels=found.has_pixels)
    if dicom_values.needs_sequences(kind):
        return dicom_lenient.read_elements(file, meta, _WANTED)
    return found


def _walked(file: BinaryIO, head: bytes, start: int, meta: Meta, size_bytes: int) -> Elements:
    """Walk the first bytes, then more of them while elements go on. Raises Odd past MAX_HEADER_BYTES."""
    if meta.transfer_syntax_uid == EXPLICIT_BE:
        raise Odd
    is_explicit = meta.transfer_syntax_uid != IMPLICIT_LE
    while True:
        try:
            return walk(head, start, _WANTED, is_explicit=is_explicit)
        except Short as short:
            if len(head) >= min(size_bytes, MAX_HEADER_BYTES):
                raise Odd from short
            file.seek(0)
            head = file.read(min(len(head) * 16, MAX_HEADER_BYTES))


def _headers(meta: Meta, head: bytes, found: Elements, size_bytes: int) -> InstanceHeaders:
    values = found.values
    sop_class, sop_instance = _required_uid(found, 0x00080016), _required_uid(found, 0x00080018)
    study, series = _required_uid(found, 0x0020000D), _required_uid(found, 0x0020000E)
    rows, columns, frames = _check_pictures(meta, found, size_bytes)
    modality = _text(found, 0x00080060)
    kind = dicom_kinds.record_type(sop_class, has_pixels=found.has_pixels)
    position, orientation = _place(found)
    return InstanceHeaders(
        study_uid=study,
        series_uid=series,
        sop_instance_uid=sop_instance,
        sop_class_uid=sop_class,
        transfer_syntax_uid=meta.transfer_syntax_uid,
        patient_id=_text(found, 0x00100020) or None,
        issuer=_text(found, 0x00100021) or None,
        accession=_text(found, 0x00080050) or None,
        modality=modality,
        study_description=_text(found, 0x00081030),
        series_description=_text(found, 0x0008103E),
        series_number=dicom_values.integer(values.get(0x00200011)),
        instance_number=dicom_values.integer(values.get(0x00200013)),
        rows=rows,
        columns=columns,
        frames=frames,
        is_colour=_is_colour(found),
        role=dicom_kinds.role(sop_class, modality, has_pixels=frames > 0, has_document=_has_document(found)),
        record_type=kind,
        patient_keys=_keys(found, dicom_values.level_tags("patient")),
        study_keys=_keys(found, dicom_values.level_tags("study")),
        series_keys=_keys(found, dicom_values.level_tags("series")),
        instance_keys=_keys(found, dicom_values.record_tags(kind)),
        slice_position=position,
        orientation=orientation,
        dataset_offset=meta.dataset_offset,
        part10_prefix=part10_prefix(meta, head, sop_class, sop_instance),
    )


def _keys(found: Elements, tags: tuple[int, ...]) -> DicomJson:
    return dicom_values.keys(tags, found.values, found.sequences, found.byte_order)


def _text(found: Elements, tag: int) -> str:
    return dicom_values.text(found.values.get(tag), found.values.get(dicom_values.CHARSET, b""))


def _uid(found: Elements, tag: int) -> str:
    return found.values.get(tag, b"").decode("latin-1").strip(" \x00")


def _required_uid(found: Elements, tag: int) -> str:
    uid = _uid(found, tag)
    if not _UID.fullmatch(uid):
        raise MissingUid(facts={"tag": f"{tag:08X}"})
    return uid


def _has_document(found: Elements) -> bool:
    return 0x0040A730 in found.sequences or 0x00420012 in found.values or 0x0040A491 in found.values


def _check_pictures(meta: Meta, found: Elements, size_bytes: int) -> tuple[int, int, int]:
    """Give rows, columns and frames. Raises PixelsTooLarge for what the object cannot or should not hold."""
    rows, columns, samples, bits = (
        dicom_values.unsigned(found.values.get(tag), found.byte_order)
        for tag in (0x00280010, 0x00280011, 0x00280002, 0x00280100)
    )
    if not (rows and columns and found.has_pixels):
        return rows, columns, 0
    frames = max(dicom_values.integer(found.values.get(0x00280008)) or 1, 1)
    frame_bytes = rows * columns * (samples or 1) * (bits or 8) // 8
    claimed = frame_bytes * frames
    is_raw = meta.transfer_syntax_uid in _NOT_ENCAPSULATED - {DEFLATED_LE}
    if frame_bytes > MAX_FRAME_BYTES or frames > MAX_FRAMES:
        raise PixelsTooLarge
    if is_raw and claimed > _CLAIM_CHECKED_FROM and claimed > 2 * size_bytes:
        raise PixelsTooLarge
    return rows, columns, frames


def _is_colour(found: Elements) -> bool:
    samples = dicom_values.unsigned(found.values.get(0x00280002), found.byte_order)
    return samples > 1 or _uid(found, 0x00280004) == "PALETTE COLOR"


def _place(found: Elements) -> tuple[float | None, str | None]:
    """Give the position along the slice's normal (PS3.3 C.7.6.2), and the orientation it belongs to."""
    at = dicom_values.decimals(found.values.get(0x00200032))
    turned = _turned(found.values.get(0x00200037, b""))
    if len(at) != 3 or turned is None:
        return None, None
    normal, orientation = turned
    position = sum(along * part for along, part in zip(at, normal, strict=True))
    return round(position, 3), orientation


@lru_cache(maxsize=256)
def _turned(raw: bytes) -> tuple[tuple[float, float, float], str] | None:
    """Give the normal of an Image Orientation (Patient), and its text, rounded; None when it has not six numbers."""
    turned = dicom_values.decimals(raw)
    if len(turned) != 6:
        return None
    a, b, c, d, e, f = turned
    return (b * f - c * e, c * d - a * f, a * e - b * d), "\\".join(f"{value:.3f}" for value in turned)
