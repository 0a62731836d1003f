"""The whole product, running twice: on one machine without a broker, and deployed on real servers."""

import io
import secrets
from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest
from pydicom.uid import generate_uid

from contracts.topology import SERVICES
from deploy.local.demo_feed import IMAGES
from deploy.local.places import ROOT
from deploy.local.smtp import SmtpServer
from tests.flows.product import DeployedProduct, Facts, LocalProduct
from tests.flows.ris import FeedExam


@pytest.fixture(scope="session")
def local_product(servers_dir: Path) -> Iterator[LocalProduct]:
    """The product as ``./portal up`` starts it where there is no RabbitMQ; not started."""
    yield LocalProduct(servers_dir / "local", bus="local", demo=False)


@pytest.fixture(scope="session")
def local_facts(local_product: LocalProduct) -> Iterator[Facts]:
    """It, running."""
    yield local_product.start()
    local_product.stop()


@pytest.fixture(scope="session")
def mail_server() -> Iterator[SmtpServer]:
    """The deployed product's mail server."""
    with SmtpServer() as server:
        yield server


@pytest.fixture(scope="session")
def deployed_product(request: pytest.FixtureRequest, servers_dir: Path, mail_server: SmtpServer) -> DeployedProduct:
    """The product on RabbitMQ, PostgreSQL, S3 and SMTP; not started."""
    broker, postgres, s3 = (request.getfixturevalue(name) for name in ("rabbitmq", "postgres", "s3"))
    broker.purge()
    bucket = s3.create_bucket(f"portal-{secrets.token_hex(4)}")
    folder = servers_dir / "deployed"
    folder.mkdir()
    environment = {
        "PORTAL_LOCATIONS_FILE": str(ROOT / "deploy" / "locations.yaml"),
        "PORTAL_OBJECTS_URL": f"s3://{bucket.name}/objects?endpoint={bucket.endpoint}",
        "PORTAL_ARCHIVER_FILES_URL": f"s3://{bucket.name}/packages?endpoint={bucket.endpoint}",
        "AWS_ACCESS_KEY_ID": bucket.access_key_id,
        "AWS_SECRET_ACCESS_KEY": bucket.secret_access_key,
        "PORTAL_EXAMS_SENT_WHEN_SIGNED": "true",
        "PORTAL_IDENTITY_KEYS_DIR": str(folder / "identity-keys"),
        "PORTAL_SHARING_KEYS_DIR": str(folder / "sharing-keys"),
        "PORTAL_NOTIFIER_MAIL_URL": f"smtp://127.0.0.1:{mail_server.port}",
        "PORTAL_GATEWAY_COOKIE_KEY": secrets.token_urlsafe(32),
        "NO_PROXY": "127.0.0.1",
    }
    for name in SERVICES:
        prefix = f"PORTAL_{name.upper()}_"
        environment[f"{prefix}DATABASE_URL"] = postgres.create_database(f"{name}_{secrets.token_hex(4)}")
        environment[f"{prefix}AMQP_URL"] = broker.url(name)
    return DeployedProduct(folder, environment, lambda: [mail.content for mail in mail_server.mails])


@pytest.fixture(scope="session")
def deployed_facts(deployed_product: DeployedProduct) -> Iterator[Facts]:
    """It, running."""
    yield deployed_product.start()
    deployed_product.stop()


@pytest.fixture(scope="session", params=["local", "deployed"])
def facts(request: pytest.FixtureRequest) -> Facts:
    """A running product, once of each kind."""
    running: Facts = request.getfixturevalue(f"{request.param}_facts")
    return running


def images_of(exam: FeedExam, folder: str = "ct-head", most: int = 4) -> list[bytes]:
    """Give real images under *exam*'s names and UIDs."""
    objects = []
    for path in sorted((IMAGES / folder).glob("*.dcm"))[:most]:
        data = pydicom.dcmread(path)
        data.StudyInstanceUID, data.AccessionNumber, data.PatientID = exam.study_uid, exam.accession, exam.mrn
        data.PatientName, data.PatientBirthDate = f"{exam.family}^{exam.given}", exam.born
        data.SeriesInstanceUID = generate_uid(entropy_srcs=[exam.study_uid, str(data.SeriesInstanceUID)])
        data.SOPInstanceUID = generate_uid(entropy_srcs=[exam.study_uid, path.name])
        data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
        out = io.BytesIO()
        data.save_as(out)
        objects.append(out.getvalue())
    return objects
