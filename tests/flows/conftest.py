"""What the flows share: real images under an invented person's name, and a look into a downloaded package."""

import io
import zipfile

import pydicom
from pydicom.uid import generate_uid

from deploy.local.demo_feed import IMAGES
from tests.flows.ris import FeedExam


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
