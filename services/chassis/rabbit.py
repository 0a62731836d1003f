"""RabbitMQ through kombu: connecting, and which faults are the broker's."""

from amqp.exceptions import AMQPError
from kombu import Connection

HEARTBEAT_S = 20
CONNECT_TIMEOUT_S = 5

BROKER_FAULTS = (OSError, AMQPError)
"""What kombu's transport raises when the broker is away or refuses."""


class BrokerDown(Exception):
    """Raised when the broker does not answer, or refuses: try again later."""


def connect(url: str) -> Connection:
    """Give a connection that is not open yet; it is one thread's own."""
    return Connection(url, heartbeat=HEARTBEAT_S, connect_timeout=CONNECT_TIMEOUT_S)
