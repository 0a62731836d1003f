"""Counts and hashes a finished file's bytes on their way to the object store."""

import hashlib

from services.archiver.zip_writer import Sink

SMALL_BYTES = 1 << 16
PIECE_BYTES = 1 << 20


class Output:
    """Hands what is written on to a sink, small pieces gathered to about 1 MiB."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._hash = hashlib.sha256()
        self._waiting = bytearray()
        self.size_bytes = 0
        """Of all pieces handed on."""

    def write(self, data: bytes | memoryview) -> None:
        """Append *data*; what is small waits for more, what is not goes on without being copied."""
        if len(data) < SMALL_BYTES:
            self._waiting += data
            if len(self._waiting) >= PIECE_BYTES:
                self.flush()
        else:
            self.flush()
            self._hand_on(data)

    def flush(self) -> None:
        """Hand on what waits."""
        if self._waiting:
            waiting, self._waiting = self._waiting, bytearray()
            self._hand_on(memoryview(waiting))

    def _hand_on(self, data: bytes | memoryview) -> None:
        self._hash.update(data)
        self._sink.write(data)
        self.size_bytes += len(data)

    def sha256(self) -> str:
        """Give the digest of all pieces handed on."""
        return self._hash.hexdigest()
