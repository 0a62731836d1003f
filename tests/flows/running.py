"""The whole product, running twice: on one machine without a broker, and deployed on real servers of its own."""

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from contracts.topology import SERVICES
from deploy.local.places import ROOT
from deploy.local.postgres import PostgresServer
from deploy.local.seaweedfs import SeaweedFs
from deploy.local.smtp import SmtpServer
from tests.flows.deployed import DeployedProduct
from tests.flows.product import Facts, LocalProduct
from tests.servers import Broker, a_broker

STOPS: list[Callable[[], None]] = []
"""What ends each product that was started."""


def stop_products() -> None:
    """End those that run: nobody asks for them any more, and they would take their share of the machine."""
    while STOPS:
        STOPS.pop()()


@pytest.fixture(scope="session")
def local_product(servers_dir: Path) -> Iterator[LocalProduct]:
    """The product as ``./portal up`` starts it where there is no RabbitMQ; not started."""
    yield LocalProduct(servers_dir / "local", bus="local", demo=False)


@pytest.fixture(scope="session")
def local_facts(local_product: LocalProduct) -> Iterator[Facts]:
    """It, running."""
    started = local_product.start()
    STOPS.append(local_product.stop)
    yield started
    stop_products()


@pytest.fixture(scope="session")
def mail_server() -> Iterator[SmtpServer]:
    """The deployed product's mail server."""
    with SmtpServer() as server:
        yield server


@pytest.fixture(scope="session")
def deployed_broker(servers_dir: Path) -> Iterator[Broker]:
    """The deployed product's broker: its own, for a test may stop it, and others purge theirs."""
    broker = a_broker(servers_dir / "deployed-rabbitmq")
    with broker.node:
        yield broker


@pytest.fixture(scope="session")
def deployed_product(
    servers_dir: Path, deployed_broker: Broker, postgres: PostgresServer, s3: SeaweedFs, mail_server: SmtpServer
) -> DeployedProduct:
    """The product on RabbitMQ, PostgreSQL, S3 and SMTP; not started."""
    bucket = s3.create_bucket(f"portal-{secrets.token_hex(4)}")
    folder = servers_dir / "deployed"
    folder.mkdir()
    environment = {
        "PORTAL_LOCATIONS_FILE": str(ROOT / "deploy" / "locations.yaml"),
        "PORTAL_OBJECTS_URL": f"s3://{bucket.name}/objects?endpoint={bucket.endpoint}",
        "PORTAL_ARCHIVER_FILES_URL": f"s3://{bucket.name}/packages?endpoint={bucket.endpoint}",
        "AWS_ACCESS_KEY_ID": bucket.access_key_id,
        "AWS_SECRET_ACCESS_KEY": bucket.secret_access_key,
        "PORTAL_ARCHIVER_LEASE_S": "5",
        "PORTAL_EXAMS_SENT_WHEN_SIGNED": "true",
        "PORTAL_IDENTITY_KEYS_DIR": str(folder / "identity-keys"),
        "PORTAL_SHARING_KEYS_DIR": str(folder / "sharing-keys"),
        "PORTAL_NOTIFIER_KEYS_DIR": str(folder / "notifier-keys"),
        "PORTAL_NOTIFIER_MAIL_URL": f"smtp://127.0.0.1:{mail_server.port}",
        "PORTAL_GATEWAY_COOKIE_KEY": secrets.token_urlsafe(32),
        "PORTAL_GATEWAY_READS_PER_MINUTE": "60000",  # every test has one address
        "PORTAL_GATEWAY_SECRETS_PER_MINUTE": "6000",
        "NO_PROXY": "127.0.0.1",
    }
    for name in SERVICES:
        prefix = f"PORTAL_{name.upper()}_"
        environment[f"{prefix}DATABASE_URL"] = postgres.create_database(f"{name}_{secrets.token_hex(4)}")
        environment[f"{prefix}AMQP_URL"] = deployed_broker.url(name)
    return DeployedProduct(folder, environment, lambda: [mail.content for mail in mail_server.mails])


@pytest.fixture(scope="session")
def deployed_facts(deployed_product: DeployedProduct) -> Iterator[Facts]:
    """It, running."""
    started = deployed_product.start()
    STOPS.append(deployed_product.stop)
    yield started
    stop_products()


@pytest.fixture(scope="session", params=["local", "deployed"])
def facts(request: pytest.FixtureRequest) -> Facts:
    """A running product, once of each kind."""
    running: Facts = request.getfixturevalue(f"{request.param}_facts")
    return running
