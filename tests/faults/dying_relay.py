"""A relay that is killed (-9) after the broker has confirmed and before the rows are marked: run as a process.

``python -m tests.faults.dying_relay DATABASE_URL AMQP_URL SERVICE``
"""

import os
import signal
import sys
import threading

from services.chassis.clock import Clock
from services.chassis.db import Database
from services.chassis.relay import RabbitCarrier, Relay
from services.chassis.tables import OutboxRow


class _DyingCarrier(RabbitCarrier):
    """Publishes, waits for the confirms, and dies."""

    def carry(self, rows: list[OutboxRow]) -> list[int]:
        super().carry(rows)
        os.kill(os.getpid(), signal.SIGKILL)
        return []


def main() -> None:
    """Relay once; does not return."""
    database_url, amqp_url, service = sys.argv[1:4]
    Relay(service, Database(database_url), Clock(), _DyingCarrier(amqp_url, service)).run(threading.Event())


if __name__ == "__main__":
    main()
