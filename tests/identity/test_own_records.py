"""Taking a further record into an account by a visit's I-Code, and whose may never be taken in."""

from datetime import date, timedelta

import pytest

from contracts.audit import ActRecorded
from contracts.exams import PatientMerged, PersonName
from contracts.messages import MessageRequested
from contracts.tokens import AccountGrants
from services.identity.domain.icodes import ICODE_LIFETIME
from services.identity.store.accounts import find_account
from tests.identity.conftest import a_house, a_patient, a_visit, an_exam
from tests.servers import NOON

IN_ANOTHER_RIS = {"name": PersonName(family="Roe", given="Anna", middle="Maria"), "phones": [], "postal_code": "10001"}
"""Anna's record elsewhere, from after she married and moved."""


def elsewhere(house, patient="anna-2", **more):
    """Let another system know *patient* with a visit and an exam; give the visit's code."""
    house.hear(a_patient(patient, **(IN_ANOTHER_RIS | more)))
    house.hear(a_visit(f"visit-{patient}", patient_id=patient, location_id="NY-NYC-01"))
    house.hear(an_exam(f"exam-{patient}", patient_id=patient, visit_id=f"visit-{patient}"))
    return house.issue(f"visit-{patient}")["icode"]


def add(house, came_in, icode, status=201, **more):
    return house.call("POST", "/me/icodes", status, came_in["accessToken"], json={"icode": icode} | more)


@pytest.fixture
def came_in(any_house):
    any_house.open_account()
    return any_house.log_in()


@pytest.fixture
def anna(house):
    house.open_account()
    return house.log_in()


def granted(house, came_in):
    again = house.call("POST", "/sessions/refresh", 200, json={"refreshToken": came_in["refreshToken"]})
    return house.claims(again["accessToken"]).grants


def test_the_same_persons_record_elsewhere_comes_in_by_its_visits_code_S13(any_house, came_in):
    code = elsewhere(any_house)
    answer = add(any_house, came_in, code.lower().replace("-", " "))
    assert answer["records"] == [
        {"patientId": "anna", "name": "Anna Doe", "exams": 2, "by": "matched"},
        {"patientId": "anna-2", "name": "Anna Maria Roe", "exams": 1, "by": "icode"},
    ]
    assert granted(any_house, came_in) == AccountGrants(patients=["anna", "anna-2"])
    act = any_house.told(ActRecorded)[-1]
    assert (act.action, act.patient_id, act.actor.split(":")[0], act.outcome) == (
        "record.add", "anna-2", "account", "done",
    )  # fmt: skip


def test_the_contact_on_file_is_told_that_the_record_was_added(house, anna):
    add(house, anna, elsewhere(house))
    letter = house.told(MessageRequested)[-1]
    assert (letter.template, letter.about.kind, letter.about.id) == ("record-added", "patient", "anna-2")


def test_a_record_that_is_held_already_stays_as_it_is(house, anna):
    code = house.issue()["icode"]
    for _ in range(2):
        assert [one["by"] for one in add(house, anna, code)["records"]] == ["matched"]
    assert house.told(MessageRequested) == []


def test_what_the_record_was_merged_into_comes_with_it_and_leaves_with_nothing_of_anothers(house, anna):
    code = elsewhere(house)
    house.hear(a_patient("anna-3", **IN_ANOTHER_RIS))
    house.hear(PatientMerged(id="m", version=2, at=NOON, from_patient_id="anna-2", into_patient_id="anna-3"))
    assert [(one["patientId"], one["by"]) for one in add(house, anna, code)["records"]] == [
        ("anna", "matched"), ("anna-2", "icode"), ("anna-3", "merge"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "more",
    [
        {"birth_date": date(1980, 5, 18)},
        {"birth_date": None},
        {"name": PersonName(family="Doe", given="Hannah")},
        {"is_deceased": True},
        {"is_protected": True},
    ],
    ids=["another birthday", "no birthday", "another given name", "deceased", "protected"],
)
def test_a_code_of_somebody_else_opens_its_visit_but_never_their_history_S11_S67(any_house, came_in, more):
    code = elsewhere(any_house)
    any_house.hear(a_patient("anna-2", version=2, **(IN_ANOTHER_RIS | more)))
    refused = add(any_house, came_in, code, 409)
    assert refused["type"].endswith("record-not-addable")
    assert granted(any_house, came_in) == AccountGrants(patients=["anna"])
    act = any_house.told(ActRecorded)[-1]
    assert (act.action, act.outcome, act.slug) == ("icode.enter", "refused", "record-not-addable")
    any_house.enter(code)


def test_a_minors_record_comes_by_its_code_alone_S64_S68(any_house, came_in):
    code = elsewhere(any_house, "kid", birth_date=date(2012, 1, 1), name=PersonName(family="Doe", given="Anna"))
    assert add(any_house, came_in, code, 409)["type"].endswith("record-not-addable")
    assert granted(any_house, came_in) == AccountGrants(patients=["anna"])


@pytest.mark.parametrize("frozen_at", [None, NOON])
def test_a_record_that_another_account_holds_is_in_that_account_alone(any_house, came_in, frozen_at):
    code = elsewhere(any_house)
    other = any_house.open_account("anna-roe", ("anna-2",))
    with any_house.parts.db.begin() as tx:
        find_account(tx, other).frozen_at = frozen_at
    assert add(any_house, came_in, code, 409)["type"].endswith("record-not-addable")


# --- codes that are not right -----------------------------------------------------------------------------------------


def wrong(icode):
    return icode[:-1] + ("0" if icode[-1] != "0" else "1")


def test_wrong_and_unknown_codes_answer_as_at_the_door_and_count_there_too(house, clock, anna):
    code = elsewhere(house)
    at_the_door = house.enter(wrong(code), 401)
    for typed in (wrong(code), "00000-0000-0000", "nonsense", ""):
        assert add(house, anna, typed, 401) == at_the_door
    add(house, anna, wrong(code), 401)
    refused = house.client.post("/icode-sessions", json={"icode": code})
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")
    add(house, anna, code, 429)
    clock.advance(timedelta(seconds=1))
    add(house, anna, code)


def test_ten_wrong_tries_a_day_are_all_whoever_makes_them(house, clock):
    house.open_account()
    code = elsewhere(house)
    for _ in range(5):
        house.enter(wrong(code), 401)
        clock.advance(timedelta(minutes=10))
        add(house, house.log_in(), wrong(code), 401)
        clock.advance(timedelta(minutes=10))
    add(house, house.log_in(), code, 429)
    clock.advance(timedelta(hours=24))
    add(house, house.log_in(), code)


def test_an_expired_code_says_so_to_whoever_has_its_secret_and_adds_nothing_S69(house, clock):
    house.open_account()
    code = elsewhere(house)
    clock.advance(ICODE_LIFETIME)
    anna = house.log_in()
    refused = add(house, anna, code, 410)
    assert (refused["type"].rpartition("/")[2], refused["getHelp"]) == ("icode-expired", "/get-help")
    add(house, anna, wrong(code), 401)


def test_a_reprinted_code_opens_nothing(house, anna):
    code = elsewhere(house)
    house.issue("visit-anna-2")
    add(house, anna, code, 401)


def test_where_the_portal_asks_for_the_birthday_it_asks_here_too(sqlite_url, tmp_path, clock):
    house = a_house(sqlite_url, tmp_path, clock, asks_birth_date=True)
    house.hear(a_patient())
    house.open_account()
    anna, code = house.log_in(), elsewhere(house)
    assert add(house, anna, code, 422)["type"].endswith("date-of-birth-needed")
    add(house, anna, code, 401, dateOfBirth="1980-05-18")
    add(house, anna, code, dateOfBirth="1980-05-17")
    house.parts.db.close()


def test_the_same_request_twice_adds_once_and_keeps_no_code(house, anna):
    code = elsewhere(house)
    key = {"Idempotency-Key": "one"}
    body = {"icode": code}
    first = house.call("POST", "/me/icodes", 201, anna["accessToken"], json=body, headers=key)
    assert house.call("POST", "/me/icodes", 201, anna["accessToken"], json=body, headers=key) == first
    assert code not in house.everything_stored()
