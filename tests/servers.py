"""The real servers that tests run against, each started when the first test asks for it and ended with the run.

A missing program is a failure that names its package, never a skip.
"""

import secrets
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import rmtree

import pika
import pytest

from contracts.exams import ExamCompleted
from contracts.topology import SERVICES, topology
from deploy.local.postgres import PostgresServer
from deploy.local.rabbitmq import RabbitMqNode
from deploy.local.seaweedfs import Bucket, SeaweedFs
from deploy.local.smtp import SmtpServer
from deploy.rabbitmq.definitions import OPERATOR, definitions
from services.chassis.clock import Clock

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
RIS = "ris"
"""Another system, granted ``exam.completed`` alone."""


@dataclass
class Broker:
    """A node with the portal's topology and a user per service, ``operator`` (may do all) and ``ris``."""

    node: RabbitMqNode
    passwords: dict[str, str] = field(repr=False)

    def url(self, user: str = OPERATOR) -> str:
        """Give the address by which *user* (a service's name, ``operator`` or ``ris``) reaches it."""
        return self.node.url(user, self.passwords[user])

    def connect(self, user: str = OPERATOR) -> pika.BlockingConnection:
        """Give a plain connection of *user*; close it."""
        return pika.BlockingConnection(pika.URLParameters(self.url(user)))

    def purge(self) -> None:
        """Empty every queue of the topology."""
        connection = self.connect()
        channel = connection.channel()
        for queue in topology().queues:
            channel.queue_purge(queue.name)
        connection.close()

    def depth(self, queue: str) -> int:
        """Count the messages that wait in *queue* (those being worked on are not counted)."""
        connection = self.connect()
        try:
            return int(connection.channel().queue_declare(queue, passive=True).method.message_count)
        finally:
            connection.close()


def a_broker(data_dir: Path) -> Broker:
    """Give a broker that is not started yet: for tests that kill theirs."""
    passwords = {user: secrets.token_urlsafe(16) for user in (*SERVICES, OPERATOR, RIS)}
    return Broker(RabbitMqNode(data_dir, definitions(passwords, {RIS: [ExamCompleted]})), passwords)


class SetClock(Clock):
    """A clock that stands still until it is moved."""

    def __init__(self, at: datetime = NOON) -> None:
        super().__init__()
        self._at = [at]  # the class is frozen, the time is not

    def now(self) -> datetime:
        return self._at[0]

    def move_to(self, at: datetime) -> None:
        """Let it be *at* (UTC)."""
        self._at[0] = at

    def advance(self, by: timedelta) -> None:
        """Let *by* pass."""
        self._at[0] += by


@pytest.fixture(scope="session")
def servers_dir() -> Iterator[Path]:
    """A folder that other system users may enter, with a path short enough for sockets."""
    path = Path(tempfile.mkdtemp(prefix="portal-"))
    path.chmod(0o755)
    yield path
    rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session")
def rabbitmq(servers_dir: Path) -> Iterator[Broker]:
    """The run's broker, shared by all tests: purge what you leave, or ask for ``empty_rabbitmq``."""
    broker = a_broker(servers_dir / "rabbitmq")
    with broker.node:
        yield broker


@pytest.fixture
def empty_rabbitmq(rabbitmq: Broker) -> Broker:
    """The run's broker with nothing in its queues."""
    rabbitmq.purge()
    return rabbitmq


@pytest.fixture(scope="session")
def postgres(servers_dir: Path) -> Iterator[PostgresServer]:
    """The run's PostgreSQL server."""
    with PostgresServer(servers_dir / "postgres") as server:
        yield server


def _fresh_database(server: PostgresServer) -> Iterator[str]:
    name = f"t{secrets.token_hex(8)}"
    yield server.create_database(name)
    server.drop_database(name)


@pytest.fixture(scope="module")
def postgres_url(postgres: PostgresServer) -> Iterator[str]:
    """An empty PostgreSQL database for this test module."""
    yield from _fresh_database(postgres)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """An SQLite database that does not exist yet, in the test's own folder."""
    return f"sqlite:///{tmp_path / 'test.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty database for this test, once of each kind that the product runs on."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_url")
    else:
        yield from _fresh_database(request.getfixturevalue("postgres"))


@pytest.fixture(scope="session")
def s3(servers_dir: Path) -> Iterator[SeaweedFs]:
    """The run's S3 server."""
    with SeaweedFs(servers_dir / "s3") as server:
        yield server


@pytest.fixture
def s3_bucket(s3: SeaweedFs) -> Bucket:
    """An empty bucket for this test."""
    return s3.create_bucket(f"t{secrets.token_hex(8)}")


@pytest.fixture
def smtp() -> Iterator[SmtpServer]:
    """A mail server of this test's own; for a wider scope use ``SmtpServer`` itself."""
    with SmtpServer() as server:
        yield server


@pytest.fixture(scope="session")
def standing_clock() -> SetClock:
    """The clock of what stands for the whole run."""
    return SetClock()


@pytest.fixture
def clock(standing_clock: SetClock) -> SetClock:
    """A clock that stands at noon of 2 March 2026, UTC."""
    standing_clock.move_to(NOON)
    return standing_clock
