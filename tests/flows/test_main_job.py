"""The main job over HTTP alone, as ``design/api.md`` says it, on one machine and deployed."""

import hashlib
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydicom.fileset import FileSet

from tests.flows.client import Client
from tests.flows.conftest import images_of, pdfs_of
from tests.flows.product import Facts, wait_for
from tests.flows.ris import FeedExam, Ris, an_exam

REPORT = "IMPRESSION:\nNothing of note: canary-finding.\nFINDINGS:\nThe lungs are clear."
PHI = {"phiAcknowledged": True}
SPANISH = {"Accept-Language": "es-MX,es;q=0.9"}


@dataclass
class World:
    """An exam with images and a signed report, and the client of whoever has its I-Code."""

    facts: Facts
    ris: Ris
    exam: FeedExam
    patient: Client
    exam_id: str

    def row(self) -> dict[str, object]:
        """The exam in the patient's list."""
        return next(row for row in self.patient.get("/exams").json["exams"] if row["id"] == self.exam_id)

    def package(self, **more: object) -> dict[str, object]:
        """Ask for a package and wait until it is ready."""
        answer = self.patient.post("/packages", {"examIds": [self.exam_id], "format": "zip"} | PHI | more)
        assert answer.status == 202, answer.body
        return wait_for(lambda: ready(self.patient, answer.json["id"]), 60)


def ready(client, package_id):
    package = client.get(f"/packages/{package_id}").json
    assert package["state"] != "failed", package
    return package if package["state"] == "ready" else None


def download(client, package, **headers):
    ticket = client.post(f"/packages/{package['id']}/downloads", {})
    assert ticket.status == 201, ticket.body
    base = client.base.removesuffix("/api/v1")
    url = ticket.json["url"] if ticket.json["url"].startswith("http") else base + ticket.json["url"]
    return url, Client(base).get(url, headers=headers)


@pytest.fixture(scope="module")
def world(facts: Facts) -> World:
    ris, exam = Ris(facts), an_exam()
    ris.order(exam)
    patient = ris.patient_client(exam)
    ris.store(images_of(exam))
    ris.complete(exam)
    ris.sign(exam, timedelta(minutes=30), REPORT)
    wait_for(lambda: [row for row in patient.get("/exams").json["exams"] if row["imagesAvailable"]])
    return World(facts, ris, exam, patient, patient.get("/exams").json["exams"][0]["id"])


def test_an_icode_opens_the_exams_of_its_visit_and_no_other_S10_S11_S12(world: World):
    other = an_exam()
    world.ris.order(other)
    stranger = world.ris.patient_client(other)
    assert [row["accession"] for row in world.patient.get("/exams").json["exams"]] == [world.exam.accession]
    for path in ("", "/visit-summary", "/report", "/report.pdf", "/images"):
        answer = stranger.get(f"/exams/{world.exam_id}{path}")
        assert answer.status == 404, path
        assert answer.body.replace(b"not-found", b"") == stranger.get(f"/exams/none{path}").body.replace(
            b"not-found", b""
        )
    asked = stranger.post("/packages", {"examIds": [world.exam_id], "format": "zip"} | PHI)
    assert asked.status == 404


def test_images_are_there_once_the_exam_is_completed_and_not_before_S3(facts: Facts):
    ris, exam = Ris(facts), an_exam()
    ris.order(exam)
    ris.store(images_of(exam, most=1))
    patient = ris.patient_client(exam)
    row = wait_for(lambda: patient.get("/exams").json["exams"])[0]
    assert not row["imagesAvailable"]
    assert patient.get(f"/exams/{row['id']}/images").json["series"] == []
    ris.complete(exam)
    wait_for(lambda: patient.get("/exams").json["exams"][0]["imagesAvailable"])


def test_the_three_tabs_show_visit_report_and_images_S25_S26_S28(world: World):
    summary = world.patient.get(f"/exams/{world.exam_id}/visit-summary").json
    assert summary["patient"]["name"]
    assert summary["visit"]["location"]["state"] == "NY"
    report = wait_for(lambda: world.patient.get(f"/exams/{world.exam_id}/report").json.get("text"))
    assert "canary-finding" in report
    pdf = world.patient.get(f"/exams/{world.exam_id}/report.pdf")
    assert pdf.body.startswith(b"%PDF")
    series = world.patient.get(f"/exams/{world.exam_id}/images").json["series"]
    images = [image for one in series for image in one["images"]]
    assert len(images) == 4
    jpg = world.patient.get(f"/exams/{world.exam_id}/images/{images[0]['uid']}.jpg")
    assert jpg.headers["Content-Type"] == "image/jpeg"
    assert jpg.body.startswith(b"\xff\xd8\xff")


def test_an_exam_is_named_in_the_readers_language(world: World):
    (english,) = world.patient.get("/exams").json["exams"]
    (spanish,) = world.patient.get("/exams", headers=SPANISH).json["exams"]
    assert (english["plainName"], spanish["plainName"]) == ("CT scan of the chest", "Tomografía del tórax")
    assert english["description"] == spanish["description"] == world.exam.procedure


def test_a_package_needs_the_phi_box_S33(world: World):
    for more in ({}, {"phiAcknowledged": False}):
        answer = world.patient.post("/packages", {"examIds": [world.exam_id], "format": "zip"} | more)
        assert answer.status == 422, answer.body


@pytest.mark.parametrize("kind", ["zip", "iso"])
def test_a_package_is_made_downloaded_in_ranges_and_opens_S30_S40_S43(world: World, tmp_path: Path, kind: str):
    package = world.package(format=kind)
    url, whole = download(world.patient, package)
    assert whole.status == 200
    assert hashlib.sha256(whole.body).hexdigest() == package["sha256"]
    assert world.exam.accession in whole.headers["Content-Disposition"]
    half = len(whole.body) // 2
    anyone = Client(world.patient.base)
    first = anyone.get(url, headers={"Range": f"bytes=0-{half - 1}"})
    second = anyone.get(url, headers={"Range": f"bytes={half}-", "If-Range": first.headers["ETag"]})
    assert (first.status, second.status) == (206, 206)
    assert first.body + second.body == whole.body
    path = tmp_path / f"package.{kind}"
    path.write_bytes(whole.body)
    wait_for(lambda: world.patient.get(f"/packages/{package['id']}").json["lastDownloadedAt"])
    out = tmp_path / "out"
    out.mkdir()
    subprocess.run(["7z", "t", "-bso0", "-bsp0", str(path)], check=True)
    subprocess.run(["bsdtar", "-xf", str(path), "-C", str(out)], check=True)
    assert len(FileSet(out / "DICOMDIR")) == 4
    assert (out / "INDEX.HTM").exists()


def test_the_same_request_of_the_same_holder_gives_the_same_package(world: World):
    ask = {"examIds": [world.exam_id], "format": "zip"} | PHI
    assert world.patient.post("/packages", ask).json["id"] == world.patient.post("/packages", ask).json["id"]


def test_a_mail_says_that_the_package_is_ready_and_names_nobody_S35_S37_S38(world: World):
    address = f"{world.exam.accession.lower()}@example.org"
    world.package(includeReport=True, notifyEmail=address)

    def mail():
        return [one for one in map(as_bytes, world.facts.mails()) if address.encode() in one]

    (one,) = wait_for(mail)
    assert f"{world.facts.portal_url}/enter".encode() in one
    for secret in (world.exam.accession, world.exam.family, world.exam.given, world.exam.mrn):
        assert secret.encode() not in one.replace(address.encode(), b"")


def as_bytes(mail):
    return mail if isinstance(mail, bytes) else str(mail).encode()


def test_a_share_shows_its_exams_to_whoever_has_link_and_password_until_it_is_ended_S47_S58_S60(world: World):
    until = (datetime.now(UTC) + timedelta(days=30)).isoformat()
    ask = {"examIds": [world.exam_id], "nickname": "Dr. Grey", "password": "a long password", "expiresAt": until}
    assert world.patient.post("/shares", ask | {"mayDownload": True}).status == 422
    share = world.patient.post("/shares", ask | {"mayDownload": True} | PHI)
    assert share.status == 201, share.body
    assert "a long password" not in share.body.decode()
    token = share.json["url"].partition("#")[2]
    wrong = world.facts.anyone().post("/share-sessions", {"token": token, "password": "wrong"})
    assert (wrong.status, wrong.json["remainingAttempts"]) == (401, 9)
    recipient = world.facts.anyone().log_in("/share-sessions", {"token": token, "password": "a long password"})
    recipient.refreshes = False
    rows = recipient.get("/exams", headers=SPANISH).json["exams"]
    assert [(row["id"], row["plainName"]) for row in rows] == [(world.exam_id, "Tomografía del tórax")]
    assert recipient.get(f"/exams/{world.exam_id}/report").status == 404
    assert recipient.post("/shares", ask).status == 403
    asked = recipient.post("/packages", {"examIds": [world.exam_id], "format": "zip"} | PHI)
    package = wait_for(lambda: ready(recipient, asked.json["id"]), 60)
    assert download(recipient, package)[1].status == 200
    assert world.patient.get(f"/packages/{package['id']}").status == 404
    assert world.patient.ask("DELETE", f"/shares/{share.json['id']}").status in {200, 204}
    wait_for(lambda: recipient.get("/exams").status == 401, 1)
    wait_for(lambda: recipient.get(f"/packages/{package['id']}").status == 401, 1)
    closed = world.facts.anyone().post("/share-sessions", {"token": token, "password": "a long password"})
    assert (closed.status, closed.slug) == (410, "share-closed")


def test_a_view_only_share_has_no_download_S52(world: World):
    until = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    ask = {"examIds": [world.exam_id], "nickname": "look", "password": "a long password", "expiresAt": until}
    share = world.patient.post("/shares", ask | {"mayDownload": False} | PHI).json
    token = share["url"].partition("#")[2]
    recipient = world.facts.anyone().log_in("/share-sessions", {"token": token, "password": "a long password"})
    asked = recipient.post("/packages", {"examIds": [world.exam_id], "format": "zip"} | PHI)
    assert asked.status in {403, 404}
    assert recipient.get(f"/exams/{world.exam_id}/images").status == 200


def test_a_texas_report_is_held_and_images_are_not_S5_S9(facts: Facts):
    ris, exam = Ris(facts), an_exam(location="TX-HOU-01")
    ris.order(exam)
    ris.store(images_of(exam, most=1))
    ris.complete(exam)
    ris.sign(exam, timedelta(hours=1), REPORT)
    patient = ris.patient_client(exam)
    row = wait_for(lambda: [one for one in patient.get("/exams").json["exams"] if one["report"]["status"] == "held"])[0]
    assert row["report"]["availableAt"]
    answer = patient.get(f"/exams/{row['id']}/report")
    assert (answer.status, answer.slug) == (404, "report-not-released")
    assert b"canary-finding" not in answer.body
    asked = patient.post("/packages", {"examIds": [row["id"]], "format": "zip", "includeReport": True} | PHI)
    refused = asked.status in {404, 409, 422}
    asked = patient.post("/packages", {"examIds": [row["id"]], "format": "zip"} | PHI) if refused else asked
    package = wait_for(lambda: ready(patient, asked.json["id"]), 60)
    assert pdfs_of(download(patient, package)[1].body) == []


def test_whoever_logs_out_is_out_everywhere_at_once(world: World):
    client = world.ris.patient_client(world.exam)
    client.refreshes = False
    assert client.get("/exams").status == 200
    assert client.ask("DELETE", "/sessions/current").status in {200, 204}
    wait_for(lambda: client.get("/exams").status == 401, 1)
    wait_for(lambda: client.get("/packages").status == 401, 1)
