"""Pictures of images: rendered once in the background and kept, or when somebody asks before that."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from tempfile import TemporaryFile
from typing import BinaryIO

from contracts.manifest import frame_key
from services.chassis import log
from services.chassis.caller import Caller
from services.chassis.frame_windows import WindowAsked
from services.chassis.frames import render_jpeg_guarded
from services.chassis.no_picture import NoPicture
from services.chassis.objects import ObjectMissing, ObjectStoreDown
from services.exams.domain.exams import ExamNotFound, ImageNotFound, ImagesNotAvailable
from services.exams.parts import Parts
from services.exams.preview import fit, shrink
from services.exams.store import exams as exam_store
from services.exams.store import studies
from services.exams.store.tables import InstanceRow
from services.exams.usecases.report_views import may_see_findings
from services.exams.usecases.telling import are_images_available

AT_ONCE = 16
LEASE = timedelta(minutes=10)
MAX_TRIES = 3
"""An object that took its renderer down so often has no picture."""
IN_MEMORY_BYTES = 64 << 20


@dataclass(frozen=True)
class Look:
    """How a picture is asked for: frame from 1, window in rescaled units or a shade, longest side in pixels."""

    frame: int = 1
    window: WindowAsked | None = None
    size: int | None = None


@dataclass(frozen=True)
class Sight:
    """An image that a caller may see, and the tag that its picture has for ever."""

    instance: InstanceRow
    look: Look
    etag: str


def see(parts: Parts, caller: Caller, exam_id: str, sop_instance_uid: str, look: Look) -> Sight:
    """Check that *caller* may see the image. Raises ExamNotFound, ImagesNotAvailable, ImageNotFound, NoPicture."""
    with parts.db.read() as tx:
        exam = exam_store.find_seen_exam(tx, caller, exam_id)
        if exam is None:
            raise ExamNotFound
        if not are_images_available(exam, exam_store.find_studies_of(tx, [exam.id]).get(exam.id, [])):
            raise ImagesNotAvailable
        row = studies.find_instance_of(tx, exam.id, sop_instance_uid)
        if row is None or (row.role == "finding" and not may_see_findings(tx, parts, caller, exam)):
            raise ImageNotFound
    if row.role != "image" or not row.frames:
        raise NoPicture("no-pixels")
    if not 1 <= look.frame <= row.frames:
        raise NoPicture("no-such-frame")
    if row.no_picture is not None:
        raise NoPicture(row.no_picture)  # type: ignore[arg-type]  # as it was found
    tag = hashlib.sha256(f"{row.sha256} {look.frame} {look.window} {look.size}".encode()).hexdigest()[:32]
    return Sight(row, look, tag)


def picture(parts: Parts, sight: Sight) -> bytes:
    """Give the JPEG of what a caller may see. Raises NoPicture."""
    row, look = sight.instance, sight.look
    if look.window is None:
        with suppress(ObjectMissing):
            kept = parts.objects.read(frame_key(row.key, look.frame))
            return kept if look.size is None else shrink(kept, look.size)
    try:
        source = _open(parts, row)
        rendered = render_jpeg_guarded(source, look.frame, size=look.size, window=look.window)
        return rendered if look.size is None else fit(rendered, look.size)
    except ObjectMissing as error:
        raise NoPicture("unreadable") from error


def _open(parts: Parts, row: InstanceRow) -> bytes | BinaryIO:
    if row.size_bytes <= IN_MEMORY_BYTES:
        return parts.objects.read(row.key)
    file = TemporaryFile()  # noqa: SIM115 - closed when it is forgotten
    for piece in parts.objects.stream(row.key, 0, row.size_bytes, 1 << 20):
        file.write(piece)
    return file


def render_waiting(parts: Parts) -> None:
    """Render what waits for its pictures until nothing does: the chore of each second. Survives restarts."""
    if not parts.render_threads:
        return
    with ThreadPoolExecutor(parts.render_threads) as pool:
        while rows := _claim(parts):
            results = list(pool.map(lambda row: _render(parts, row), rows))
            with parts.db.begin() as tx:
                for row, (state, reason) in zip(rows, results, strict=True):
                    studies.mark_rendered(tx, row.id, state, reason)
            if any(state == "queued" for state, _reason in results):
                return  # the store rests: the next turn tries again


def _claim(parts: Parts) -> list[InstanceRow]:
    with parts.db.read() as tx:
        if not studies.has_to_render(tx):
            return []
    with parts.db.begin() as tx:
        return studies.claim_to_render(tx, AT_ONCE, LEASE)


def _render(parts: Parts, row: InstanceRow) -> tuple[str, str | None]:
    """Render every frame of one object; give what became of it, and why it has no picture."""
    if row.render_tries > MAX_TRIES:
        return "failed", "unreadable"
    try:
        _render_frames(parts, row)
    except NoPicture as refusal:
        return "failed", refusal.reason
    except ObjectMissing:
        return "failed", "unreadable"
    except ObjectStoreDown as error:
        log.get().warning("render-later", exc_info=error)
        return "queued", None
    return "done", None


def _render_frames(parts: Parts, row: InstanceRow) -> None:
    """Put the picture of each frame into the store; the first decides whether the object has any. Raises NoPicture."""
    source = _open(parts, row)
    for frame in range(1, row.frames + 1):
        try:
            parts.objects.put(frame_key(row.key, frame), render_jpeg_guarded(source, frame))
        except NoPicture:
            if frame == 1:
                raise
