"""The relay: brings a service's outbox to the bus. Marks a row sent when the bus has confirmed it, never before.

One relay a service is at work at a time. It wakes on commit in its own process and looks for others' every 100 ms, in
quiet times every 400.
"""

import fcntl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from sqlalchemy import text
from sqlalchemy.engine import make_url

from services.chassis import log, metrics, outbox
from services.chassis.clock import Clock
from services.chassis.db import Database
from services.chassis.pace import Pace
from services.chassis.rabbit_publisher import Publisher, from_outbox
from services.chassis.tables import OutboxRow

BATCH = 200
LOOK_EVERY_S = 0.1
LOOK_WHEN_QUIET_S = 0.4
"""With this and the way over the bus, what takes access away is heard everywhere within a second."""
PAUSE_AFTER_REFUSAL_S = 1.0
_LOCK_NUMBER = 7_421_001


class Carrier(Protocol):
    """A bus, as the relay sees it."""

    def carry(self, rows: list[OutboxRow]) -> list[int]:
        """Give the seqs of those *rows* that are safely on the bus, in order; fewer when some were refused."""


class RabbitCarrier:
    """Carries one service's rows to RabbitMQ."""

    def __init__(self, url: str, service: str) -> None:
        self._publisher, self._service = Publisher(url), service

    def carry(self, rows: list[OutboxRow]) -> list[int]:
        """See Carrier. Raises BrokerDown."""
        confirmed = self._publisher.publish([from_outbox(row, self._service) for row in rows])
        return [row.seq for row in rows if row.message_id in confirmed]


class Relay:
    """Relays one service's outbox until told to stop."""

    def __init__(self, service: str, db: Database, clock: Clock, carrier: Carrier) -> None:
        self._service, self._db, self._clock, self._carrier = service, db, clock, carrier

    def run(self, stop: threading.Event) -> None:
        """Relay until *stop*. Raises BrokerDown and faults of the database, upon which it is to be begun again."""
        pace = Pace(LOOK_EVERY_S, LOOK_WHEN_QUIET_S)
        with only_relay(self._db, stop):
            while not stop.is_set():
                self._db.told.clear()
                found = self.step(stop)
                wait_s = pace.after(found)
                if not found:
                    self._db.told.wait(wait_s)

    def step(self, stop: threading.Event) -> bool:
        """Relay one batch; whether there was anything to relay."""
        with self._db.read() as tx:
            rows = outbox.find_unsent(tx, BATCH)
        if not rows:
            metrics.OUTBOX_OLDEST.labels(self._service).set(0)
            return False
        metrics.OUTBOX_OLDEST.labels(self._service).set(
            max(0.0, (self._clock.now() - rows[0].created_at).total_seconds())
        )
        sent = self._carrier.carry(rows)
        with self._db.begin() as tx:
            outbox.mark_sent(tx, sent, self._clock.now())
        metrics.OUTBOX_SENT.labels(self._service).inc(len(sent))
        if len(sent) < len(rows):
            log.get().warning("outbox-refused", count=len(rows) - len(sent))
            stop.wait(PAUSE_AFTER_REFUSAL_S)
        return True


@contextmanager
def only_relay(db: Database, stop: threading.Event) -> Iterator[None]:
    """Hold the right to relay *db*'s outbox, waiting for it; dies with the process or the connection."""
    with _file_lock(db, stop) if db.is_sqlite else _advisory_lock(db, stop):
        yield


@contextmanager
def _file_lock(db: Database, stop: threading.Event) -> Iterator[None]:
    path = Path(f"{make_url(db.url).database}.relay")
    with path.open("w") as file:
        while not stop.is_set():
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                stop.wait(LOOK_EVERY_S)
        yield


@contextmanager
def _advisory_lock(db: Database, stop: threading.Event) -> Iterator[None]:
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.detach()  # the lock is the session's: back in the pool, it would keep the lock from us for ever
        query = text(f"SELECT pg_try_advisory_lock({_LOCK_NUMBER})")
        while not stop.is_set() and not connection.execute(query).scalar():
            stop.wait(1.0)
        yield
