"""A whole exams service on its own database and folder, with a clock that is set, and what talks to it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from pydicom import dcmread

from contracts.tokens import AccountGrants, Grants, ICodeGrants, ShareGrants, StaffGrants, SystemGrants
from services.chassis.auth import note_key
from services.chassis.objects import ObjectMissing
from services.chassis.service import Service
from services.chassis.signing import Minter, load_or_make_key
from services.chassis.tables import OutboxRow
from services.exams.app import make
from services.exams.parts import Parts
from services.exams.settings import ExamsSettings
from services.exams.usecases import manifests, pictures, release
from tests.migrated import migrate
from tests.servers import SetClock

DICOM = Path(__file__).parents[1] / "data" / "dicom"


@dataclass
class Desk:
    """One exams service as its neighbours see it: the RIS, the PACS, patients, the bus."""

    service: Service
    clock: SetClock
    minters: dict[str, Minter]
    told_to: int = 0
    client: FlaskClient = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.service.make_app().test_client()

    @property
    def parts(self) -> Parts:
        return self.service.parts

    def token(self, grants: Grants, holder: str) -> dict[str, str]:
        """Headers of a fresh token."""
        issuer = "sharing" if grants.kind == "share" else "identity"
        token, _ = self.minters[issuer].mint(
            holder=holder, session="s1", version=1, grants=grants, now=self.clock.now()
        )
        return {"Authorization": f"Bearer {token}"}

    def system(self, *scopes: str) -> dict[str, str]:
        return self.token(SystemGrants(scopes=list(scopes)), "system:pacs")

    def account(self, *patients: str) -> dict[str, str]:
        return self.token(AccountGrants(patients=list(patients)), "account:a1")

    def icode(self, visit: str, exams: list[str] | None = None) -> dict[str, str]:
        return self.token(ICodeGrants(visit=visit, exams=exams), "icode:i1")

    def share(self, *exams: str, **permissions: bool) -> dict[str, str]:
        asked = {"may_download": False, "include_report": False, "include_visit_summary": False} | permissions
        return self.token(ShareGrants(exams=list(exams), **asked), "share:s1")

    def staff(self, *roles: str, locations: list[str] | None = None) -> dict[str, str]:
        return self.token(StaffGrants(roles=list(roles), locations=locations), "staff:t1")

    def hl7(self, message: str) -> str:
        """Send a message; give the acknowledgement code."""
        answer = self.client.post(
            "/hl7v2", data=message.encode(), headers=self.system("hl7.send") | {"Content-Type": "application/hl7-v2"}
        )
        assert answer.status_code == 200, answer.text
        return next(line for line in answer.text.split("\r") if line.startswith("MSA")).split("|")[1]

    def stow(self, *objects: bytes, study: str | None = None) -> Any:
        """Post DICOM objects; give the answer."""
        body = (
            b"".join(b"--cut\r\nContent-Type: application/dicom\r\n\r\n" + one + b"\r\n" for one in objects)
            + b"--cut--\r\n"
        )
        kind = 'multipart/related; type="application/dicom"; boundary=cut'
        path = "/dicomweb/studies" + (f"/{study}" if study else "")
        return self.client.post(path, data=body, headers=self.system("images.store") | {"Content-Type": kind})

    def get(self, path: str, headers: dict[str, str]) -> Any:
        return self.client.get(path, headers=headers)

    def settle(self) -> None:
        """Do what the chores do, now."""
        manifests.make_due(self.parts)
        release.prepare_pdfs(self.parts)
        release.sweep(self.parts)
        pictures.render_waiting(self.parts)

    def told(self, *names: str) -> list[dict[str, Any]]:
        """Give the data of events told since the last call, those of *names* alone, each with its name as ``type``."""
        with self.service.db.read() as tx:
            rows = tx.query(OutboxRow).filter(OutboxRow.seq > self.told_to).order_by(OutboxRow.seq).all()
        self.told_to = rows[-1].seq if rows else self.told_to
        found = [json.loads(row.body) for row in rows]
        events = [one["data"] | {"type": one["type"][len("com.radnet.portal.") : -3]} for one in found]
        return [one for one in events if (not names and one["type"] != "act.recorded") or one["type"] in names]

    def names(self, *names: str) -> list[str]:
        return [one["type"] for one in self.told(*names)]


def a_desk(folder: Path, database_url: str, clock: SetClock, **more: Any) -> Desk:
    """Give a migrated service that trusts the keys of both issuers."""
    settings = ExamsSettings(
        database_url=database_url,
        objects_url=f"file://{folder / 'objects'}",
        **({"sent_when_signed": False, "render_threads": 1} | more),
    )
    service = make(settings, clock)
    migrate(service)
    minters = {}
    for issuer in ("identity", "sharing"):
        key = load_or_make_key(folder / issuer, clock.now())
        minters[issuer] = Minter(issuer, key)
        with service.db.begin() as tx:
            note_key(tx, key.published(issuer))
    return Desk(service, clock, minters)


@pytest.fixture
def desk(tmp_path: Path, sqlite_url: str, clock: SetClock) -> Iterator[Desk]:
    found = a_desk(tmp_path, sqlite_url, clock)
    yield found
    found.service.db.close()


@pytest.fixture
def any_desk(tmp_path: Path, database_url: str, clock: SetClock) -> Iterator[Desk]:
    found = a_desk(tmp_path, database_url, clock)
    yield found
    found.service.db.close()


@dataclass
class Ris:
    """Writes HL7 messages about one patient's one exam; each later than the one before unless *at* says otherwise."""

    clock: SetClock
    mrn: str = "M1"
    visit: str = "V1"
    accession: str = "A1"
    location: str = "NY-NYC-01"
    family: str = "DOE"
    modality: str = "MR"
    procedure: str = "MRI BRAIN"
    sent: int = 0

    def _head(self, kind: str, at: datetime | None) -> list[str]:
        self.sent += 1
        at = at or self.clock.now() - timedelta(hours=1) + timedelta(seconds=self.sent)
        return [
            rf"MSH|^~\&|RIS|RAD|PORTAL|RAD|{stamp(at)}||{kind}|C{self.mrn}{self.accession}{self.sent}|P|2.5.1",
            f"PID|1||{self.mrn}^^^RAD||{self.family}^JANE||19800229|F|||^^^^10017||2125550100",
        ]

    def _pv1(self) -> str:
        fields = [""] * 45
        fields[0], fields[1], fields[2], fields[3], fields[19] = "PV1", "1", "O", self.location, self.visit
        fields[8] = "1^WATSON^JOHN^^^^MD"
        fields[44] = stamp(self.clock.now() - timedelta(hours=2))
        return "|".join(fields)

    def _obr(self, **at: str) -> str:
        fields = [""] * 33
        fields[0], fields[1], fields[3], fields[4] = "OBR", "1", self.accession, f"X1^{self.procedure}"
        fields[24], fields[31] = self.modality, "^headache"
        for name, value in at.items():
            fields[int(name[1:])] = value
        return "|".join(fields).rstrip("|")

    def registered(self, at: datetime | None = None) -> str:
        return "\r".join([*self._head("ADT^A04", at), self._pv1(), "AL1|1||^Penicillin", "DG1|1||R51^Headache"])

    def changed(self, at: datetime | None = None, kind: str = "A08") -> str:
        return "\r".join([*self._head(f"ADT^{kind}", at), self._pv1()])

    def merged(self, gone: str, at: datetime | None = None, kind: str = "A40") -> str:
        return "\r".join([*self._head(f"ADT^{kind}", at), f"MRG|{gone}^^^RAD"])

    def ordered(self, status: str = "SC", at: datetime | None = None, study: str = "", control: str = "NW") -> str:
        lines = [*self._head("ORM^O01", at), self._pv1(), f"ORC|{control}||||{status}", self._obr()]
        return "\r".join(lines + ([f"ZDS|{study}^RAD^Application^DICOM"] if study else []))

    def completed(self, at: datetime | None = None, study: str = "") -> str:
        return self.ordered("CM", at, study, control="SC")

    def reported(
        self,
        signed: datetime | None,
        *,
        sent: datetime | None = None,
        code: str = "F",
        text: str | None = "FINDINGS: none.\\.br\\IMPRESSION: Normal.",
        line: str = "",
        at: datetime | None = None,
    ) -> str:
        obr = self._obr(f22=stamp(signed) if signed else "", f25=code, f32="1&HOUSE&GREGORY&&&&MD")
        lines = [*self._head("ORU^R01", at), self._pv1(), obr]
        if text is not None:
            lines.append(f"OBX|1|TX|||{text}||||||{line or code}")
        elif line:
            lines.append(f"OBX|1|TX|||||||||{line}")
        return "\r".join(lines + ([f"ZRP|{stamp(sent)}"] if sent else []))


def stamp(at: datetime) -> str:
    return at.strftime("%Y%m%d%H%M%S.%f")[:-2] + "+0000"


@pytest.fixture
def ris(clock: SetClock) -> Ris:
    return Ris(clock)


def study_files(folder: str) -> list[bytes]:
    """Give the objects of a folder of tests/data/dicom, by name."""
    return [path.read_bytes() for path in sorted((DICOM / folder).glob("*.dcm"))]


def changed(data: bytes, **values: str) -> bytes:
    """Give the object with other values; its file meta follows."""
    dataset = dcmread(BytesIO(data))
    for name, value in values.items():
        setattr(dataset, name, value)
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    out = BytesIO()
    dataset.save_as(out)
    return out.getvalue()


def rows(desk: Desk, table) -> list:
    with desk.service.db.read() as tx:
        return tx.query(table).all()


def files_in_store(desk: Desk, prefix: str = "objects") -> int:
    try:
        return len(list(desk.parts.objects.list(prefix)))
    except ObjectMissing:
        return 0
