"""Reads a finished file back from the store before anyone is told of it: its size, and that its directory is whole."""

import io
import struct
import zipfile

from services.archiver.contents import Packed
from services.archiver.stored_file import StoredFile
from services.chassis.objects import ObjectMissing, ObjectStore, ObjectStoreDown

SECTOR_BYTES = 2048
BUFFER_BYTES = 1 << 20
DESCRIPTOR_AT = 16 * SECTOR_BYTES
"""The primary volume descriptor of an ISO 9660 image (ECMA-119 §6.7.1)."""


class FileSpoiled(ObjectStoreDown):
    """Raised when the store does not hold what was written: a fault outside, so that the file is made again."""


def check_written(store: ObjectStore, key: str, packed: Packed, package_format: str) -> None:
    """Raise FileSpoiled unless the object at *key* has the size and the directory of *packed*."""
    try:
        if store.size(key) != packed.size_bytes:
            raise FileSpoiled("size")
        if package_format == "zip":
            _check_zip(store, key, packed)
        else:
            _check_iso(store, key, packed)
    except (ObjectMissing, zipfile.BadZipFile, struct.error) as error:
        raise FileSpoiled(type(error).__name__) from error


def _check_zip(store: ObjectStore, key: str, packed: Packed) -> None:
    with zipfile.ZipFile(io.BufferedReader(StoredFile(store, key, packed.size_bytes), BUFFER_BYTES)) as archive:
        names = set(archive.namelist())
    if not {"DICOMDIR", "README.TXT", "INDEX.HTM"} <= names or len(names) < packed.instances + 3:
        raise FileSpoiled("directory")


def _check_iso(store: ObjectStore, key: str, packed: Packed) -> None:
    descriptor = store.read_range(key, DESCRIPTOR_AT, SECTOR_BYTES)
    (sectors,) = struct.unpack_from("<I", descriptor, 80)
    if descriptor[:6] != b"\x01CD001" or sectors * SECTOR_BYTES != packed.size_bytes:
        raise FileSpoiled("volume descriptor")
