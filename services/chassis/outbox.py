"""Telling: a message exists when its row commits with the change that it tells of; a relay brings it to the bus.

A consumer of messages must bear duplicates and disorder, so the relay may send a row twice, never not at all.
"""

from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from structlog.contextvars import get_contextvars

from contracts.envelope import wrap
from contracts.topology import COMMANDS, TELLS
from contracts.wire import Command, Event
from services.chassis.db import TOLD, Tx, new_id
from services.chassis.tables import OutboxRow

KEEP_SENT = timedelta(days=1)
"""How long a sent row stays, for whoever looks into a fault."""


class NotOurs(Exception):
    """Raised when a service tells an event that the topology does not let it tell: a mistake in our code."""


def put_event(tx: Tx, owner: str, event: Event, now: datetime, *, to_queue: str | None = None) -> None:
    """Tell *event* when *tx* commits. *to_queue*: retell to that queue alone. Raises NotOurs."""
    if type(event) not in TELLS[owner]:
        raise NotOurs(f"{owner} does not tell {event.NAME}")
    _put(tx, owner, event, now, exchange=event.EXCHANGE, routing_key=event.routing_key(), subject=event.id, to=to_queue)


def put_command(tx: Tx, owner: str, command: Command, now: datetime, *, queue: str, subject: str) -> None:
    """Order *command* by *queue* (its routing key on ``portal.commands``) when *tx* commits."""
    _put(tx, owner, command, now, exchange=COMMANDS, routing_key=queue, subject=subject, to=None)


def _put(
    tx: Tx,
    owner: str,
    message: Event | Command,
    now: datetime,
    *,
    exchange: str,
    routing_key: str,
    subject: str,
    to: str | None,
) -> None:
    message_id = new_id()
    correlation_id = get_contextvars().get("correlation_id")
    envelope = wrap(
        message, message_id=message_id, owner=owner, now=now, subject=subject, correlation_id=correlation_id
    )
    tx.add(
        OutboxRow(
            message_id=message_id,
            exchange=exchange,
            routing_key=routing_key,
            type=envelope.type,
            body=envelope.to_bytes().decode(),
            correlation_id=correlation_id,
            to_queue=to,
            created_at=now,
        )
    )
    tx.info[TOLD] = True


def find_unsent(tx: Tx, limit: int) -> list[OutboxRow]:
    """Give up to *limit* rows that are not on the bus yet, oldest first."""
    return list(tx.scalars(select(OutboxRow).where(OutboxRow.sent_at.is_(None)).order_by(OutboxRow.seq).limit(limit)))


def mark_sent(tx: Tx, seqs: list[int], now: datetime) -> None:
    """Note that the bus has confirmed the rows *seqs*."""
    if seqs:
        tx.execute(update(OutboxRow).where(OutboxRow.seq.in_(seqs)).values(sent_at=now))


def oldest_unsent_age_s(tx: Tx, now: datetime) -> float:
    """Give the age in seconds of the oldest row not on the bus yet; 0 when there is none."""
    oldest = tx.scalar(select(func.min(OutboxRow.created_at)).where(OutboxRow.sent_at.is_(None)))
    return 0.0 if oldest is None else max(0.0, (now - oldest).total_seconds())


def delete_sent(tx: Tx, now: datetime) -> None:
    """Delete rows sent longer ago than KEEP_SENT."""
    tx.execute(delete(OutboxRow).where(OutboxRow.sent_at < now - KEEP_SENT))
