"""The files of one package, whichever its format: what they hold, how far the packing is, and its threads."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

from contracts.archiver import PackageFormat
from contracts.manifest import ManifestInstance
from services.archiver.contents import Contents, Omitted, Packed, Render, ReportPdf
from services.archiver.dicomdir_records import moment_of
from services.archiver.errors import NothingToPack
from services.archiver.layout import Layout, lay_out, make_dicomdir
from services.archiver.media_profile import claim_of
from services.archiver.offline_viewer import STUDY_JS, viewer_parts, write_page, write_study
from services.archiver.output import Output
from services.archiver.pictures import Album, Picture, pictures_of
from services.archiver.pool import in_order
from services.archiver.reading import Source
from services.archiver.readme_txt import write_readme

PICTURE_WEIGHT = 250_000
"""What a picture counts in progress, in bytes of objects copied: rendering one takes about as long."""


@dataclass(frozen=True, slots=True)
class Watch:
    """Whoever watches a packing: hears its progress (0 to 1), may stop it by raising in *check*."""

    progress: Callable[[float], None]
    check: Callable[[], None]


@dataclass(slots=True)
class PackageFiles:
    """One package being made."""

    contents: Contents
    source: Source
    render: Render
    watch: Watch
    pool: Executor
    ahead: int
    """How many objects may be read or packed in advance."""
    layout: Layout
    reports: dict[str, ReportPdf]
    """By path."""
    album: Album = field(default_factory=Album)
    instances: int = 0
    object_bytes: int = 0
    _done: int = 0
    _total: int = 0

    def objects(self) -> Iterator[tuple[str, ManifestInstance]]:
        """Give each object with its path."""
        return self.layout.placed()

    def front_files(self) -> Iterator[tuple[str, bytes]]:
        """Give the files that hang on no picture."""
        yield "INDEX.HTM", write_page(self.contents)
        yield "DICOMDIR", make_dicomdir(self.layout, moment_of(self.contents.made_at))
        yield from viewer_parts().items()

    def back_files(self, package_format: PackageFormat) -> Iterator[tuple[str, bytes]]:
        """Give the files that tell which pictures there are: after ``render_pictures``."""
        claim = claim_of(package_format, self.layout.transfer_syntaxes(), self.object_bytes)
        yield "README.TXT", write_readme(self.contents, claim=claim, objects=self.instances, omitted=self.omitted())
        titles = {path: report.title for path, report in self.reports.items()}
        yield STUDY_JS, write_study(self.contents, self.layout, self.album, titles)

    def render_pictures(self) -> Iterator[tuple[Picture, bytes | None]]:
        """Give each picture with its JPEG, or None where there is none."""
        tasks = (lambda one=picture: (one, self.render(one.key, one.frame)) for picture in pictures_of(self.layout))
        for picture, jpeg in in_order(self.pool, tasks, self.ahead):
            self.album.add(picture, exists=jpeg is not None)
            yield picture, jpeg
            self.step(PICTURE_WEIGHT)

    def step(self, weight: int) -> None:
        """Count *weight* bytes as done, tell how far that is, and let whoever watches stop it."""
        self.watch.check()
        self._done += weight
        self.watch.progress(min(self._done / self._total, 1.0))

    def omitted(self) -> list[Omitted]:
        """Give what the package could not hold."""
        return [Omitted(len(self.album.missing), "no-picture")] if self.album.missing else []

    def finish(self, out: Output) -> Packed:
        """Give the result, when all is written."""
        out.flush()
        self.watch.check()
        self.watch.progress(1.0)
        return Packed(out.size_bytes, out.sha256(), self.instances, self.omitted())

    def measure(self) -> None:
        """Count what there is to do. Raises NothingToPack."""
        sizes = [instance.size_bytes for _, instance in self.objects()]
        if not sizes:
            raise NothingToPack("the exams have no object that may be packed")
        self.instances, self.object_bytes = len(sizes), sum(sizes)
        self._total = self.object_bytes + PICTURE_WEIGHT * sum(1 for _ in pictures_of(self.layout))


@contextmanager
def open_files(
    contents: Contents, source: Source, render: Render, watch: Watch, threads: int
) -> Iterator[PackageFiles]:
    """Give the files of *contents* with *threads* threads to work on them; the threads end with the context."""
    layout = lay_out(contents.manifests, include_findings=contents.include_findings)
    reports = {f"REPORT/REPORT{number:02d}.PDF": one for number, one in enumerate(contents.reports, start=1)}
    pool = ThreadPoolExecutor(threads, thread_name_prefix="packing")
    try:
        files = PackageFiles(contents, source, render, watch, pool, threads + 1, layout, reports)
        files.measure()
        yield files
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
