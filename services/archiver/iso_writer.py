"""Writes an ISO 9660 image (level 1, with Joliet and Rock Ridge) forward only, by pycdlib (PS3.12 Annex F).

The image is laid out from sizes alone; files are read when their turn comes. pycdlib seeks back inside the head
(descriptors, path tables, directories) only, so the head is held in memory and the rest flows.
"""

import io
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO, Protocol, cast

import pycdlib
from pycdlib import dates, headervd, utils
from pycdlib import pycdlib as pycdlib_core

from services.archiver.errors import ObjectTooBigForIso
from services.archiver.zip_writer import Sink

SECTOR_BYTES = 2048
MAX_FILE_BYTES = 0xFFFFF800
"""A file of one extent: its length has 32 bits and whole sectors."""
COPY_BYTES = 1 << 20


class ForwardFile(Protocol):
    """What a file's bytes are read from: ``seek(0)``, then reads."""

    def seek(self, offset: int, /) -> Any:
        """Go to the beginning."""

    def read(self, size: int, /) -> bytes:
        """Give the next *size* bytes."""


@dataclass(slots=True)
class IsoEntry:
    """A file of the image: ``DICOM/ST000001/SE000001/IM000001``, upper case, 8.3."""

    path: str
    size: int
    file: ForwardFile


def in_image_order(entries: Iterable[IsoEntry]) -> list[IsoEntry]:
    """Give *entries* in the order in which pycdlib lays them out: folder by folder, shallow ones first, by name."""
    return sorted(entries, key=lambda entry: (entry.path.count("/"), entry.path.split("/")))


def write_iso(
    entries: Sequence[IsoEntry], sink: Sink, *, volume_id: str, made_at: datetime, on_entry: Callable[[int], None]
) -> None:
    """Write the image of *entries* (in image order) to *sink*; ``on_entry(index)`` is called before each file's bytes.

    The same entries at the same *made_at* (UTC) give the same bytes. Raises ObjectTooBigForIso before anything is
    written, and whatever reading a file raises.
    """
    check_sizes(entries)
    with _fixed_time(made_at):
        iso = pycdlib.PyCdlib()
        iso.new(interchange_level=1, sys_ident="", vol_ident=volume_id, joliet=3, rock_ridge="1.09")
        _add_folders(iso, entries)
        for index, entry in enumerate(entries):
            name = entry.path.rsplit("/", 1)[-1]
            file = cast(BinaryIO, _Announced(entry.file, index, on_entry))
            iso.add_fp(file, entry.size, _iso_path(entry.path), rr_name=name, joliet_path=f"/{entry.path}")
        iso.force_consistency()
        head = _sector_of(iso, entries[0]) * SECTOR_BYTES
        iso.write_fp(cast(BinaryIO, _ForwardOnly(sink, head)), blocksize=COPY_BYTES)
        iso.close()


def check_sizes(entries: Sequence[IsoEntry]) -> None:
    """Raise ObjectTooBigForIso when a file is too long for the format."""
    for entry in entries:
        if entry.size > MAX_FILE_BYTES:
            raise ObjectTooBigForIso("an object of 4 GiB or more does not fit an .iso; choose .zip")


def _iso_path(path: str) -> str:
    name = path.rsplit("/", 1)[-1]
    return f"/{path};1" if "." in name else f"/{path}.;1"


def _sector_of(iso: pycdlib.PyCdlib, entry: IsoEntry) -> int:
    return int(iso.get_record(iso_path=_iso_path(entry.path)).extent_location())


def _add_folders(iso: pycdlib.PyCdlib, entries: Sequence[IsoEntry]) -> None:
    known: set[str] = set()
    for entry in entries:
        parts = entry.path.split("/")
        for depth in range(1, len(parts)):
            folder = "/".join(parts[:depth])
            if folder not in known:
                known.add(folder)
                iso.add_directory(f"/{folder}", rr_name=parts[depth - 1], joliet_path=f"/{folder}")


class _Announced:
    """A file that says when its copying begins."""

    mode = "rb"

    def __init__(self, file: ForwardFile, index: int, on_entry: Callable[[int], None]) -> None:
        self._file, self._index, self._on_entry = file, index, on_entry
        self.read = file.read

    def seek(self, offset: int) -> None:
        self._on_entry(self._index)
        self._file.seek(offset)


class _ForwardOnly:
    """A file to pycdlib, an append-only sink to us: *head_bytes* are kept until something is written behind them."""

    mode = "wb"

    def __init__(self, sink: Sink, head_bytes: int) -> None:
        self._sink = sink
        self._head = bytearray(head_bytes)
        self._sent = 0
        self._at = 0

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: max(self._sent, len(self._head))}[whence]
        self._at = start + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def write(self, data: bytes) -> int:
        if self._at < len(self._head):
            self._write_head(data)
        else:
            self._write_behind(data)
        self._at += len(data)
        return len(data)

    def _write_head(self, data: bytes) -> None:
        if self._sent or self._at + len(data) > len(self._head):
            raise io.UnsupportedOperation("the image's head is already written")
        self._head[self._at : self._at + len(data)] = data

    def _write_behind(self, data: bytes) -> None:
        if not self._sent:
            self._sink.write(memoryview(self._head))
            self._sent = len(self._head)
        if self._at < self._sent:
            raise io.UnsupportedOperation("the image is written forward only")
        if gap := self._at - self._sent:
            self._sink.write(bytes(gap))
        self._sink.write(data)
        self._sent = self._at + len(data)


# pycdlib stamps directories and descriptors with the time of day and knows no argument for it; so that the same package
# has the same bytes, its `time` is this one, which tells the package's time in the thread that writes one.

_package_time: ContextVar[float | None] = ContextVar("package_time", default=None)


class _PackageTime:
    """The module ``time`` as pycdlib sees it: UTC at the package's time while an image is written."""

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)

    @staticmethod
    def time() -> float:
        fixed = _package_time.get()
        return time.time() if fixed is None else fixed

    @staticmethod
    def localtime(seconds: float | None = None) -> Any:
        return time.localtime(seconds) if _package_time.get() is None else time.gmtime(seconds)


for _module in (pycdlib_core, headervd, dates, utils):
    vars(_module)["time"] = _PackageTime()


@contextmanager
def _fixed_time(made_at: datetime) -> Iterator[None]:
    token = _package_time.set(made_at.timestamp())
    try:
        yield
    finally:
        _package_time.reset(token)
