"""An exam that its patient is looking at, as the flows of awkward hours need it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tests.flows.client import Client
from tests.flows.conftest import images_of
from tests.flows.product import wait_for
from tests.flows.ris import FeedExam, Ris, an_exam
from tests.flows.test_main_job import PHI, REPORT, ready

PASSWORD = "a long password"


@dataclass
class Case:
    """An exam that its patient is looking at."""

    ris: Ris
    exam: FeedExam
    patient: Client
    exam_id: str

    def ask(self, **more):
        """Ask for a package of the exam; its id."""
        answer = self.patient.post("/packages", {"examIds": [self.exam_id], "format": "zip"} | PHI | more)
        assert answer.status == 202, answer.body
        return answer.json["id"]

    def package(self, **more):
        """Give a package of the exam that is ready."""
        package_id = self.ask(**more)
        return wait_for(lambda: ready(self.patient, package_id), 60)

    def state(self, package_id):
        return self.patient.get(f"/packages/{package_id}").json["state"]

    def report_is(self, status):
        (row,) = self.patient.get("/exams").json["exams"]
        return row["report"]["status"] == status

    def share(self, facts):
        """Share the exam; the share's id and a recipient's client."""
        until = (datetime.now(UTC) + timedelta(days=1)).isoformat()
        ask = {"examIds": [self.exam_id], "nickname": "Dr. Grey", "password": PASSWORD, "expiresAt": until}
        share = self.patient.post("/shares", ask | {"mayDownload": True} | PHI)
        assert share.status == 201, share.body
        token = share.json["url"].partition("#")[2]
        return share.json["id"], facts.anyone().log_in("/share-sessions", {"token": token, "password": PASSWORD})


def a_case(facts, *, report=False, images=None):
    """Give an exam with one image, or *images* of it, and if asked for with a report."""
    ris, exam = Ris(facts), an_exam()
    ris.complete(exam)
    ris.store(images(exam) if images else images_of(exam, most=1))
    if report:
        ris.sign(exam, timedelta(minutes=30), REPORT)
    patient = ris.patient_client(exam)
    row = wait_for(lambda: has_images(patient))
    case = Case(ris, exam, patient, row["id"])
    if report:
        wait_for(lambda: case.report_is("available"))
    return case


def has_images(patient):
    """Give the row of a patient's only exam once it has images."""
    rows = patient.get("/exams").json["exams"]
    return rows[0] if rows and rows[0]["imagesAvailable"] else None
