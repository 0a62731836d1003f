"""Writes a DICOMDIR (PS3.10 §8, PS3.3 F.3): header, then records depth first, linked to their next and first below.

Records come ready packed from ``dicomdir_records``; this room knows offsets alone.
"""

import struct

from services.archiver.dicomdir_records import LOWER_OFFSET_AT, NEXT_OFFSET_AT
from services.archiver.explicit_vr import encode_element

MEDIA_STORAGE_DIRECTORY = "1.2.840.10008.1.3.10"
EXPLICIT_VR_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"
IMPLEMENTATION_CLASS_UID = "2.25.222948512029939374394844694669317229044"
IMPLEMENTATION_VERSION = "PATIENT_PORTAL"

_U32 = struct.Struct("<I")


class Dicomdir:
    """A DICOMDIR that grows by records, depth first: a patient, its first study, that study's first series."""

    def __init__(self, file_set_uid: str, file_set_id: str) -> None:
        """Begin an empty directory; *file_set_id* is at most 16 characters ``A-Z 0-9 _``."""
        self._bytes = bytearray(_header(file_set_uid, file_set_id))
        self._last_root_at = len(self._bytes) - 12 - 10 - 4
        self._first_root_at = self._last_root_at - 12
        self._sequence_length_at = len(self._bytes) - 4
        self._records_at = len(self._bytes)
        self._path: list[int] = []
        """Offset of the newest record of each level."""

    def add(self, level: int, record: bytes) -> None:
        """Append *record* at *level*: 0 for a patient, 3 for an object."""
        at = len(self._bytes)
        self._bytes += record
        if level < len(self._path):
            self._put(self._path[level] + NEXT_OFFSET_AT, at)
        elif level:
            self._put(self._path[level - 1] + LOWER_OFFSET_AT, at)
        else:
            self._put(self._first_root_at, at)
        if level == 0:
            self._put(self._last_root_at, at)
        self._path[level:] = [at]

    def to_bytes(self) -> bytes:
        """Give the whole file."""
        self._put(self._sequence_length_at, len(self._bytes) - self._records_at)
        return bytes(self._bytes)

    def _put(self, at: int, value: int) -> None:
        _U32.pack_into(self._bytes, at, value)


def _header(file_set_uid: str, file_set_id: str) -> bytes:
    meta = (
        encode_element(0x00020001, "OB", b"\x00\x01")
        + encode_element(0x00020002, "UI", MEDIA_STORAGE_DIRECTORY.encode())
        + encode_element(0x00020003, "UI", file_set_uid.encode())
        + encode_element(0x00020010, "UI", EXPLICIT_VR_LITTLE_ENDIAN.encode())
        + encode_element(0x00020012, "UI", IMPLEMENTATION_CLASS_UID.encode())
        + encode_element(0x00020013, "SH", IMPLEMENTATION_VERSION.encode())
    )
    return (
        bytes(128)
        + b"DICM"
        + encode_element(0x00020000, "UL", _U32.pack(len(meta)))
        + meta
        + encode_element(0x00041130, "CS", file_set_id.encode())
        + encode_element(0x00041200, "UL", bytes(4))
        + encode_element(0x00041202, "UL", bytes(4))
        + encode_element(0x00041212, "US", bytes(2))
        + encode_element(0x00041220, "SQ", b"")
    )
