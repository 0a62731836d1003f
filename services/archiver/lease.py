"""Keeps a worker's lease while it works: a thread renews it and tells the progress, and learns when it is lost."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import TracebackType
from typing import Self

from services.archiver.parts import Parts
from services.archiver.store.builds import Lease
from services.archiver.usecases import build
from services.chassis import log
from services.chassis.db import DATABASE_DOWN


class LeaseLost(Exception):
    """Raised in the worker when its build was cancelled, taken back, or given to another: it stops."""


class LeaseKeeper:
    """Renews *lease* every heartbeat until closed; ``progress`` and ``check`` go to the packing."""

    def __init__(self, parts: Parts, lease: Lease) -> None:
        self._parts, self._lease = parts, lease
        self._length = timedelta(seconds=parts.settings.lease_s)
        self._progress = 0.0
        self._renewed_at = time.monotonic()
        self._lost, self._closed = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="lease", daemon=True)

    def progress(self, fraction: float) -> None:
        """Note how far the work is, 0 to 1; told with the next heartbeat."""
        self._progress = fraction

    def check(self) -> None:
        """Raise LeaseLost when the work is for nothing."""
        if self._lost.is_set() or time.monotonic() - self._renewed_at > self._length.total_seconds():
            raise LeaseLost

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closed.wait(self._parts.settings.heartbeat_s) and not self._lost.is_set():
            with _waiting_out_the_database():
                self._beat()

    def _beat(self) -> None:
        began = time.monotonic()
        with self._parts.db.begin() as tx:
            is_ours = build.renew(tx, self._lease, self._length, self._progress)
        if is_ours:
            self._renewed_at = began
        else:
            self._lost.set()


@contextmanager
def _waiting_out_the_database() -> Iterator[None]:
    """Let a heartbeat fail while the database is down: the next may come in time."""
    try:
        yield
    except DATABASE_DOWN as error:
        log.get().warning("database-down", exc_info=error)
