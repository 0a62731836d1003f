"""Publishing to RabbitMQ with batched confirms.

py-amqp does not match delivery tags to messages, so tags are counted here, and after any fault, refusal or return the
channel is dropped: a late confirm must not be taken for another message's.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from kombu import Connection, Producer

from contracts import topology
from contracts.envelope import CONTENT_TYPE
from services.chassis import log
from services.chassis.rabbit import BROKER_FAULTS, BrokerDown, connect
from services.chassis.tables import OutboxRow

CONFIRM_TIMEOUT_S = 10


@dataclass(frozen=True)
class Outgoing:
    """A message on its way to the broker."""

    message_id: str
    body: bytes
    exchange: str
    """Empty: the default exchange, straight to the queue *routing_key*."""
    routing_key: str
    is_mandatory: bool
    type: str
    timestamp: int | None
    correlation_id: str | None
    app_id: str
    attempt: int = 1


def from_outbox(row: OutboxRow, owner: str) -> Outgoing:
    """Give the message that a row of *owner*'s outbox stands for."""
    return Outgoing(
        message_id=row.message_id,
        body=row.body.encode(),
        exchange="" if row.to_queue else row.exchange,
        routing_key=row.to_queue or row.routing_key,
        is_mandatory=bool(row.to_queue) or topology.is_mandatory(row.exchange),
        type=row.type,
        timestamp=int(row.created_at.timestamp()),
        correlation_id=row.correlation_id,
        app_id=owner,
    )


@dataclass
class _Batch:
    """What became of the messages of one batch, by delivery tag."""

    open: dict[int, str] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)


class Publisher:
    """Publishes on one connection of one thread."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: Connection | None = None
        self._producer: Any = None
        self._tag = 0
        self._batch = _Batch()

    def publish(self, messages: Sequence[Outgoing]) -> set[str]:
        """Put *messages* on the bus; give the message ids that the broker confirmed and routed. Raises BrokerDown."""
        try:
            self._open()
            for message in messages:
                self._send(message)
            while self._batch.open and self._connection is not None:
                self._connection.drain_events(timeout=CONFIRM_TIMEOUT_S)
        except BROKER_FAULTS as error:
            self.close()
            raise BrokerDown(type(error).__name__) from error
        refused = self._batch.refused
        if refused:
            self.close()
        return {message.message_id for message in messages} - refused

    def close(self) -> None:
        """Drop the connection; its faults say nothing new."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(*BROKER_FAULTS):
                connection.release()

    def _open(self) -> None:
        self._batch = _Batch()
        if self._connection is not None:
            return
        connection = connect(self._url)
        connection.connect()
        channel: Any = connection.channel()
        channel.confirm_select()
        channel.events["basic_ack"].add(self._on_ack)
        channel.events["basic_nack"].add(self._on_nack)
        channel.events["basic_return"].add(self._on_return)
        self._connection, self._producer, self._tag = connection, Producer(channel), 0

    def _send(self, message: Outgoing) -> None:
        self._tag += 1
        self._batch.open[self._tag] = message.message_id
        self._producer.publish(
            message.body,
            exchange=message.exchange,
            routing_key=message.routing_key,
            mandatory=message.is_mandatory,
            content_type=CONTENT_TYPE,
            content_encoding="utf-8",
            delivery_mode=2,
            message_id=message.message_id,
            type=message.type,
            timestamp=message.timestamp,
            correlation_id=message.correlation_id,
            app_id=message.app_id,
            headers={"x-attempt": message.attempt},
        )

    def _settle(self, tag: int, multiple: bool) -> list[str]:
        tags = [known for known in self._batch.open if known <= tag] if multiple else [tag]
        return [self._batch.open.pop(known) for known in tags if known in self._batch.open]

    def _on_ack(self, tag: int, multiple: bool) -> None:
        self._settle(tag, multiple)

    def _on_nack(self, tag: int, multiple: bool) -> None:
        """Take note that a queue was full or its leader away; the rows stay unsent."""
        self._batch.refused.update(self._settle(tag, multiple))
        log.get().warning("publish-refused")

    def _on_return(self, _error: Any, _exchange: str, routing_key: str, message: Any) -> None:
        """Take note of a message that reached no queue; the broker confirms it all the same, afterwards."""
        self._batch.refused.add(message.properties.get("message_id", ""))
        log.get().error("publish-unroutable", queue=routing_key)
