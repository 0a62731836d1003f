"""Where a device's notices go: told to the notifier, and taken back as soon as the device is logged out."""

import json
from datetime import timedelta

import pytest

from contracts.audit import ActRecorded
from contracts.exams import PatientMerged, PatientUnmerged
from contracts.messages import ContactChanged
from services.identity.usecases.tidying import tidy
from tests.identity.conftest import PASSWORD, a_patient
from tests.servers import NOON

IPHONE = {"platform": "ios", "token": "apns-token-of-annas-phone"}
BROWSER = {
    "platform": "web", "endpoint": "https://push.example/abc", "keys": {"p256dh": "BNcR-key", "auth": "auth-key"},
}  # fmt: skip


def log_in(house, user_id="anna80"):
    token = house.log_in(user_id)["accessToken"]
    devices = house.call("GET", "/me/devices", 200, token)["devices"]
    return token, next(one["id"] for one in devices if one["current"])


def put(house, token, device, body, status=204):
    return house.call("PUT", f"/me/devices/{device}/push", status, token, json=body)


def told(house):
    """Give the devices of each contact that the notifier knows of now."""
    newest = {}
    for one in house.told(ContactChanged):
        if one.id not in newest or one.version > newest[one.id].version:
            newest[one.id] = one
    return {one.about.kind: [push.address for push in one.pushes] for one in newest.values()}


@pytest.fixture
def phone(any_house):
    """Anna's phone, by its token and id."""
    any_house.open_account()
    return log_in(any_house)


def test_a_device_is_told_of_the_account_and_of_the_patients_that_it_holds(any_house, phone):
    put(any_house, *phone, IPHONE)
    assert told(any_house) == {"holder": [IPHONE["token"]], "patient": [IPHONE["token"]]}
    (push,) = any_house.told(ContactChanged)[-1].pushes
    assert (push.platform, push.language, push.ends_at) == ("ios", None, NOON + timedelta(days=30))
    act = any_house.told(ActRecorded)[-1]
    assert (act.action, act.object) == ("push.change", f"session:{phone[1]}")


def test_a_browsers_subscription_goes_whole_to_the_notifier(any_house, phone):
    put(any_house, *phone, BROWSER)
    (address,) = told(any_house)["holder"]
    assert json.loads(address) == {name: BROWSER[name] for name in ("endpoint", "keys")}


def test_a_new_address_takes_the_place_of_the_old_one_and_none_ends_it(any_house, phone):
    put(any_house, *phone, IPHONE)
    put(any_house, *phone, IPHONE | {"token": "another-token"})
    assert told(any_house)["holder"] == ["another-token"]
    put(any_house, *phone, {})
    assert told(any_house) == {"holder": [], "patient": []}


def test_a_device_with_another_account_now_hears_of_the_former_no_more(any_house, phone):
    any_house.hear(a_patient("bert"))
    any_house.open_account("bert70", ("bert",))
    put(any_house, *phone, IPHONE)
    put(any_house, *log_in(any_house, "bert70"), IPHONE)
    contacts = {one.id: one for one in any_house.told(ContactChanged)}
    assert {name.rpartition(":")[2]: len(one.pushes) for name, one in contacts.items() if "patient" in name} == {
        "anna": 0, "bert": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    "leave",
    [
        lambda house, token, device: house.call("DELETE", "/sessions/current", 204, token),
        lambda house, token, device: house.call("DELETE", "/sessions", 204, token),
        lambda house, token, device: house.call("DELETE", f"/me/devices/{device}", 204, token),
        lambda house, token, device: house.call("DELETE", "/me", 204, token, json={"password": PASSWORD}),
    ],
    ids=["log out", "log out everywhere", "end the device", "close the account"],
)
def test_a_device_that_is_logged_out_is_told_nothing_any_more(any_house, phone, leave):
    put(any_house, *phone, IPHONE)
    leave(any_house, *phone)
    assert told(any_house) == {"holder": [], "patient": []}
    assert IPHONE["token"] not in any_house.told(ContactChanged)[-1].model_dump_json()


def test_of_two_devices_the_other_goes_on(any_house, phone):
    put(any_house, *phone, IPHONE)
    put(any_house, *log_in(any_house), IPHONE | {"token": "token-of-the-tablet"})
    any_house.call("DELETE", "/sessions/current", 204, phone[0])
    assert told(any_house)["patient"] == ["token-of-the-tablet"]


@pytest.mark.parametrize(("idle", "is_told"), [(timedelta(hours=23, minutes=59), True), (timedelta(hours=24), False)])
def test_a_log_in_that_ends_by_itself_ends_the_notices(any_house, clock, phone, idle, is_told):
    put(any_house, *phone, IPHONE)
    clock.advance(idle)
    with any_house.parts.db.begin() as tx:
        tidy(tx, clock.now())
    assert bool(told(any_house)["holder"]) is is_told


def test_a_record_that_is_marked_deceased_or_protected_is_told_to_no_device(any_house, phone):
    put(any_house, *phone, IPHONE)
    any_house.hear(a_patient(version=2, is_protected=True))
    assert told(any_house)["patient"] == []


def test_devices_follow_merges_and_their_undoing(any_house, phone):
    put(any_house, *phone, IPHONE)
    any_house.hear(a_patient("anna-2"))
    any_house.hear(PatientMerged(id="m", version=2, at=NOON, from_patient_id="anna", into_patient_id="anna-2"))
    contacts = [one for one in any_house.told(ContactChanged) if one.about.id == "anna-2"]
    assert [len(one.pushes) for one in contacts] == [0, 1]
    any_house.hear(PatientUnmerged(id="m", version=3, at=NOON, from_patient_id="anna", into_patient_id="anna-2"))
    contacts = [one for one in any_house.told(ContactChanged) if one.about.id == "anna-2"]
    assert contacts[-1].pushes == []


@pytest.mark.parametrize("whose", ["bert's", "unknown", "over"])
def test_a_device_of_another_or_of_nobody_is_not_there(any_house, phone, whose):
    any_house.hear(a_patient("bert"))
    any_house.open_account("bert70", ("bert",))
    device = {"bert's": log_in(any_house, "bert70")[1], "unknown": "0" * 32, "over": log_in(any_house)[1]}[whose]
    if whose == "over":
        any_house.call("DELETE", f"/me/devices/{device}", 204, phone[0])
    refused = put(any_house, phone[0], device, IPHONE, 404)
    assert refused["type"].endswith("device-not-found")
    assert told(any_house)["holder"] == []


@pytest.mark.parametrize(
    "body",
    [
        {"platform": "ios"},
        {"platform": "web", "endpoint": "https://push.example/abc"},
        {"platform": "web", "keys": BROWSER["keys"], "token": "x" * 20},
        BROWSER | {"endpoint": "http://push.example/abc"},
        BROWSER | {"endpoint": "https://push.example/a b"},
        {"platform": "ios", "token": "short"},
        {"platform": "ios", "token": "x" * 4097},
        {"platform": "ios", "token": "line\nbreak in it"},
        {"platform": "windows", "token": "x" * 20},
    ],
)
def test_what_no_notice_can_go_to_is_refused_and_not_said_again(any_house, phone, body):
    refused = put(any_house, *phone, body, 422)
    assert "push.example" not in str(refused)
    assert told(any_house)["holder"] == []
