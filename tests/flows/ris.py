"""The RIS and the PACS of the flows: HL7 v2 messages and STOW-RS, and the front desk that hands out the I-Code."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from deploy.local.demo_feed import stow_body
from tests.flows.client import Client
from tests.flows.product import Facts, wait_for

BATCH = 50


@dataclass(frozen=True)
class FeedExam:
    """An exam as the RIS tells it."""

    accession: str
    mrn: str
    study_uid: str
    visit: str
    location: str = "NY-NYC-01"
    family: str = "Canaryname"
    given: str = "Quilla"
    born: str = "19790211"
    procedure: str = "CT CHEST W/O CONTRAST"
    modality: str = "CT"
    phone: str = ""
    email: str = ""


def an_exam(**facts: str) -> FeedExam:
    """Give an exam with an accession, MRN and visit of its own unless told."""
    mark = secrets.token_hex(4).upper()
    base = {"accession": f"A{mark}", "mrn": f"M{mark}", "study_uid": f"2.25.{int(mark, 16)}", "visit": f"V{mark}"}
    return FeedExam(**(base | facts))


def stamp(at: datetime) -> str:
    """Give HL7's form of an instant."""
    return f"{at:%Y%m%d%H%M%S}+0000"


class Ris:
    """Sends to one running product."""

    def __init__(self, facts: Facts, clock_offset: timedelta = timedelta()) -> None:
        self._facts, self._offset = facts, clock_offset

    def now(self) -> datetime:
        """This instant, as the product's clock has it."""
        return datetime.now(UTC) + self._offset

    def send(self, message: str) -> str:
        """Send a message; its acknowledgement. Fails unless it is AA."""
        headers = {"Content-Type": "application/hl7-v2"}
        answer = self._facts.system().ask("POST", "/hl7v2", message.encode(), headers=headers)
        text = answer.body.decode()
        assert answer.status == 200, (answer.status, text)
        assert "MSA|AA" in text, text
        return text

    def order(self, exam: FeedExam, ago: timedelta = timedelta(hours=2)) -> None:
        """Register the visit and order the exam."""
        at = self.now() - ago
        self.send(self._message("ADT^A04", at, [self._pid(exam), self._pv1(exam, at)]))
        self.send(self._order(exam, at, "NW", "SC"))

    def schedule(self, exam: FeedExam, ahead: timedelta) -> None:
        """Order an exam for a day to come; nobody has arrived for it."""
        self.send(self._order(exam, self.now() + ahead, "NW", "SC"))

    def complete(self, exam: FeedExam, ago: timedelta = timedelta(hours=1)) -> None:
        """Say that the exam is completed."""
        self.send(self._order(exam, self.now() - ago, "XO", "CM"))

    def sign(
        self, exam: FeedExam, ago: timedelta, text: str, *, status: str = "F", sent_ago: timedelta | None = None
    ) -> None:
        """Send the signed report."""
        signed = self.now() - ago
        fields = {3: exam.accession, 4: f"X^{exam.procedure}", 7: stamp(signed), 18: exam.accession, 22: stamp(signed)}
        fields |= {24: exam.modality, 25: status, 32: "11^Okafor^Ngozi"}
        segments = [self._pid(exam), self._pv1(exam, signed), segment("OBR", fields)]
        segments += [f"OBX|{n}|TX|||{line}||||||{status}" for n, line in enumerate(text.splitlines(), start=1)]
        if sent_ago is not None:
            segments.append(segment("ZRP", {1: stamp(self.now() - sent_ago)}))
        self.send(self._message("ORU^R01", signed, segments))

    def merge(self, exam: FeedExam, gone_mrn: str) -> None:
        """Say that the patient of *gone_mrn* is *exam*'s (A40)."""
        segments = [self._pid(exam), segment("MRG", {1: f"{gone_mrn}^^^RADNET^MR"})]
        self.send(self._message("ADT^A40", self.now(), segments))

    def store(self, objects: Iterable[bytes]) -> None:
        """Store DICOM objects. Fails unless all are stored."""
        batch: list[bytes] = []
        for one in objects:
            batch.append(one)
            if len(batch) == BATCH:
                self._store(batch)
                batch = []
        if batch:
            self._store(batch)

    def _store(self, batch: list[bytes]) -> None:
        body, content_type = stow_body(batch)
        answer = self._facts.system().ask("POST", "/dicomweb/studies", body, headers={"Content-Type": content_type})
        assert answer.status == 200, (answer.status, answer.body[:500])

    def issue_icode(self, exam: FeedExam) -> str:
        """Let the front desk print a Portal Pass; its I-Code."""
        staff = self._facts.staff_client()
        visits = wait_for(lambda: staff.get(f"/staff/visits?accession={exam.accession}").json["visits"])
        answer = staff.post(f"/staff/visits/{visits[0]['id']}/icodes", {})
        assert answer.status == 201, (answer.status, answer.body[:300])
        return str(answer.json["icode"])

    def patient_client(self, exam: FeedExam) -> Client:
        """Give the client of whoever has the exam's I-Code."""
        return self._facts.anyone().log_in("/icode-sessions", {"icode": self.issue_icode(exam)})

    def _order(self, exam: FeedExam, at: datetime, control: str, status: str) -> str:
        fields = {3: exam.accession, 4: f"X^{exam.procedure}", 7: stamp(at), 18: exam.accession, 24: exam.modality}
        segments = [self._pid(exam), self._pv1(exam, at), f"ORC|{control}|{exam.accession}|||{status}"]
        return self._message("ORM^O01", at, [*segments, segment("OBR", fields), f"ZDS|{exam.study_uid}"])

    def _pid(self, exam: FeedExam) -> str:
        name = f"{exam.family}^{exam.given}"
        contact = f"^PRN^PH^^^^^^^^^{exam.phone}" if exam.phone else ""
        contact += f"~^NET^Internet^{exam.email}" if exam.email else ""
        known = {3: f"{exam.mrn}^^^RADNET^MR", 5: name, 7: exam.born, 8: "F", 11: "^^^^10016", 13: contact, 15: "en"}
        return segment("PID", known)

    def _pv1(self, exam: FeedExam, at: datetime) -> str:
        return segment("PV1", {2: "O", 3: exam.location, 8: "2207^Lindqvist^Maren", 19: exam.visit, 44: stamp(at)})

    def _message(self, kind: str, at: datetime, segments: list[str]) -> str:
        head = (
            f"MSH|^~\\&|RIS|RADNET|PORTAL|RADNET|{stamp(at)}||{kind}|{secrets.token_hex(8)}|P|2.5.1||||||UNICODE UTF-8"
        )
        return "\r".join([head, *segments]) + "\r"


def segment(name: str, fields: dict[int, str]) -> str:
    """Give a segment with *fields* by number."""
    return "|".join([name, *(fields.get(number, "") for number in range(1, max(fields) + 1))])
