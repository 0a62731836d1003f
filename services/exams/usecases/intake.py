"""Taking DICOM objects in: each is stored durably, then indexed. A bad one never loses the good ones beside it.

Objects are written by a few threads, and indexed some at a time in one transaction. An object that was written but not
indexed (a crash between) is seen by nobody; whoever sends again finds everything as it should be.
"""

import hashlib
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from tempfile import TemporaryFile
from threading import Lock
from typing import BinaryIO, Protocol

from contracts.refusal import Refusal
from services.chassis import metrics
from services.chassis.db import new_id
from services.chassis.objects import ObjectStoreDown
from services.exams.dicom_headers import DicomdirNotStored, DicomRefused, InstanceHeaders, PixelsTooLarge, read_headers
from services.exams.multipart import MultipartRefused, PartTooLarge
from services.exams.parts import Parts
from services.exams.store import studies
from services.exams.usecases.index import Arrived, index
from services.exams.usecases.manifests import make_due

BATCH = 50
"""Objects indexed in one transaction."""
WINDOW_BYTES = 64 << 20
"""Objects held in memory until they are written."""
IN_MEMORY_BYTES = 16 << 20
"""A larger object goes by a temporary file."""
CHUNK_BYTES = 1 << 20

CANNOT_UNDERSTAND = 0xC000
OUT_OF_RESOURCES = 0xA700
WRONG_STUDY = 0xA900
NOT_SUPPORTED = 0x0122
DUPLICATE = 0x0111


class NothingSent(Refusal):
    """The request brought no object at all."""

    slug = "nothing-sent"
    kind = "malformed"


class Incoming(Protocol):
    """One object as it comes in: services.exams.multipart.Part, or a whole body."""

    @property
    def content_type(self) -> str:
        """Its media type, without parameters; empty when nobody said."""

    def chunks(self) -> Iterator[bytes]:
        """Give its bytes, once. Raises PartTooLarge, MultipartRefused."""


@dataclass(frozen=True)
class Taken:
    """What became of one object: *reason* (PS3.18 table I.2-2) when it was refused, with the slug of why."""

    sop_class_uid: str = ""
    sop_instance_uid: str = ""
    study_uid: str = ""
    reason: int | None = None
    slug: str | None = None


@dataclass
class Outcome:
    """What became of a request: each object in its order, and how many DICOMDIRs were skipped."""

    taken: list[Taken]
    skipped: int = 0
    fault: MultipartRefused | None = None
    """The body broke off; what came before is kept."""


@dataclass
class _Body:
    """One object as it came, in memory or in a temporary file."""

    data: bytes | BinaryIO
    size_bytes: int


class _Known:
    """What was there of each study when its first object came: sent again, it need not be written again."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._uids: dict[str, set[str]] = {}
        self._lock = Lock()

    def has(self, headers: InstanceHeaders) -> bool:
        """Tell whether the object's UID is taken in its study."""
        with self._lock:
            if headers.study_uid not in self._uids:
                with self._parts.db.read() as tx:
                    self._uids[headers.study_uid] = studies.find_instance_uids(tx, headers.study_uid)
            return headers.sop_instance_uid in self._uids[headers.study_uid]


def take_objects(parts: Parts, incoming: Iterable[Incoming], study_uid: str | None) -> Outcome:
    """Store and index what comes in; *study_uid* narrows it to one study. Raises ObjectStoreDown: send again."""
    outcome = Outcome([])
    batch: list[Arrived] = []
    touched: set[str] = set()
    try:
        with ThreadPoolExecutor(parts.store_threads) as pool:
            for result in _stored(parts, pool, _bodies(incoming, outcome), study_uid, outcome):
                batch.append(result)
                if len(batch) >= BATCH:
                    touched |= _index(parts, batch, outcome)
    finally:
        touched |= _index(parts, batch, outcome)
        make_due(parts, touched)
    return outcome


def _bodies(incoming: Iterable[Incoming], outcome: Outcome) -> Iterator[_Body]:
    """Give each part's body; one that is too large is noted, a body that breaks off ends it."""
    try:
        for part in incoming:
            if part.content_type not in {"", "application/dicom"}:
                outcome.taken.append(_refused(NOT_SUPPORTED, "part-type"))
                continue
            try:
                yield _receive(part)
            except PartTooLarge:
                outcome.taken.append(_refused(OUT_OF_RESOURCES, "part-too-large"))
    except MultipartRefused as fault:
        outcome.fault = fault


def _receive(part: Incoming) -> _Body:
    chunks: list[bytes] = []
    size_bytes = 0
    rest = part.chunks()
    for chunk in rest:
        chunks.append(chunk)
        size_bytes += len(chunk)
        if size_bytes > IN_MEMORY_BYTES:
            return _spool(chunks, rest)
    return _Body(b"".join(chunks), size_bytes)


def _spool(chunks: list[bytes], rest: Iterator[bytes]) -> _Body:
    file = TemporaryFile()  # noqa: SIM115 - closed when it was stored
    for chunk in (*chunks, *rest):
        file.write(chunk)
    return _Body(file, file.tell())


def _stored(
    parts: Parts, pool: ThreadPoolExecutor, bodies: Iterator[_Body], study_uid: str | None, outcome: Outcome
) -> Iterator[Arrived]:
    """Give each good object once it is durable, in order; the others are noted in *outcome*."""
    known = _Known(parts)
    window: deque[tuple[Future[Arrived | Taken | None], int]] = deque()
    held = 0
    for body in bodies:
        size_bytes = body.size_bytes if isinstance(body.data, bytes) else 0
        window.append((pool.submit(_store, parts, known, body, study_uid), size_bytes))
        held += size_bytes
        while window and (held > WINDOW_BYTES or len(window) > 4 * parts.store_threads):
            future, size_bytes = window.popleft()
            held -= size_bytes
            yield from _sorted_out(future.result(), outcome)
    for future, _size in window:
        yield from _sorted_out(future.result(), outcome)


def _sorted_out(result: Arrived | Taken | None, outcome: Outcome) -> Iterator[Arrived]:
    if result is None:
        outcome.skipped += 1
    elif isinstance(result, Taken):
        outcome.taken.append(result)
    else:
        yield result


def _store(parts: Parts, known: "_Known", body: _Body, study_uid: str | None) -> Arrived | Taken | None:
    """Read, check and write one object; None for a DICOMDIR. Raises ObjectStoreDown."""
    try:
        headers = read_headers(body.data, body.size_bytes)
    except DicomdirNotStored:
        return None
    except PixelsTooLarge as refusal:
        return _refused(OUT_OF_RESOURCES, refusal.slug)
    except DicomRefused as refusal:
        return _refused(CANNOT_UNDERSTAND, refusal.slug)
    if study_uid is not None and headers.study_uid != study_uid:
        return _refused(WRONG_STUDY, "wrong-study", headers)
    sha256, size_bytes = _digest(body, headers)
    if known.has(headers):
        return Arrived(headers, None, sha256, size_bytes)
    key = f"objects/{hashlib.sha256(headers.study_uid.encode()).hexdigest()[:16]}/{new_id()}.dcm"
    _write(parts, key, body, headers)
    return Arrived(headers, key, sha256, size_bytes)


def _pieces(body: _Body, headers: InstanceHeaders) -> Iterator[bytes | memoryview]:
    """Give the object as it is stored: a whole Part 10 file."""
    start = 0
    if headers.part10_prefix is not None:
        yield headers.part10_prefix
        start = headers.dataset_offset
    if isinstance(body.data, bytes):
        yield memoryview(body.data)[start:]
        return
    body.data.seek(start)
    while piece := body.data.read(CHUNK_BYTES):
        yield piece


def _digest(body: _Body, headers: InstanceHeaders) -> tuple[str, int]:
    digest, size_bytes = hashlib.sha256(), 0
    for piece in _pieces(body, headers):
        digest.update(piece)
        size_bytes += len(piece)
    return digest.hexdigest(), size_bytes


def _write(parts: Parts, key: str, body: _Body, headers: InstanceHeaders) -> None:
    if isinstance(body.data, bytes):
        parts.objects.put(key, body.data if headers.part10_prefix is None else b"".join(_pieces(body, headers)))
        return
    writer = parts.objects.writer(key)
    try:
        for piece in _pieces(body, headers):
            writer.write(piece)
        writer.close()
    except BaseException:
        writer.abort()
        raise
    finally:
        body.data.close()


def _refused(reason: int, slug: str, headers: InstanceHeaders | None = None) -> Taken:
    metrics.INSTANCES_STORED.labels("refused").inc()
    if headers is None:
        return Taken(reason=reason, slug=slug)
    return Taken(headers.sop_class_uid, headers.sop_instance_uid, headers.study_uid, reason, slug)


def _index(parts: Parts, batch: list[Arrived], outcome: Outcome) -> set[str]:
    """Index *batch*, empty it, note what became of each; give the studies (ids) that changed."""
    if not batch:
        return set()
    verdicts, touched = index(parts, batch)
    for arrived, slug in zip(batch, verdicts, strict=True):
        headers = arrived.headers
        if slug in {"stored", "known"}:
            metrics.INSTANCES_STORED.labels(slug).inc()
            outcome.taken.append(Taken(headers.sop_class_uid, headers.sop_instance_uid, headers.study_uid))
        else:
            reason = DUPLICATE if slug == "other-bytes" else WRONG_STUDY
            outcome.taken.append(_refused(reason, slug, headers))
        if slug != "stored" and arrived.key is not None:
            with suppress(ObjectStoreDown):  # nothing names it: a sweep takes it later
                parts.objects.delete(arrived.key)
    batch.clear()
    return touched
