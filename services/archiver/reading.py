"""Reads stored objects as they go into a package: checked against the manifest, with a preamble of zeros.

The preamble is free for anything (PS3.10 §7.1), also for the head of a program; a package's are zeros, all other bytes
are the stored object's.
"""

import hashlib
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from typing import Protocol

from contracts.manifest import ManifestInstance
from services.archiver.errors import ObjectDamaged, ObjectUnreadable
from services.archiver.pool import in_order
from services.chassis.objects import ObjectMissing

PREAMBLE = bytes(128)
PREFIX = b"DICM"
BLOCK_BYTES = 1 << 20
WHOLE_LIMIT_BYTES = 8 << 20
"""Objects up to this size are read at once, bigger ones in blocks."""


class Source(Protocol):
    """Read access to stored objects (``services.chassis.objects.ObjectStore``); asked from several threads at once."""

    def read(self, key: str) -> bytes:
        """Give the whole object. Raises ObjectMissing."""

    def read_range(self, key: str, start: int, length: int) -> bytes:
        """Give up to *length* bytes from *start*. Raises ObjectMissing."""

    def size(self, key: str) -> int | None:
        """Give its size in bytes; None when there is no such object."""


def read_whole(source: Source, instance: ManifestInstance) -> tuple[bytes, memoryview]:
    """Give the object as a preamble of zeros and what follows it.

    Raises ObjectUnreadable, ObjectDamaged; what the store itself raises when it does not answer goes through.
    """
    data = read_file(source, instance.key)
    check = _Checksum(instance)
    check.add(data)
    check.finish()
    return PREAMBLE, memoryview(data)[len(PREAMBLE) :]


def read_blocks(source: Source, instance: ManifestInstance, pool: Executor, ahead: int) -> Iterator[bytes]:
    """Give the object in blocks of 1 MiB, the preamble zeroed, *ahead* of them read in advance.

    Raises as ``read_whole``.
    """
    check = _Checksum(instance)
    starts = range(0, instance.size_bytes, BLOCK_BYTES)
    tasks = (lambda at=start: _read_block(source, instance, at) for start in starts)
    for number, block in enumerate(in_order(pool, tasks, ahead)):
        check.add(block)
        yield block if number else PREAMBLE + block[len(PREAMBLE) :]
    check.finish()


def read_file(source: Source, key: str) -> bytes:
    """Give a whole object that no manifest tells of, such as a report's PDF. Raises ObjectUnreadable."""
    try:
        return source.read(key)
    except ObjectMissing as error:
        raise ObjectUnreadable(key) from error


class _Checksum:
    """Compares what was read with the manifest."""

    def __init__(self, instance: ManifestInstance) -> None:
        self._instance = instance
        self._hash = hashlib.sha256()
        self._size = 0

    def add(self, data: bytes) -> None:
        """Take the next bytes in; the first must hold the Part 10 prefix."""
        if not self._size and data[len(PREAMBLE) : len(PREAMBLE) + len(PREFIX)] != PREFIX:
            raise ObjectDamaged(self._instance.key)
        self._hash.update(data)
        self._size += len(data)

    def finish(self) -> None:
        """Raise ObjectDamaged unless size and SHA-256 are the manifest's."""
        if self._size != self._instance.size_bytes or self._hash.hexdigest() != self._instance.sha256:
            raise ObjectDamaged(self._instance.key)


def _read_block(source: Source, instance: ManifestInstance, start: int) -> bytes:
    try:
        return source.read_range(instance.key, start, min(BLOCK_BYTES, instance.size_bytes - start))
    except ObjectMissing as error:
        raise ObjectUnreadable(instance.key) from error


class ObjectFile:
    """A stored object as the forward-only file that pycdlib copies from.

    It is read when the copying comes to it, whole or in blocks; *ahead* may hold the whole read begun before.
    """

    def __init__(self, source: Source, instance: ManifestInstance, pool: Executor, ahead: int) -> None:
        self._source, self._instance, self._pool, self._ahead = source, instance, pool, ahead
        self._begun: Future[tuple[bytes, memoryview]] | None = None
        self._chunks: Iterator[bytes | memoryview] = iter(())
        self._rest = memoryview(b"")
        self._left = instance.size_bytes

    def begin(self) -> None:
        """Start to read the object on the pool, if it is small enough to be held."""
        if self._instance.size_bytes <= WHOLE_LIMIT_BYTES and self._begun is None:
            self._begun = self._pool.submit(read_whole, self._source, self._instance)

    def seek(self, offset: int) -> None:
        """Go to the beginning: pycdlib asks for nothing else."""
        if offset:
            raise ValueError("an object is read forward only")
        self.begin()
        if self._begun is None:
            self._chunks = read_blocks(self._source, self._instance, self._pool, self._ahead)
        else:
            self._chunks = iter(self._begun.result())
            self._begun = None

    def read(self, size: int) -> bytes:
        """Give the next *size* bytes, fewer at the end alone."""
        pieces = []
        while size:
            if not self._rest:
                if (chunk := next(self._chunks, None)) is None:
                    break
                self._rest = memoryview(chunk)
            pieces.append(self._rest[:size])
            size -= len(pieces[-1])
            self._rest = self._rest[len(pieces[-1]) :]
            self._left -= len(pieces[-1])
        if not self._left:  # nobody reads on, and 1,000 finished files would hold 1,000 objects
            self._chunks, self._rest = iter(()), memoryview(b"")
        return b"".join(pieces)
