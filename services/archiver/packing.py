"""Makes a package in one pass: reads the stored objects, records them in the DICOMDIR, writes the file.

Memory stays flat whatever the size: a few objects of at most 8 MiB at a time, bigger ones in blocks of 1 MiB.
"""

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from tempfile import TemporaryFile
from typing import IO, Literal

from contracts.exams import ManifestInstance
from services.archiver import zip_writer
from services.archiver.contents import Contents, Omitted, Packed, Render, ReportPdf, estimate_bytes
from services.archiver.dicomdir_records import moment_of
from services.archiver.errors import NothingToPack, ObjectUnreadable
from services.archiver.iso_writer import IsoEntry, check_sizes, in_image_order, write_iso
from services.archiver.layout import FILE_SET_ID, Layout, lay_out, make_dicomdir
from services.archiver.media_profile import claim_of
from services.archiver.offline_viewer import STUDY_JS, viewer_parts, write_page, write_study
from services.archiver.pictures import Album, Picture, pictures_of
from services.archiver.pool import in_order
from services.archiver.reading import WHOLE_LIMIT_BYTES, ObjectFile, Source, read_blocks, read_file, read_whole
from services.archiver.readme_txt import write_readme
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
        "1.2.840.10008.1.2.5",  # RLE gains some
    }
)
"""Transfer syntaxes whose objects shrink; deflating the others saves 0.005 % for 11 times the time (performance §2.1)."""
SINK_BYTES = 1 << 20


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
    what *source* or *sink* raise when they do not answer.
    """
    with _job(contents, source, render, progress, check, threads) as job:
        out = _Output(sink)
        writer = ZipWriter(out, contents.made_at)
        for path, data in job.front_files():
            writer.write(zip_writer.deflate(path, data))
        for member in _object_members(job):
            writer.write(member)
            job.step(member.size)
        for picture, jpeg in job.render_pictures():
            if jpeg is not None:
                writer.write(zip_writer.store(picture.path, jpeg))
        for path, report in job.reports.items():
            writer.write(zip_writer.deflate(path, read_file(source, report.key)))
        for path, data in job.back_files("zip"):
            writer.write(zip_writer.deflate(path, data))
        writer.close()
        return job.packed(out)


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
    ObjectTooBigForIso.
    """
    with _job(contents, source, render, progress, check, threads) as job, TemporaryFile() as spill:
        objects = list(_object_entries(job))
        check_sizes(objects)
        pictures = list(_picture_entries(job, spill))
        reports = [IsoEntry(path, _size_of(source, one), _Report(source, one)) for path, one in job.reports.items()]
        texts = [*job.back_files("iso"), *job.front_files()]
        small = [IsoEntry(path, len(data), BytesIO(data)) for path, data in texts]
        entries = in_image_order([*small, *objects, *pictures, *reports])
        out = _Output(sink)

        def on_entry(index: int) -> None:
            job.step(entries[index - 1].size if index and isinstance(entries[index - 1].file, ObjectFile) else 0)
            for entry in entries[index : index + job.ahead]:
                if isinstance(entry.file, ObjectFile):
                    entry.file.begin()

        write_iso(entries, out, volume_id=FILE_SET_ID, made_at=contents.made_at, on_entry=on_entry)
        return job.packed(out)


class _Output:
    """Hashes and counts what goes to the sink, and hands it on in pieces of about 1 MiB."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._hash = hashlib.sha256()
        self._waiting = bytearray()
        self.size_bytes = 0

    def write(self, data: bytes | memoryview) -> None:
        """Append *data*."""
        self._waiting += data
        if len(self._waiting) >= SINK_BYTES:
            self.flush()

    def flush(self) -> None:
        """Hand on what waits."""
        self._hash.update(self._waiting)
        self.size_bytes += len(self._waiting)
        self._sink.write(bytes(self._waiting))
        self._waiting.clear()

    def sha256(self) -> str:
        """Give the digest of all bytes handed on."""
        return self._hash.hexdigest()


@dataclass(slots=True)
class _Job:
    """One packing: what it holds, its threads, how far it is."""

    contents: Contents
    source: Source
    render: Render
    progress: Callable[[float], None]
    check: Callable[[], None]
    pool: Executor
    ahead: int
    layout: Layout
    reports: dict[str, ReportPdf]
    instances: int
    object_bytes: int
    album: Album = field(default_factory=Album)
    done: float = 0
    total: float = 1

    def step(self, weight: float) -> None:
        """Tell how far the packing is, and let whoever asked for it stop it."""
        self.check()
        self.done += weight
        self.progress(min(self.done / self.total, 1.0))

    def front_files(self) -> Iterator[tuple[str, bytes]]:
        """Give the files that need no picture."""
        yield "INDEX.HTM", write_page(self.contents)
        yield "DICOMDIR", make_dicomdir(self.layout, moment_of(self.contents.made_at))
        yield from viewer_parts().items()

    def back_files(self, package_format: Literal["zip", "iso"]) -> Iterator[tuple[str, bytes]]:
        """Give the files that tell which pictures there are: after ``render_pictures``."""
        titles = {path: report.title for path, report in self.reports.items()}
        claim = claim_of(package_format, self.layout.transfer_syntaxes(), self.object_bytes)
        readme = write_readme(self.contents, claim=claim, objects=self.instances, omitted=self.omitted())
        yield "README.TXT", readme
        yield STUDY_JS, write_study(self.contents, self.layout, self.album, titles)

    def render_pictures(self) -> Iterator[tuple[Picture, bytes | None]]:
        """Give each picture with its JPEG, or None where there is none."""
        tasks = (lambda one=picture: (one, self.render(one.key, one.frame)) for picture in pictures_of(self.layout))
        for picture, jpeg in in_order(self.pool, tasks, self.ahead):
            self.album.add(picture, exists=jpeg is not None)
            yield picture, jpeg
            self.step(PICTURE_WEIGHT)

    def omitted(self) -> list[Omitted]:
        """Give what the package could not hold."""
        return [Omitted(len(self.album.missing), "no-picture")] if self.album.missing else []

    def packed(self, out: _Output) -> Packed:
        """Give the result, when all is written."""
        out.flush()
        self.check()
        self.progress(1.0)
        return Packed(out.size_bytes, out.sha256(), self.instances, self.omitted())


PICTURE_WEIGHT = 250_000
"""What rendering a picture counts in progress, in bytes of objects copied."""


@contextmanager
def _job(
    contents: Contents,
    source: Source,
    render: Render,
    progress: Callable[[float], None],
    check: Callable[[], None],
    threads: int,
) -> Iterator[_Job]:
    layout = lay_out(contents.manifests, include_findings=contents.include_findings)
    sizes = [instance.size_bytes for _, instance in layout.placed()]
    if not sizes:
        raise NothingToPack("the exams have no object that may be packed")
    reports = {f"REPORT/REPORT{number:02d}.PDF": one for number, one in enumerate(contents.reports, start=1)}
    pool = ThreadPoolExecutor(threads, thread_name_prefix="packing")
    try:
        job = _Job(
            contents, source, render, progress, check, pool, threads + 1, layout, reports, len(sizes), sum(sizes)
        )
        job.total = job.object_bytes + PICTURE_WEIGHT * sum(1 for _ in pictures_of(layout))
        yield job
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _object_members(job: _Job) -> Iterator[Member]:
    """Give each object as a ZIP member: small ones packed on the pool, big ones block by block."""
    small: list[tuple[str, ManifestInstance]] = []
    for path, instance in job.layout.placed():
        if instance.size_bytes > WHOLE_LIMIT_BYTES:
            yield from _small_members(job, small)
            small = []
            yield _big_member(job, path, instance)
        else:
            small.append((path, instance))
    yield from _small_members(job, small)


def _small_members(job: _Job, placed: list[tuple[str, ManifestInstance]]) -> Iterator[Member]:
    tasks = (lambda at=path, one=instance: _small_member(job.source, at, one) for path, instance in placed)
    return in_order(job.pool, tasks, job.ahead)


def _small_member(source: Source, path: str, instance: ManifestInstance) -> Member:
    make = zip_writer.deflate if instance.transfer_syntax_uid in WORTH_DEFLATING else zip_writer.store
    return make(path, *read_whole(source, instance))


def _big_member(job: _Job, path: str, instance: ManifestInstance) -> Member:
    method = DEFLATED if instance.transfer_syntax_uid in WORTH_DEFLATING else STORED
    blocks = read_blocks(job.source, instance, job.pool, job.ahead)
    tasks = (lambda data=block: zip_writer.pack_block(data, method) for block in blocks)
    return zip_writer.join_blocks(path, method, in_order(job.pool, tasks, job.ahead))


def _object_entries(job: _Job) -> Iterator[IsoEntry]:
    for path, instance in job.layout.placed():
        yield IsoEntry(path, instance.size_bytes, ObjectFile(job.source, instance, job.pool, job.ahead))


def _picture_entries(job: _Job, spill: IO[bytes]) -> Iterator[IsoEntry]:
    for picture, jpeg in job.render_pictures():
        if jpeg is not None:
            yield IsoEntry(picture.path, len(jpeg), _Slice(spill, spill.tell()))
            spill.write(jpeg)


def _size_of(source: Source, report: ReportPdf) -> int:
    size = source.size(report.key)
    if size is None:
        raise ObjectUnreadable(report.key)
    return size


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

    def __init__(self, source: Source, report: ReportPdf) -> None:
        self._source, self._key = source, report.key
        self._data = BytesIO()

    def seek(self, offset: int) -> int:
        self._data = BytesIO(read_file(self._source, self._key))
        return self._data.seek(offset)

    def read(self, size: int) -> bytes:
        return self._data.read(size)
