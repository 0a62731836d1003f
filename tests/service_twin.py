"""What the tests of a service that hears and tells have in common: events go in, what it tells and stores comes out."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import structlog
from sqlalchemy import MetaData, select

from contracts.envelope import Envelope, unwrap, wrap
from contracts.topology import EVENT_TYPES
from contracts.wire import Event
from services.chassis import log
from services.chassis.db import new_id
from services.chassis.service import Service
from services.chassis.tables import OutboxRow
from tests.servers import NOON, SetClock


def enveloped(event: Event, message_id: str | None = None, owner: str = "exams") -> bytes:
    """Give *event* as it comes off the bus."""
    return wrap(event, message_id=message_id or new_id(), owner=owner, now=NOON, subject=event.id).to_bytes()


@dataclass
class Twin:
    """The service with what tests do to it."""

    service: Service
    clock: SetClock

    def hear(self, *events: Event) -> None:
        """Deliver *events*, each once."""
        for event in events:
            assert self.service.inbox.deliver(enveloped(event), 1).kind == "settled"

    def told(self, *kinds: type[Event]) -> list[Any]:
        """Give what was told, in order; only *kinds* when some are named."""
        with self.service.db.read() as tx:
            rows = list(tx.scalars(select(OutboxRow).order_by(OutboxRow.seq)))
        events = [unwrap(Envelope.from_bytes(row.body), EVENT_TYPES[row.type]) for row in rows]
        return [event for event in events if not kinds or type(event) in kinds]

    def everything_stored(self) -> str:
        """Give every value in every table, as text."""
        with self.service.db.engine.connect() as connection:
            metadata = MetaData()
            metadata.reflect(connection)
            rows = [str(tuple(row)) for table in metadata.sorted_tables for row in connection.execute(select(table))]
        return "\n".join(rows)


@contextmanager
def logging_as(name: str, capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], Callable[[], str]]]:
    """Give a function that begins to log as *name* running does, and gives one that reads what was logged."""

    def begin() -> Callable[[], str]:
        log.set_up(name, "test")
        return lambda: "".join(capsys.readouterr())

    config = structlog.get_config()
    yield begin
    structlog.configure(**config)
    structlog.contextvars.clear_contextvars()
