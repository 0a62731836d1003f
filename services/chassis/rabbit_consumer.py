"""Consuming a queue of events from RabbitMQ with kombu; short effects only (the archiver's jobs go through pika).

A kombu connection reconnects behind one's back and leaves a loop without a consumer (seen in trials), so connection
faults are never caught inside a callback, and each turn of the loop checks that its channel is still on the
connection it began with.
"""

import threading
from typing import Any

from kombu import Connection, Consumer, Message, Queue

from contracts import topology
from services.chassis.hearing import deliver_patiently
from services.chassis.inbox import Inbox
from services.chassis.rabbit import BROKER_FAULTS, BrokerDown, connect
from services.chassis.rabbit_publisher import Outgoing, Publisher

PREFETCH = 20


class ConsumerLost(Exception):
    """Raised when the loop's consumer is gone though no error was seen: begin again."""


class QueueConsumer:
    """Consumes one queue of a service on a thread of its own; each message is settled, retried later, or dead."""

    def __init__(self, url: str, queue: str, inbox: Inbox, *, in_place: bool) -> None:
        self._url, self._queue, self._inbox, self._in_place = url, queue, inbox, in_place
        self._publisher = Publisher(url)
        self.is_consuming = False
        """Whether a consumer stands; part of the service's liveness."""

    def run(self, stop: threading.Event) -> None:
        """Consume until *stop*. Raises BrokerDown or ConsumerLost, upon which it is to be begun again."""
        try:
            with connect(self._url) as connection, connection.channel() as channel:
                self._consume(connection, channel, stop)
        except BROKER_FAULTS as error:
            raise BrokerDown(type(error).__name__) from error
        finally:
            self.is_consuming = False
            self._publisher.close()

    def _consume(self, connection: Connection, channel: Any, stop: threading.Event) -> None:
        ours = connection.connection
        queue = Queue(self._queue, no_declare=True)
        with Consumer(
            channel,
            [queue],
            on_message=lambda message: self._hear(message, stop),
            prefetch_count=PREFETCH,
            auto_declare=False,
        ):
            self.is_consuming = True
            while not stop.is_set():
                check_same(connection, channel, ours)
                try:
                    connection.drain_events(timeout=0.5)
                except TimeoutError:
                    connection.heartbeat_check()

    def _hear(self, message: Message, stop: threading.Event) -> None:
        attempt = int((message.headers or {}).get("x-attempt", 1))
        outcome = deliver_patiently(self._inbox, message.body, attempt, stop, in_place=self._in_place)
        if outcome is None:
            return  # stopping: unacknowledged, the broker gives it to another
        if outcome.kind == "dead":
            message.reject(requeue=False)
            return
        if outcome.kind == "retry":
            self._publisher.publish([self._again(message, outcome.delay_s, attempt + 1)])
        message.ack()

    def _again(self, message: Message, delay_s: int, attempt: int) -> Outgoing:
        body = message.body
        return Outgoing(
            message_id=str(message.properties.get("message_id", "")),
            body=body.encode() if isinstance(body, str) else bytes(body),
            exchange="",
            routing_key=topology.retry_queue(self._queue, delay_s),
            is_mandatory=True,
            type=str(message.properties.get("type", "")),
            timestamp=message.properties.get("timestamp"),
            correlation_id=message.properties.get("correlation_id"),
            app_id=str(message.properties.get("app_id", "")),
            attempt=attempt,
        )


def check_same(connection: Connection, channel: Any, ours: Any) -> None:
    """Raise ConsumerLost unless *channel* and *connection* still stand on the transport *ours*."""
    if connection._connection is not ours or channel.connection is not ours:
        raise ConsumerLost
