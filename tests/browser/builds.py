"""A package's build in the hands of a test, which notes its progress as the archiver's workers do."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from services.archiver.store.builds import Lease
from services.archiver.store.packages import find_with_build
from services.archiver.usecases import build as builds
from services.chassis.db import Database
from tests.flows.product import LocalProduct, signal_all

A_WHILE = timedelta(seconds=60)


@contextmanager
def nobody_works(product: LocalProduct) -> Iterator[None]:
    """Let no worker take anything meanwhile."""
    workers = product.worker_pids()
    signal_all(workers, signal.SIGSTOP)
    try:
        yield
    finally:
        signal_all(workers, signal.SIGCONT)


def take_build(archive: Database, package_id: str) -> Lease:
    """Take the build of that package, as a worker does; *archive*: the archiver's own database."""
    with archive.begin() as tx:
        found = find_with_build(tx, package_id)
        assert found is not None
        lease = builds.claim(tx, found[1].id, "a worker of the test", A_WHILE, datetime.now(UTC))
    assert lease is not None
    return lease


def go_on(archive: Database, lease: Lease, progress: float, *, length: timedelta = A_WHILE) -> None:
    """Note the progress (0 to 1); a *length* below zero gives the build up."""
    with archive.begin() as tx:
        assert builds.renew(tx, lease, length, progress)
