"""Does one build: claims it, packs it into the file store, verifies it, finishes it. May die at any instant.

What it leaves then is a lease that passes and a file that no build names; another worker begins anew, the sweep
deletes the file. Every file's key carries the fence, so a worker that lost its lease can spoil nothing.
"""

import hashlib
import io
import json
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

from contracts.manifest import Manifest, frame_key
from contracts.topology import JOBS_LARGE, JOBS_SMALL
from services.archiver import packing
from services.archiver.chores import FOLDER
from services.archiver.contents import Contents, Packed, ReportPdf
from services.archiver.domain import BuildSpec, ReportPin, StudyPin
from services.archiver.errors import ObjectDamaged, ObjectUnreadable, PackingError
from services.archiver.lease import LeaseKeeper, LeaseLost
from services.archiver.parts import Parts
from services.archiver.reading import WHOLE_LIMIT_BYTES
from services.archiver.store.builds import Lease
from services.archiver.stored_file import StoredFile
from services.archiver.usecases import build
from services.archiver.usecases.build import MadeFile
from services.archiver.verify import BUFFER_BYTES, check_written
from services.chassis import log
from services.chassis.db import new_id
from services.chassis.frames import render_jpeg_guarded
from services.chassis.jobs import DONE, LATER, JobOutcome, Jobs
from services.chassis.no_picture import NoPicture
from services.chassis.objects import ObjectMissing, ObjectStoreDown, ObjectWriter

Step = Callable[[str], None]
"""Called with the name of each step before it is done; a test lets the worker die there."""


def _go_on(_step: str) -> None:
    return


class Worker:
    """Makes files of builds, one at a time."""

    def __init__(self, parts: Parts, step: Step = _go_on) -> None:
        self._parts, self._step = parts, step
        self._owner = f"{socket.gethostname()[:24]}-{os.getpid()}-{new_id()[:8]}"

    def find_claimable(self) -> list[str]:
        """Give the ids of builds that wait for a worker."""
        with self._parts.db.read() as tx:
            return build.find_claimable(tx)

    def work(self, build_id: str) -> JobOutcome:
        """Make the file of a build, unless another has it or it is not wanted any more."""
        lease = self._claim(build_id)
        if lease is None:
            with self._parts.db.read() as tx:
                return LATER if build.is_open(tx, build_id) else DONE
        outcome = self._outcome(lease)
        self._step("acknowledge")
        return outcome

    def _claim(self, build_id: str) -> Lease | None:
        self._step("claim")
        length = timedelta(seconds=self._parts.settings.lease_s)
        with self._parts.db.begin() as tx:
            return build.claim(tx, build_id, self._owner, length, self._parts.clock.now())

    def _outcome(self, lease: Lease) -> JobOutcome:
        try:
            made = self._make(lease)
        except LeaseLost:
            log.get().info("lease-lost", build_id=lease.build_id, fence=lease.fence)
            return DONE
        except PackingError as error:
            log.get().error("build-failed", build_id=lease.build_id, slug=error.slug, exc_info=error)
            slug = error.slug
            self._tell(lambda tx, now: build.fail(tx, lease, slug, now))
            return DONE
        except (ObjectStoreDown, OSError) as error:  # a fault outside: no try, and never a failure
            log.get().warning("build-given-back", build_id=lease.build_id, exc_info=error)
            self._tell(lambda tx, now: build.give_back(tx, lease, now))
            return DONE
        self._finish(lease, made)
        return DONE

    def _tell(self, what: Callable[[Any, Any], None]) -> None:
        with self._parts.db.begin() as tx:
            what(tx, self._parts.clock.now())

    def _finish(self, lease: Lease, made: MadeFile) -> None:
        self._step("finish")
        with self._parts.db.begin() as tx:
            is_ready = build.finish(tx, lease, made, self._parts.clock.now())
            self._step("commit")
        if is_ready:
            log.get().info("build-ready", build_id=lease.build_id, fence=lease.fence, bytes=made.size_bytes)
        else:
            self._parts.files.delete(made.object_key)

    def _make(self, lease: Lease) -> MadeFile:
        key = f"{FOLDER}/{lease.build_id}.{lease.fence}.{lease.spec.format}"
        with LeaseKeeper(self._parts, lease) as keeper:
            contents = self._contents(lease)
            self._step("write")
            writer = self._parts.files.writer(key)
            try:
                packed = self._pack(lease.spec, contents, writer, keeper)
                self._step("close")
                writer.close()
                self._step("verify")
                check_written(self._parts.files, key, packed, lease.spec.format)
                keeper.check()
            except BaseException as error:
                self._throw_away(key, writer, error)
                raise
        omitted = [(one.count, one.reason) for one in packed.omitted]
        return MadeFile(key, packed.size_bytes, packed.sha256, omitted)

    def _throw_away(self, key: str, writer: ObjectWriter, error: BaseException) -> None:
        writer.abort()
        if isinstance(error, Exception):  # else the process ends: the sweep deletes the file
            with suppress(ObjectStoreDown, OSError):
                self._parts.files.delete(key)

    def _pack(self, spec: BuildSpec, contents: Contents, writer: ObjectWriter, keeper: LeaseKeeper) -> Packed:
        pack = packing.pack_zip if spec.format == "zip" else packing.pack_iso
        return pack(
            contents,
            self._parts.objects,
            _SteppedWriter(writer, self._step),
            render=self._render,
            progress=keeper.progress,
            check=keeper.check,
            threads=self._parts.settings.packing_threads,
        )

    def _contents(self, lease: Lease) -> Contents:
        self._step("read")
        spec = lease.spec
        reports = [self._report(pin) for pin in spec.reports if pin.with_pdf]
        return Contents(
            manifests=[self._manifest(pin) for pin in spec.studies],
            reports=reports,
            include_findings=True,  # those that may not go in are not in the manifests any more
            made_at=lease.made_at,
            institution=self._parts.settings.institution,
        )

    def _manifest(self, pin: StudyPin) -> Manifest:
        manifest = Manifest.read(json.loads(self._pinned(pin.manifest_key, pin.sha256)))
        if manifest.study_id != pin.study_id or manifest.version != pin.manifest_version:
            raise ObjectDamaged(pin.manifest_key)
        return manifest if pin.with_findings else without_findings(manifest)

    def _report(self, pin: ReportPin) -> ReportPdf:
        self._pinned(pin.pdf_key, pin.sha256)
        return ReportPdf(exam_id=pin.exam_id, key=pin.pdf_key, title=pin.title)

    def _pinned(self, key: str, sha256: str) -> bytes:
        try:
            data = self._parts.objects.read(key)
        except ObjectMissing as error:
            raise ObjectUnreadable(key) from error
        if hashlib.sha256(data).hexdigest() != sha256:
            raise ObjectDamaged(key)
        return data

    def _render(self, key: str, frame: int) -> bytes | None:
        """Give the JPEG of a frame: what ``exams`` has rendered, else our own; None where there is no picture."""
        objects = self._parts.objects
        try:
            return objects.read(frame_key(key, frame))
        except ObjectMissing:
            pass
        size = objects.size(key) or 0
        try:
            if size <= WHOLE_LIMIT_BYTES:
                return render_jpeg_guarded(objects.read(key), frame)
            return render_jpeg_guarded(io.BufferedReader(StoredFile(objects, key, size), BUFFER_BYTES), frame)
        except NoPicture:
            return None


def jobs(parts: Parts) -> Jobs:
    """Give where builds come from, small ones first, and what makes one."""
    worker = Worker(parts)
    return Jobs([JOBS_SMALL, JOBS_LARGE], worker.find_claimable, worker.work)


def without_findings(manifest: Manifest) -> Manifest:
    """Give a manifest without the objects that carry findings, and without the series that then are empty."""
    series = [
        one.model_copy(update={"instances": [instance for instance in one.instances if instance.role != "finding"]})
        for one in manifest.series
    ]
    return manifest.model_copy(update={"series": [one for one in series if one.instances]})


class _SteppedWriter:
    """A writer that names each piece as a step."""

    def __init__(self, writer: ObjectWriter, step: Step) -> None:
        self._writer, self._step = writer, step

    def write(self, data: bytes | memoryview) -> None:
        self._writer.write(data)
        self._step("written")
