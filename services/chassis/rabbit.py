"""RabbitMQ through kombu: connecting, and declaring the topology."""

from amqp.exceptions import AMQPError
from kombu import Connection, Exchange, Queue

from contracts import topology

HEARTBEAT_S = 20
CONNECT_TIMEOUT_S = 5

BROKER_FAULTS = (OSError, AMQPError)
"""What kombu's transport raises when the broker is away or refuses."""


class BrokerDown(Exception):
    """Raised when the broker does not answer, or refuses: try again later."""


def connect(url: str) -> Connection:
    """Give a connection that is not open yet; it is one thread's own."""
    return Connection(url, heartbeat=HEARTBEAT_S, connect_timeout=CONNECT_TIMEOUT_S)


def declare(url: str) -> None:
    """Declare every exchange, queue and binding; harmless when they stand. Raises BrokerDown."""
    wanted = topology.topology()
    try:
        with connect(url) as connection, connection.channel() as channel:
            for name, kind in topology.EXCHANGES.items():
                Exchange(name, type=kind, durable=True, channel=channel).declare()
            for queue in wanted.queues:
                Queue(queue.name, durable=True, queue_arguments=queue.arguments, channel=channel).queue_declare()
            for binding in wanted.bindings:
                channel.queue_bind(binding.queue, binding.exchange, binding.routing_key)
    except BROKER_FAULTS as error:
        raise BrokerDown(type(error).__name__) from error
