"""The bus on one machine without a broker: the databases alone carry it, all services' handlers in one process.

The relay hands each outbox row to every hearer and marks it sent when each has committed its inbox row, or has parked
the message in its own database (to be tried again, or dead). Nothing is lost with the process. Commands need no
carrying: jobs are rows, and workers look for them.
"""

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from contracts import topology
from contracts.envelope import Envelope
from services.chassis.hearing import deliver_patiently
from services.chassis.inbox import Inbox, Outcome
from services.chassis.pace import Pace
from services.chassis.tables import OutboxRow, ParkedMessage

LOOK_EVERY_S = 0.2
LOOK_WHEN_QUIET_S = 1.0
BATCH = 50


@dataclass(frozen=True)
class LocalBus:
    """Every service's ear, by name; a Carrier for each service's relay."""

    inboxes: dict[str, Inbox]
    stop: threading.Event

    def carry(self, rows: list[OutboxRow]) -> list[int]:
        """Give each of *rows* to all its hearers, in order. Stops at the first that a hearer could not take."""
        carried = []
        for row in rows:
            if not all(self._give(service, queue, row.body) for service, queue in self._hearers(row)):
                break
            carried.append(row.seq)
        return carried

    def _hearers(self, row: OutboxRow) -> list[tuple[str, str]]:
        if row.exchange == topology.COMMANDS:
            return []
        if row.to_queue:
            owner = row.to_queue.split(".", maxsplit=1)[0]
            return [(owner, row.to_queue)] if owner in self.inboxes else []
        kind = topology.EVENT_TYPES[row.type]
        return [
            (service, topology.queue_for(service, kind))
            for service in topology.hearers(kind)
            if service in self.inboxes
        ]

    def _give(self, service: str, queue: str, body: str) -> bool:
        inbox = self.inboxes[service]
        in_place = queue == topology.urgent_queue(service)
        outcome = deliver_patiently(inbox, body, 1, self.stop, in_place=in_place)
        if outcome is None:
            return False
        if outcome.kind != "settled":
            _park(inbox, queue, body, outcome, attempt=1)
        return True

    def run_parked(self, service: str, stop: threading.Event) -> None:
        """Try *service*'s parked messages again when they are due, until *stop*."""
        pace = Pace(LOOK_EVERY_S, LOOK_WHEN_QUIET_S)
        wait_s = LOOK_EVERY_S
        while not stop.wait(wait_s):
            due = _find_due(self.inboxes[service])
            for parked in due:
                self._try_again(self.inboxes[service], parked, stop)
            wait_s = pace.after(bool(due))

    def _try_again(self, inbox: Inbox, parked: ParkedMessage, stop: threading.Event) -> None:
        outcome = deliver_patiently(inbox, parked.body, parked.attempt + 1, stop, in_place=False)
        if outcome is None:
            return
        if outcome.kind == "settled":
            with inbox.db.begin() as tx:
                tx.delete(parked)
        else:
            _park(inbox, parked.queue, parked.body, outcome, attempt=parked.attempt + 1)


def _find_due(inbox: Inbox) -> list[ParkedMessage]:
    with inbox.db.read() as tx:
        due = select(ParkedMessage).where(ParkedMessage.due_at <= inbox.clock.now())
        return list(tx.scalars(due.order_by(ParkedMessage.due_at).limit(BATCH)))


def _park(inbox: Inbox, queue: str, body: str, outcome: Outcome, attempt: int) -> None:
    now = inbox.clock.now()
    with inbox.db.begin() as tx:
        tx.merge(
            ParkedMessage(
                message_id=Envelope.from_bytes(body).id,
                queue=queue,
                body=body,
                attempt=attempt,
                due_at=_due_at(outcome, now),
                reason=outcome.reason,
                parked_at=now,
            )
        )


def _due_at(outcome: Outcome, now: datetime) -> datetime | None:
    return now + timedelta(seconds=outcome.delay_s) if outcome.kind == "retry" else None
