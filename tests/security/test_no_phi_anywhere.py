"""What says who somebody is, or opens something, stands in no log, metric, problem or open event."""

import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from contracts.topology import SERVICES
from tests.flows.client import Client
from tests.flows.conftest import images_of
from tests.flows.databases import find_bodies
from tests.flows.product import LocalProduct, wait_for
from tests.flows.ris import Ris, an_exam
from tests.flows.test_main_job import PHI, download, ready

OPEN_EXCHANGE = "portal.events"
WRONG = "canary-wrong-secret"


@dataclass
class Done:
    """The main job, done with canaries."""

    product: LocalProduct
    facts: object
    canaries: dict[str, str]
    """What must be found nowhere, by what it is."""


@pytest.fixture(scope="module")
def done(servers_dir):
    product = LocalProduct(servers_dir / "canaries", bus="local", demo=False)
    facts = product.start()
    yield Done(product, facts, the_main_job(facts))
    product.stop()


def the_main_job(facts):
    """Do the main job and meet its refusals; what went through the product's hands."""
    ris, exam = Ris(facts), an_exam(family="Zzyzxcanary", given="Quillacanary", born="19530719")
    found = {"family": exam.family, "given": exam.given, "born": "1953-07-19", "born in HL7": exam.born}
    found |= {"mrn": exam.mrn, "accession": exam.accession, "visit": exam.visit, "report": "canary-finding"}
    found |= {"email": f"canary-{secrets.token_hex(4)}@example.org", "share password": "canary share password"}
    found |= {"nickname": "Dr. Canarynick", "recipient": "Canary Recipient", "wrong secret": WRONG}
    found |= {"system token": facts.system_token, "staff password": facts.staff["password"]}
    ris.complete(exam)
    ris.store(images_of(exam, most=1))
    ris.sign(exam, timedelta(minutes=30), found["report"])
    found["icode"] = ris.issue_icode(exam)
    patient = facts.anyone().log_in("/icode-sessions", {"icode": found["icode"]})
    found |= tokens_of("patient", patient)
    row = wait_for(lambda: with_images(patient))
    for path in ("", "/visit-summary", "/report", "/report.pdf", "/images"):
        patient.get(f"/exams/{row['id']}{path}")
    ask = {"examIds": [row["id"]], "format": "zip", "notifyEmail": found["email"]} | PHI
    package = patient.post("/packages", ask).json["id"]
    url, whole = download(patient, wait_for(lambda: ready(patient, package), 60))
    assert whole.status == 200
    found["ticket"] = url.rpartition("/")[2]
    until = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    ask = {"examIds": [row["id"]], "nickname": found["nickname"], "password": found["share password"]} | PHI
    share = patient.post("/shares", ask | {"expiresAt": until, "mayDownload": True}).json
    found["share link"] = share["url"].partition("#")[2]
    ask = {"token": found["share link"], "password": found["share password"], "name": found["recipient"]}
    found |= tokens_of("recipient", facts.anyone().log_in("/share-sessions", ask))
    wait_for(lambda: [mail for mail in facts.mails() if found["email"].encode() in mail])
    return found


def tokens_of(who, client):
    return {f"{who}'s access token": client.token, f"{who}'s refresh token": client.refresh_token}


def with_images(patient):
    rows = patient.get("/exams").json["exams"]
    return rows[0] if rows and rows[0]["imagesAvailable"] else None


def check_silent(done, where, text):
    """Fail when *text* holds a canary, saying which."""
    said = [name for name, canary in done.canaries.items() if canary.lower() in text.lower()]
    assert said == [], f"{where} holds {said}"


def bad_requests(done):
    """Give the answers to requests that are refused though they hold canaries."""
    facts, found = done.facts, done.canaries
    anyone = facts.anyone()
    liar = Client(facts.api, found["patient's access token"][:-4] + "AAAA")
    ris = Client(facts.services["exams"], facts.system_token)
    yield anyone.post("/icode-sessions", {"icode": WRONG, "dateOfBirth": found["born"]})
    yield anyone.post("/icode-sessions", {"icode": found["icode"] + "X"})
    yield anyone.post("/sessions", {"userId": found["email"], "password": WRONG})
    yield anyone.post("/staff/sessions", {"userId": found["family"], "password": WRONG})
    yield anyone.post("/share-sessions", {"token": found["share link"], "password": WRONG, "name": found["recipient"]})
    yield anyone.post("/share-sessions", {"token": WRONG, "password": found["share password"]})
    yield anyone.post("/sessions/refresh", {"refreshToken": WRONG})
    yield anyone.get(f"/exams?token={found['icode']}&lastName={found['family']}")
    yield anyone.get(f"/exams/{found['mrn']}")
    yield anyone.get(f"/downloads/{WRONG}")
    yield liar.get("/exams")
    patient = facts.anyone().log_in("/icode-sessions", {"icode": found["icode"]})
    yield patient.get(f"/exams/{found['accession']}/report")
    yield patient.get(f"/exams?from={found['family']}")
    yield patient.post("/packages", {"examIds": [found["mrn"]], "format": found["family"], "notifyEmail": WRONG} | PHI)
    yield patient.post("/packages", {"examIds": [found["mrn"]], "format": "zip", "notifyEmail": found["email"]})
    yield patient.post("/shares", {"nickname": found["nickname"], "password": found["share password"]})
    yield patient.ask("POST", "/shares", f"{{{found['family']}".encode(), headers={"Content-Type": "application/json"})
    yield ris.ask("POST", "/hl7v2", found["family"].encode(), headers={"Content-Type": "application/hl7-v2"})
    body, content_type = found["family"].encode(), f"multipart/related; boundary={found['given']}"
    yield ris.ask("POST", "/dicomweb/studies", body, headers={"Content-Type": content_type})


def test_no_problem_says_again_what_was_sent(done):
    answers = list(bad_requests(done))
    for number, answer in enumerate(answers):
        assert answer.status in range(400, 500), (number, answer.status)
        check_silent(done, f"the answer to request {number}", answer.body.decode() + str(dict(answer.headers)))


def test_no_log_holds_who_somebody_is_or_what_opens_something(done):
    logs = sorted((done.product.folder / "logs").glob("*.log"))
    assert sum(path.stat().st_size for path in logs) > 1000
    for path in logs:
        check_silent(done, path.name, path.read_text(encoding="utf-8"))


def test_no_metric_holds_anything_of_a_person(done):
    for name in [*SERVICES, "gateway"]:
        base = done.facts.services.get(name, done.facts.portal_url)
        answer = Client(base).get("/metrics")
        assert answer.status in ({200} if name != "gateway" else {200, 404})
        check_silent(done, f"{name}'s metrics", answer.body.decode())


def test_what_other_systems_hear_names_nobody(done):
    told = {name: find_bodies(done.product.database_url(name), OPEN_EXCHANGE) for name in SERVICES}
    kinds = {json.loads(body)["type"].split(".")[3] for bodies in told.values() for body in bodies}
    assert kinds >= {"visit", "exam", "report", "icode", "package", "share", "message"}
    for name, bodies in told.items():
        check_silent(done, f"what {name} tells", "\n".join(bodies))


def test_the_launcher_prints_its_staff_password_and_nothing_else(done):
    printed = (done.product.folder / "up.log").read_text(encoding="utf-8")
    shown = {"staff password"}  # at the start, to whoever started it
    hidden = {name: canary for name, canary in done.canaries.items() if name not in shown}
    check_silent(Done(done.product, done.facts, hidden), "up.log", printed)
