"""The body of a download: counts what went out, and asks every 2 s whether it may go on.

A share revoked while bytes flow cuts the response within 5 s, and so does a report taken back.
"""

import time
from collections.abc import Iterator
from typing import Self

from contracts.refusal import Refusal
from services.archiver.parts import Parts
from services.archiver.usecases import deliver
from services.archiver.usecases.deliver import Download
from services.chassis import log

CHUNK_BYTES = 256 * 1024


class Cut(ConnectionError):
    """Raised into the server when a running response is to end: the client must see that it is not whole."""


class Sending:
    """Bytes *start* up to *end* of a file, piece by piece; the server asks for the next when one has gone out."""

    def __init__(self, parts: Parts, download: Download, start: int, end: int, pieces: Iterator[bytes]) -> None:
        self._parts, self._download, self._pieces = parts, download, pieces
        self._noted, self._at, self._given, self._end = start, start, start, end
        self._asked_at = time.monotonic()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        self._at = self._given  # the server comes back when the piece before has gone out
        if self._at < self._end and time.monotonic() - self._asked_at >= self._parts.settings.ask_again_s:
            self._ask()
        piece = next(self._pieces, b"")
        if not piece:
            self._note()
            if self._at < self._end:
                raise Cut("file ended early")
            raise StopIteration
        self._given += len(piece)
        return piece

    def close(self) -> None:
        """Note what went out; the server calls it at the end, also when the client has gone."""
        self._note()

    def _ask(self) -> None:
        self._note()
        self._asked_at = time.monotonic()
        try:
            with self._parts.db.read() as tx:
                deliver.check_may_go_on(tx, self._download.ticket_hash, self._parts.clock.now())
        except Refusal as refusal:
            log.get().info("download-cut", package_id=self._download.package_id, slug=refusal.slug)
            raise Cut(refusal.slug) from refusal

    def _note(self) -> None:
        if self._at > self._noted:
            with self._parts.db.begin() as tx:
                deliver.note_sent(tx, self._download, self._noted, self._at, self._parts.clock.now())
            self._noted = self._at
