"""Hearing: what happens to one message, on either bus. Its effect and its inbox row commit together.

Outcomes: ``settled`` (done, done before, older than what is known, or refused by a rule), ``retry`` (a foreign fault:
again after a delay), ``dead`` (unreadable, or given up). A fault of the service's own database is none of these:
it is raised, and the bus waits without counting an attempt.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import structlog
from sqlalchemy import delete, select

from contracts.envelope import Envelope, Unreadable, unwrap
from contracts.refusal import Refusal
from contracts.topology import EVENT_TYPES, RETRY_DELAYS_S
from contracts.wire import Event
from services.chassis import log, metrics
from services.chassis.clock import Clock
from services.chassis.db import DATABASE_DOWN, Database, Tx, insert_new
from services.chassis.tables import HeardVersion, InboxRow

Handler = Callable[[Any, Tx, Any], None]
"""``(parts, tx, event)``: the effect of an event; everything it writes goes through *tx*."""
Handlers = Mapping[type[Event], Handler]

KEEP_INBOX = timedelta(days=14)
"""Longer than any replay; a duplicate is known for this long."""
GIVE_UP_AFTER = 30
"""Attempts at a foreign fault before a message is dead: some four hours with RETRY_DELAYS_S."""


@dataclass(frozen=True)
class Outcome:
    """What became of a message."""

    kind: Literal["settled", "retry", "dead"]
    delay_s: int = 0
    reason: str = ""


SETTLED = Outcome("settled")


@dataclass(frozen=True)
class Inbox:
    """One service's ear: its database, its handlers, and what they need besides the transaction."""

    service: str
    db: Database
    handlers: Handlers
    parts: Any
    clock: Clock

    def deliver(self, body: bytes | str, attempt: int) -> Outcome:
        """Give *body* (an envelope) to its handler, once. *attempt* counts from 1. Raises one of DATABASE_DOWN."""
        try:
            outcome = self._deliver(body)
        except DATABASE_DOWN:
            raise
        except Unreadable as error:
            outcome = Outcome("dead", reason=str(error)[:200])
        except Exception as error:  # a foreign fault: its kind cannot be named here, and nothing was committed
            log.get().warning("delivery-failed", exc_info=error, attempt=attempt)
            reason = type(error).__name__
            outcome = Outcome("dead", reason=reason) if attempt >= GIVE_UP_AFTER else _retry(attempt, reason)
        metrics.DELIVERIES.labels(self.service, outcome.kind).inc()
        if outcome.kind == "dead":
            metrics.DEAD.labels(self.service).inc()
            log.get().error("message-dead", reason=outcome.reason, attempt=attempt)
        return outcome

    def _deliver(self, body: bytes | str) -> Outcome:
        envelope = Envelope.from_bytes(body)
        kind = EVENT_TYPES.get(envelope.type)
        handler = self.handlers.get(kind) if kind else None
        if kind is None or handler is None:
            raise Unreadable(f"{self.service} does not hear {envelope.type[:80]}")
        message = unwrap(envelope, kind)
        with structlog.contextvars.bound_contextvars(
            correlation_id=envelope.correlationid, message_id=envelope.id, type=envelope.type
        ):
            self._take(envelope.id, message, handler)
        return SETTLED

    def _take(self, message_id: str, message: Event, handler: Handler) -> None:
        try:
            with self.db.begin() as tx:
                if self._is_first(tx, message_id):
                    handler(self.parts, tx, message)
        except Refusal as refusal:
            log.get().info("event-refused", slug=refusal.slug)
            with self.db.begin() as tx:
                self._is_first(tx, message_id)

    def _is_first(self, tx: Tx, message_id: str) -> bool:
        """Write the inbox row; False when it was there already."""
        values = {"message_id": message_id, "received_at": self.clock.now()}
        return insert_new(tx, InboxRow, values, ["message_id"])


def newest(handler: Handler) -> Handler:
    """Wrap *handler* so that it sees only versions newer than any it saw of that noun on that exchange."""

    def handle(parts: Any, tx: Tx, event: Event) -> None:
        if is_newer(tx, event):
            handler(parts, tx, event)

    return handle


def is_newer(tx: Tx, event: Event) -> bool:
    """Note the version of *event*; False when as new a one of its noun was noted before."""
    noun = event.NAME.split(".", maxsplit=1)[0]
    key = {"noun": noun, "noun_id": event.id, "exchange": event.EXCHANGE}
    if insert_new(tx, HeardVersion, {**key, "version": event.version}, list(key)):
        return True
    row = tx.scalars(select(HeardVersion).filter_by(**key).with_for_update()).one()
    if event.version <= row.version:
        return False
    row.version = event.version
    return True


def _retry(attempt: int, reason: str) -> Outcome:
    delay_s = RETRY_DELAYS_S[min(attempt, len(RETRY_DELAYS_S)) - 1]
    return Outcome("retry", delay_s=delay_s, reason=reason)


def delete_old(tx: Tx, now: datetime) -> None:
    """Delete inbox rows older than KEEP_INBOX."""
    tx.execute(delete(InboxRow).where(InboxRow.received_at < now - KEEP_INBOX))
