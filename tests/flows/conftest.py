"""What the flows share: a product with its demo, real images under an invented name, a look into a package."""

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pydicom
import pytest
from pydicom.uid import generate_uid

from deploy.local.demo_feed import IMAGES
from tests.flows.product import Facts, LocalProduct
from tests.flows.ris import FeedExam
from tests.flows.running import STOPS, stop_products


@dataclass
class Demo:
    """The product with its demo, and what it said when it last started."""

    product: LocalProduct
    facts: Facts

    def start_again(self, offset: str = "") -> None:
        """End it where it runs, and start it with its clock *offset* ahead."""
        self.product.stop()
        self.facts = self.product.start(offset)


@pytest.fixture(scope="session")
def demo(servers_dir: Path) -> Iterator[Demo]:
    """The run's own, started."""
    product = LocalProduct(servers_dir / "demo", bus="local", demo=True)
    started = Demo(product, product.start())
    STOPS.append(product.stop)
    yield started
    stop_products()


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


def pdfs_of(body: bytes) -> list[bytes]:
    """Give the PDFs in a downloaded zip."""
    with zipfile.ZipFile(io.BytesIO(body)) as package:
        contents = [package.read(name) for name in package.namelist()]
    return [content for content in contents if content.startswith(b"%PDF")]
