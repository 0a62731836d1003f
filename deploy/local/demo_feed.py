"""What the demo's RIS and PACS send: HL7 v2 messages, and DICOM objects that bear the invented person's name."""

import io
import secrets
from collections.abc import Iterator
from datetime import datetime

from deploy.local.demo_story import AUTHORITY, DemoExam, DemoPatient, hours_before
from deploy.local.places import ROOT

IMAGES = ROOT / "deploy" / "demo" / "images"
_UID_ROOT = "1.2.826.0.1.3680043.8.498."
_INTERPRETER = "1188^Okafor^Ngozi^^^Dr"
REFERRER = ("Maren", "Lindqvist")
_REFERRER = f"2207^{REFERRER[1]}^{REFERRER[0]}^^^Dr"


def hl7_messages(exam: DemoExam, first_start: datetime) -> Iterator[str]:
    """Give the RIS's messages about *exam*, in order: visit, order, completion, report."""
    at = hours_before(first_start, exam.hours_ago)
    ordered = hours_before(first_start, max(exam.hours_ago, 0) + 1)
    who = [_pid(exam.patient), _pv1(exam, at)]
    yield _message("ADT^A04", f"{exam.accession}-A", ordered, who)
    order = [_obr(exam, at), f"ZDS|{study_uid(exam)}^RADNET^Application^DICOM"]
    yield _message("ORM^O01", f"{exam.accession}-SC", ordered, [*who, f"ORC|NW|{exam.accession}|||SC", *order])
    if exam.images is not None:
        ended = hours_before(first_start, exam.hours_ago - 0.5)
        yield _message("ORM^O01", f"{exam.accession}-CM", ended, [*who, f"ORC|XO|{exam.accession}|||CM", *order])
    if exam.report is not None and exam.signed_hours_ago is not None:
        signed = hours_before(first_start, exam.signed_hours_ago)
        lines = [
            f"OBX|{number}|TX|||{_escaped(line)}||||||F" for number, line in enumerate(exam.report.split("\n"), start=1)
        ]
        yield _message("ORU^R01", f"{exam.accession}-R", signed, [*who, _obr(exam, at, signed), *lines])


def study_uid(exam: DemoExam) -> str:
    """Give the Study Instance UID of *exam*: the same at every load, so that a load twice adds nothing."""
    from pydicom.uid import generate_uid

    return str(generate_uid(prefix=_UID_ROOT, entropy_srcs=["portal demo", exam.accession]))


def dicom_objects(exam: DemoExam, first_start: datetime) -> Iterator[bytes]:
    """Give *exam*'s objects: real images under the invented person's name, with UIDs of their own."""
    import pydicom
    from pydicom.uid import generate_uid

    at = hours_before(first_start, exam.hours_ago)
    for path in sorted((IMAGES / (exam.images or "none")).glob("*.dcm")):
        data = pydicom.dcmread(path)
        seeds = ["portal demo", exam.accession]
        data.StudyInstanceUID = study_uid(exam)
        data.SeriesInstanceUID = generate_uid(_UID_ROOT, [*seeds, str(data.get("SeriesInstanceUID", ""))])
        data.SOPInstanceUID = generate_uid(_UID_ROOT, [*seeds, path.name])
        data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
        data.PatientID, data.IssuerOfPatientID = exam.patient.mrn, AUTHORITY
        data.PatientName = f"{exam.patient.family}^{exam.patient.given}"
        data.PatientBirthDate, data.PatientSex = f"{exam.patient.born:%Y%m%d}", exam.patient.sex
        data.AccessionNumber, data.StudyDescription = exam.accession, exam.procedure
        data.StudyDate, data.StudyTime = f"{at:%Y%m%d}", f"{at:%H%M%S}"
        out = io.BytesIO()
        data.save_as(out)
        yield out.getvalue()


def stow_body(objects: list[bytes]) -> tuple[bytes, str]:
    """Give a multipart/related body of DICOM *objects* and its content type."""
    boundary = f"part-{secrets.token_hex(8)}"
    parts = [b"--%b\r\nContent-Type: application/dicom\r\n\r\n%b\r\n" % (boundary.encode(), one) for one in objects]
    body = b"".join(parts) + b"--%b--\r\n" % boundary.encode()
    return body, f'multipart/related; type="application/dicom"; boundary={boundary}'


def _message(kind: str, control_id: str, at: datetime, segments: list[str]) -> str:
    msh = f"MSH|^~\\&|RIS|RADNET|PORTAL|RADNET|{_stamp(at)}||{kind}|{control_id}|P|2.5.1||||||UNICODE UTF-8"
    return "\r".join([msh, *segments]) + "\r"


def _pid(person: DemoPatient) -> str:
    fields = {
        3: f"{person.mrn}^^^{AUTHORITY}^MR",
        5: f"{person.family}^{person.given}",
        7: f"{person.born:%Y%m%d}",
        8: person.sex,
        11: f"^^^^{person.zip}",
        13: f"^PRN^PH^^^^^^^^^{person.phone}" + (f"~^NET^Internet^{person.email}" if person.email else ""),
        15: person.language,
    }
    return _segment("PID", fields)


def _pv1(exam: DemoExam, at: datetime) -> str:
    return _segment("PV1", {2: "O", 3: exam.location, 8: _REFERRER, 19: exam.visit_number, 44: _stamp(at)})


def _obr(exam: DemoExam, at: datetime, signed: datetime | None = None) -> str:
    code, _, _ = exam.procedure.partition(" ")
    fields = {
        3: exam.accession,
        4: f"{code}{exam.modality}^{exam.procedure}",
        7: _stamp(at),
        16: _REFERRER,
        18: exam.accession,
        24: exam.modality,
        31: f"^{exam.reason}",
    }
    if signed is not None:
        fields |= {22: _stamp(signed), 25: "F", 32: _INTERPRETER}
    return _segment("OBR", fields)


def _segment(name: str, fields: dict[int, str]) -> str:
    return "|".join([name, *(fields.get(number, "") for number in range(1, max(fields) + 1))])


def _stamp(at: datetime) -> str:
    return f"{at:%Y%m%d%H%M%S}+0000"


def _escaped(text: str) -> str:
    for sign, escape in (("\\", "\\E\\"), ("|", "\\F\\"), ("^", "\\S\\"), ("&", "\\T\\"), ("~", "\\R\\")):
        text = text.replace(sign, escape)
    return text
