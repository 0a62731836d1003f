"""Makes a package in one pass: reads the stored objects, records them in the DICOMDIR, writes the file.

Memory stays flat whatever the size: a few objects of at most 8 MiB at a time, bigger ones in blocks of 1 MiB.
"""

from collections.abc import Callable, Iterator
from io import BytesIO
from tempfile import TemporaryFile
from typing import IO

from contracts.manifest import ManifestInstance
from services.archiver import zip_writer
from services.archiver.contents import Contents, Omitted, Packed, Render, ReportPdf, estimate_bytes
from services.archiver.errors import ObjectUnreadable
from services.archiver.iso_writer import IsoEntry, check_sizes, in_image_order, write_iso
from services.archiver.layout import FILE_SET_ID
from services.archiver.output import Output
from services.archiver.package_files import PackageFiles, Watch, open_files
from services.archiver.pool import in_order
from services.archiver.reading import WHOLE_LIMIT_BYTES, ObjectFile, Source, read_blocks, read_file, read_whole
from services.archiver.zip_writer import DEFLATED, STORED, Member, Sink, ZipWriter

__all__ = [
    "Contents",
    "Omitted",
    "Packed",
    "Render",
    "ReportPdf",
    "Sink",
    "Source",
    "estimate_bytes",
    "pack_iso",
    "pack_zip",
]

WORTH_DEFLATING = frozenset(
    {
        "1.2.840.10008.1.2",  # Implicit VR Little Endian
        "1.2.840.10008.1.2.1",  # Explicit VR Little Endian
        "1.2.840.10008.1.2.2",  # Explicit VR Big Endian
    }
)
"""Transfer syntaxes whose objects shrink; deflating others saves 0.005 % for 11 times the time (performance §2.1)."""


def pack_zip(
    contents: Contents,
    source: Source,
    sink: Sink,
    *,
    render: Render,
    progress: Callable[[float], None],
    check: Callable[[], None],
    threads: int,
) -> Packed:
    """Write the package as a ZIP (PS3.12 Annex V) to *sink*.

    ``progress(fraction)`` and ``check()`` are called after each file, on this thread; what *check* raises stops the
    packing and goes through. *source* and *render* are asked from *threads* threads at once. Raises PackingError, and
    what *source*, *render* or *sink* raise when they do not answer.
    """
    with open_files(contents, source, render, Watch(progress, check), threads) as files:
        out = Output(sink)
        writer = ZipWriter(out, contents.made_at)
        for path, data in files.front_files():
            writer.write(zip_writer.deflate(path, data))
        for member in _object_members(files):
            writer.write(member)
            files.step(member.size)
        for picture, jpeg in files.render_pictures():
            if jpeg is not None:
                writer.write(zip_writer.store(picture.path, jpeg))
        for path, report in files.reports.items():
            writer.write(zip_writer.deflate(path, read_file(source, report.key)))
        for path, data in files.back_files("zip"):
            writer.write(zip_writer.deflate(path, data))
        writer.close()
        return files.finish(out)


def pack_iso(
    contents: Contents,
    source: Source,
    sink: Sink,
    *,
    render: Render,
    progress: Callable[[float], None],
    check: Callable[[], None],
    threads: int,
) -> Packed:
    """Write the package as an ISO 9660 image (PS3.12 Annex F) to *sink*; as ``pack_zip`` otherwise.

    Pictures are rendered first, into a temporary file, since the image's head tells all sizes. Raises also
    ObjectTooBigForIso, before anything is read.
    """
    with open_files(contents, source, render, Watch(progress, check), threads) as files, TemporaryFile() as spill:
        objects = list(_object_entries(files))
        check_sizes(objects)
        entries = [*objects, *_picture_entries(files, spill), *_report_entries(files)]
        for path, data in (*files.front_files(), *files.back_files("iso")):
            entries.append(IsoEntry(path, len(data), BytesIO(data)))
        entries = in_image_order(entries)
        out = Output(sink)
        write_iso(
            entries,
            out,
            volume_id=FILE_SET_ID,
            made_at=contents.made_at,
            on_entry=lambda index: _read_ahead(files, entries, index),
        )
        return files.finish(out)


def _object_members(files: PackageFiles) -> Iterator[Member]:
    """Give each object as a ZIP member: small ones packed on the pool, big ones block by block."""
    small: list[tuple[str, ManifestInstance]] = []
    for path, instance in files.objects():
        if instance.size_bytes <= WHOLE_LIMIT_BYTES:
            small.append((path, instance))
            continue
        yield from _small_members(files, small)
        small = []
        yield _big_member(files, path, instance)
    yield from _small_members(files, small)


def _small_members(files: PackageFiles, placed: list[tuple[str, ManifestInstance]]) -> Iterator[Member]:
    tasks = (lambda at=path, one=instance: _small_member(files.source, at, one) for path, instance in placed)
    return in_order(files.pool, tasks, files.ahead)


def _small_member(source: Source, path: str, instance: ManifestInstance) -> Member:
    make = zip_writer.deflate if instance.transfer_syntax_uid in WORTH_DEFLATING else zip_writer.store
    return make(path, *read_whole(source, instance))


def _big_member(files: PackageFiles, path: str, instance: ManifestInstance) -> Member:
    method = DEFLATED if instance.transfer_syntax_uid in WORTH_DEFLATING else STORED
    blocks = read_blocks(files.source, instance, files.pool, files.ahead)
    tasks = (lambda data=block: zip_writer.pack_block(data, method) for block in blocks)
    return zip_writer.join_blocks(path, method, in_order(files.pool, tasks, files.ahead))


def _object_entries(files: PackageFiles) -> Iterator[IsoEntry]:
    for path, instance in files.objects():
        yield IsoEntry(path, instance.size_bytes, ObjectFile(files.source, instance, files.pool, files.ahead))


def _picture_entries(files: PackageFiles, spill: IO[bytes]) -> Iterator[IsoEntry]:
    for picture, jpeg in files.render_pictures():
        if jpeg is not None:
            yield IsoEntry(picture.path, len(jpeg), _Slice(spill, spill.tell()))
            spill.write(jpeg)


def _report_entries(files: PackageFiles) -> Iterator[IsoEntry]:
    for path, report in files.reports.items():
        size = files.source.size(report.key)
        if size is None:
            raise ObjectUnreadable(report.key)
        yield IsoEntry(path, size, _Report(files.source, report.key))


def _read_ahead(files: PackageFiles, entries: list[IsoEntry], index: int) -> None:
    """Count the entry before *index* as done, and begin to read the objects from *index* on."""
    before = entries[index - 1] if index else None
    files.step(before.size if before and isinstance(before.file, ObjectFile) else 0)
    for entry in entries[index : index + files.ahead]:
        if isinstance(entry.file, ObjectFile):
            entry.file.begin()


class _Slice:
    """A picture in the temporary file, from *start* on."""

    __slots__ = ("_spill", "_start")

    def __init__(self, spill: IO[bytes], start: int) -> None:
        self._spill, self._start = spill, start

    def seek(self, offset: int) -> int:
        return self._spill.seek(self._start + offset)

    def read(self, size: int) -> bytes:
        return self._spill.read(size)


class _Report:
    """A report's PDF, read when its turn comes."""

    def __init__(self, source: Source, key: str) -> None:
        self._source, self._key = source, key
        self._data = BytesIO()

    def seek(self, offset: int) -> int:
        self._data = BytesIO(read_file(self._source, self._key))
        return self._data.seek(offset)

    def read(self, size: int) -> bytes:
        return self._data.read(size)
