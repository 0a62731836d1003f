"""The doors of systems: who may use them, and what they answer."""

import pytest

from services.chassis.access import ALWAYS, note_ended
from tests.exams.conftest import Desk, Ris, study_files


@pytest.mark.parametrize("path", ["/hl7v2", "/dicomweb/studies", "/dicomweb/studies/1.2.3"])
def test_only_a_system_with_the_scope_may_send(desk: Desk, path):
    for who in (desk.account("p"), desk.staff("support"), desk.system("identifiers.read")):
        assert desk.client.post(path, data=b"x", headers=who).status_code == 403
    assert desk.client.post(path, data=b"x").status_code == 401


def test_the_answer_to_a_message_is_its_ack(desk: Desk, ris: Ris):
    message = ris.registered()
    answer = desk.client.post("/hl7v2", data=message, headers=desk.system("hl7.send"))
    assert (answer.status_code, answer.mimetype) == (200, "application/hl7-v2")
    control_id = message.split("|")[9]
    assert f"MSA|AA|{control_id}" in answer.text


@pytest.mark.parametrize("body", [b"", b"PID|1||M1", b"\x00\x01", b"{}"])
def test_what_is_no_message_is_a_problem(desk: Desk, body):
    answer = desk.client.post("/hl7v2", data=body, headers=desk.system("hl7.send"))
    assert (answer.status_code, answer.content_type) == (400, "application/problem+json")


def test_an_unknown_message_type_is_rejected_with_its_field(desk: Desk, ris: Ris):
    message = ris.registered().replace("ADT^A04", "SIU^S12")
    answer = desk.client.post("/hl7v2", data=message, headers=desk.system("hl7.send"))
    assert answer.status_code == 200
    assert "MSA|AR|" in answer.text
    assert "ERR||MSH^1^9" in answer.text


def test_a_message_with_a_pdf_larger_than_a_json_body_is_taken(desk: Desk, ris: Ris, clock):
    desk.hl7(ris.completed())
    message = ris.reported(clock.now()) + "\rNTE|1||" + "x" * (1 << 20)
    assert desk.hl7(message) == "AA"


def test_a_share_that_ended_opens_nothing_from_that_moment_on(desk: Desk, ris: Ris, clock):
    desk.hl7(ris.completed())
    (told,) = desk.told("exam.ordered")
    who = desk.share(told["id"])
    assert desk.get(f"/exams/{told['id']}", who).status_code == 200
    with desk.service.db.begin() as tx:
        note_ended(tx, "share:s1", ALWAYS, clock.now())
    assert desk.get(f"/exams/{told['id']}", who).status_code == 401


def test_a_store_answer_names_each_object_as_ps3_18_says(desk: Desk):
    answer = desk.stow(study_files("mr-ge-fmri")[0])
    assert answer.content_type == "application/dicom+json"
    (one,) = answer.json["00081199"]["Value"]
    assert {tag: one[tag]["vr"] for tag in one} == {"00081150": "UI", "00081155": "UI", "00081190": "UR"}


def test_probes_and_metrics_answer(desk: Desk):
    assert desk.client.get("/healthz").json == {"status": "alive"}
    assert desk.client.get("/readyz").json["status"] == "ready"
    assert "exams_hl7_messages_total" in desk.client.get("/metrics").text
