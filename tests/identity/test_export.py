"""A copy of everything that is kept of one's account: all of one's own, nothing of others, nothing that opens."""

import json

import pytest

from contracts.audit import ActRecorded
from contracts.exams import PersonName
from tests.identity.conftest import PASSWORD, a_patient, a_visit, an_exam, details


@pytest.fixture
def came_in(any_house):
    any_house.open_account()
    return any_house.log_in()


def export(house, came_in):
    headers = {"Authorization": f"Bearer {came_in['accessToken']}"}
    answer = house.client.get("/me/export", headers=headers)
    assert answer.status_code == 200, answer.text
    return answer


def test_it_is_a_file_of_json_that_no_cache_keeps_and_is_on_record(any_house, came_in):
    answer = export(any_house, came_in)
    assert answer.content_type.startswith("application/json")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="patient-portal-account.json"'
    assert answer.headers["Cache-Control"] == "no-store"
    act = any_house.told(ActRecorded)[-1]
    assert (act.action, act.outcome) == ("account.export", "done")


def test_it_holds_the_account_its_records_devices_and_acts(any_house, came_in):
    any_house.call("PATCH", "/me/preferences", 200, came_in["accessToken"], json={"language": "es", "theme": "dark"})
    for act in any_house.told(ActRecorded):
        any_house.deliver(act)
    found = export(any_house, came_in).json
    account = found["account"]
    assert (account["userId"], account["email"], account["language"], account["theme"]) == (
        "anna80", "anna80@example.org", "es", "dark",
    )  # fmt: skip
    (record,) = found["records"]
    assert (record["name"], record["dateOfBirth"], record["zip"]) == ("Anna Doe", "1980-05-17", "77002")
    assert record["identifiers"] == [{"authority": "RIS", "mrn": "MRN-anna"}]
    (visit,) = record["visits"]
    assert (visit["visitNumber"], visit["day"], visit["locationId"]) == ("V-visit-1", "2026-03-02", "TX-HOU-01")
    assert [one["accession"] for one in visit["exams"]] == ["ACC-ct", "ACC-mri"]
    assert (len(found["devices"]), found["devices"][0]["getsNotices"], found["secondFactors"]) == (1, False, [])
    assert {one["action"] for one in found["activities"]} == {"account.open", "session.begin", "preferences.change"}


def test_a_contact_on_file_may_be_somebody_elses_and_is_masked(any_house, came_in):
    any_house.hear(a_patient(version=2, emails=["mother@example.org"], phones=["+1 713 555 0123"]))
    (record,) = export(any_house, came_in).json["records"]
    assert (record["emails"], record["phones"]) == (["m•••r@example.org"], ["•••23"])


def test_nothing_of_anybody_else_and_nothing_that_opens_is_in_it(any_house, came_in):
    any_house.hear(a_patient("bert", name=PersonName(family="Stone", given="Bert")), a_visit("v2", patient_id="bert"))
    any_house.hear(details("v2", ("berts",), patient_id="bert"), an_exam("berts", patient_id="bert", visit_id="v2"))
    any_house.open_account("bert70", ("bert",))
    code = any_house.issue()["icode"]
    text = json.dumps(export(any_house, came_in).json)
    for word in ("Stone", "bert", "BERT", code, PASSWORD, "$argon2", came_in["refreshToken"], came_in["accessToken"]):
        assert word not in text
    assert "Ruth Shah" not in text


def test_an_exam_that_left_the_record_is_not_in_it(any_house, came_in):
    any_house.hear(an_exam("ct", version=2, patient_id="bert"))
    (record,) = export(any_house, came_in).json["records"]
    assert [one["accession"] for one in record["visits"][0]["exams"]] == ["ACC-mri"]
