"""Counts and hashes a finished file's bytes on their way to the object store."""

import hashlib

from services.archiver.zip_writer import Sink

PIECE_BYTES = 1 << 20


class Output:
    """Hands what is written on to a sink, in pieces of about 1 MiB."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._hash = hashlib.sha256()
        self._waiting = bytearray()
        self.size_bytes = 0
        """Of all pieces handed on."""

    def write(self, data: bytes | memoryview) -> None:
        """Append *data*."""
        self._waiting += data
        if len(self._waiting) >= PIECE_BYTES:
            self.flush()

    def flush(self) -> None:
        """Hand on what waits."""
        piece = bytes(self._waiting)
        self._waiting.clear()
        self._hash.update(piece)
        self._sink.write(piece)
        self.size_bytes += len(piece)

    def sha256(self) -> str:
        """Give the digest of all pieces handed on."""
        return self._hash.hexdigest()
