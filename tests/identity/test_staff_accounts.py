"""Support and accounts: finding, unlocking, freezing, second factors reset; each after a check, on record."""

from datetime import timedelta

import pyotp
import pytest

from contracts.access import ACCOUNT_FROZEN, AccessEnded
from contracts.audit import ActRecorded
from contracts.messages import ContactChanged, MessageRequested
from tests.identity.conftest import PASSWORD, a_patient, a_visit
from tests.identity.test_handlers import held, merged
from tests.identity.test_invitations import invite, slug

CHECK = {"verifiedBy": "callback-on-file", "note": "asked on the phone"}
WRONG = "a wrong and quiet password"


def support(house, **more):
    return house.add_staff(f"support{len(house.told())}", "support", **more)


def find(house, token=None, status=200, **asked):
    answer = house.call("GET", "/staff/accounts", status, token or support(house), query_string=asked)
    return answer["accounts"] if status == 200 else answer


def act(house, act, account, status=200, token=None, **more):
    path = f"/staff/accounts/{account}/{act}"
    return house.call("POST", path, status, token or support(house), json=CHECK | more)


def add_app(house, tokens):
    """Set an authenticator app up; give a function that logs in with it."""
    token = tokens["accessToken"]
    body = {"kind": "totp", "name": "phone", "password": PASSWORD}
    begun = house.call("POST", "/me/second-factors", 201, token, json=body)
    code = pyotp.TOTP(begun["secret"]).at(house.clock.now())
    house.call("POST", f"/me/second-factors/{begun['id']}/confirmation", 200, token, json={"code": code})
    return begun["secret"]


# --- finding --------------------------------------------------------------------------------------------------------


def test_an_account_is_shown_to_support_with_its_address_masked(any_house):
    account = any_house.open_account()
    (found,) = find(any_house, userId="ANNA80")
    assert found == {
        "id": account, "userId": "anna80", "email": "a•••0@example.org", "name": "Anna Doe", "state": "open",
        "locked": False, "secondFactors": 0, "openedAt": "2026-03-02T12:00:00Z",
        "patients": [{"id": "anna", "name": "Anna Doe", "dateOfBirth": "1980-05-17"}],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "whose"),
    [({"email": "Anna80@Example.org"}, ["anna80"]), ({"patient": "anna"}, ["anna80"]), ({"userId": "bert"}, []),
     ({"email": "anna80@example.org", "patient": "bert"}, []), ({"patient": "anna2"}, ["anna80"])],
)  # fmt: skip
def test_accounts_are_found_by_address_and_patient(any_house, asked, whose):
    any_house.open_account()
    any_house.hear(merged("anna2", "anna"))
    assert [one["userId"] for one in find(any_house, **asked)] == whose


def test_two_people_of_one_address_come_in_pages(house):
    for user_id, patient in (("anna80", "anna"), ("bert50", "bert")):
        house.open_account(user_id, (patient,))
    token = support(house)
    body = {"query_string": {"email": "ANNA80@example.org", "limit": 1}}
    assert house.call("GET", "/staff/accounts", 200, token, **body)["next"] is None


def test_a_search_for_nobody_in_particular_is_refused(house):
    assert slug(find(house, status=422)) == "account-search-too-wide"


def test_beyond_ones_locations_a_reason_is_asked_and_kept(house):
    house.open_account()
    house.hear(a_patient("bert"), a_visit("visit-2", patient_id="bert", location_id="NY-NYC-01", state="NY"))
    house.open_account("bert50", ("bert",))
    far = support(house, locations=["NY-NYC-01"])
    assert [one["userId"] for one in find(house, far, userId="bert50")] == ["bert50"]
    assert slug(find(house, far, 422, userId="anna80")) == "reason-needed"
    assert [one["userId"] for one in find(house, far, userId="anna80", reason="Houston called")] == ["anna80"]
    found = house.told(ActRecorded)[-1]
    assert (found.action, found.patient_id, found.reason) == ("account.find", "anna", "Houston called")


def test_a_look_and_an_act_are_on_record_for_every_record_of_the_person(house):
    account = house.open_account()
    house.hear(a_patient("anna2"), merged())
    act(house, "unlock", account)
    acts = [one for one in house.told(ActRecorded) if one.action == "account.unlock"]
    assert {one.patient_id for one in acts} == {"anna", "anna2"}
    assert {(one.object, one.reason) for one in acts} == {
        (f"account:{account}", "callback-on-file: asked on the phone")
    }


DOORS = ("unlock", "freeze", "unfreeze", "second-factor-reset")


@pytest.mark.parametrize("role", ["front-desk", "operator", "account", "nobody"])
def test_accounts_are_for_support_alone(house, role):
    account, status = house.open_account(), 401 if role == "nobody" else 403
    token = house.log_in()["accessToken"] if role == "account" else None
    token = house.add_staff("someone", role) if role in {"front-desk", "operator"} else token
    house.call("GET", "/staff/accounts?userId=anna80", status, token)
    for door in DOORS:
        house.call("POST", f"/staff/accounts/{account}/{door}", status, token, json=CHECK)


@pytest.mark.parametrize("door", DOORS)
def test_every_act_needs_a_check_a_note_and_an_account(house, door):
    account = house.open_account()
    assert slug(act(house, door, account, 422, note=" ")) == "reason-needed"
    act(house, door, account, 422, verifiedBy="asked nicely")
    assert slug(act(house, door, "nobody", 404)) == "account-not-found"
    assert house.told(AccessEnded) == []


# --- unlocking ------------------------------------------------------------------------------------------------------


def test_an_account_closed_by_wrong_passwords_is_seen_and_unlocked(any_house, clock):
    account = any_house.open_account()
    for _ in range(20):
        any_house.log_in(password=WRONG, status=401)
        clock.advance(timedelta(hours=1))
    any_house.log_in(status=429)
    assert find(any_house, userId="anna80")[0]["locked"]
    assert not act(any_house, "unlock", account)["locked"]
    any_house.log_in()


def test_an_account_is_locked_while_the_next_try_must_wait(house, clock):
    house.open_account()
    for _ in range(5):
        house.log_in(password=WRONG, status=401)
    assert find(house, userId="anna80")[0]["locked"]
    clock.advance(timedelta(seconds=1))
    assert not find(house, userId="anna80")[0]["locked"]


# --- freezing -------------------------------------------------------------------------------------------------------


def test_a_frozen_account_is_out_at_once_and_lets_nobody_in(any_house):
    account = any_house.open_account()
    tokens = any_house.log_in()
    assert act(any_house, "freeze", account)["state"] == "frozen"
    any_house.call("GET", "/me", 401, tokens["accessToken"])
    any_house.call("POST", "/sessions/refresh", 401, json={"refreshToken": tokens["refreshToken"]})
    any_house.log_in(status=401)
    (ended,) = any_house.told(AccessEnded)
    assert (ended.id, ended.reason) == (f"account:{account}", ACCOUNT_FROZEN)
    assert find(any_house, userId="anna80")[0]["state"] == "frozen"


def test_no_letter_goes_to_a_frozen_account_until_it_is_let_in_again(any_house):
    account = any_house.open_account()
    act(any_house, "freeze", account)
    silent = any_house.told(ContactChanged)[-1]
    assert (silent.id, silent.emails, silent.wants) == (f"holder:account:{account}", [], [])
    any_house.call("POST", "/password-resets", 202, json={"userId": "anna80"})
    any_house.call("POST", "/user-id-reminders", 202, json={"email": "anna80@example.org"})
    assert any_house.told(MessageRequested) == []
    assert act(any_house, "unfreeze", account)["state"] == "open"
    assert any_house.told(ContactChanged)[-1].emails == ["anna80@example.org"]
    assert any_house.told(ContactChanged)[-1].version > silent.version


def test_freezing_twice_ends_access_once_and_both_are_on_record(house):
    account = house.open_account()
    act(house, "freeze", account)
    act(house, "freeze", account)
    assert len(house.told(AccessEnded)) == 1
    assert [one.action for one in house.told(ActRecorded)].count("account.freeze") == 2


def test_a_step_begun_before_the_freeze_leads_nowhere_after_it(house):
    account = house.open_account()
    secret = add_app(house, house.log_in())
    house.clock.advance(timedelta(minutes=1))
    asked = house.log_in(status=200)
    act(house, "freeze", account)
    body = {"method": "totp", "code": pyotp.TOTP(secret).at(house.clock.now())}
    house.call("POST", f"/sessions/challenges/{asked['challengeId']}", 410, json=body)


def test_an_account_frozen_by_mistake_has_its_records_when_it_is_let_in_again(any_house):
    account = any_house.open_account()
    act(any_house, "freeze", account)
    act(any_house, "unfreeze", account)
    assert held(any_house) == ["anna"]


def test_a_frozen_account_lets_go_of_a_persons_merged_records_too(any_house):
    any_house.hear(a_patient("anna0"), merged("anna0", "anna"))
    account = any_house.open_account(patients=("anna0",))
    act(any_house, "freeze", account)
    invite(any_house)
    any_house.hear(merged("anna0", "anna", version=4))
    assert act(any_house, "unfreeze", account)["patients"] == []


def test_an_account_let_in_again_leaves_records_that_another_holds_by_now(any_house):
    account = any_house.open_account(patients=("anna", "bert"))
    act(any_house, "freeze", account)
    any_house.open_account("anna-herself", ("anna",))
    act(any_house, "unfreeze", account)
    assert held(any_house) == ["bert"]


# --- second factors -------------------------------------------------------------------------------------------------


def test_second_factors_are_reset_sessions_end_and_the_owner_is_told(any_house):
    account = any_house.open_account()
    tokens = any_house.log_in()
    add_app(any_house, tokens)
    assert "challengeId" in any_house.log_in(status=200)
    assert find(any_house, userId="anna80")[0]["secondFactors"] == 1
    assert act(any_house, "second-factor-reset", account, verifiedBy="photo-id")["secondFactors"] == 0
    any_house.call("GET", "/me", 401, tokens["accessToken"])
    token = any_house.log_in()["accessToken"]
    left = any_house.call("GET", "/me/second-factors", 200, token)
    assert left == {"secondFactors": [], "recoveryCodesLeft": 0}
    letters = [one for one in any_house.told(MessageRequested) if one.template == "second-factor-changed"]
    assert letters[-1].about.id == f"account:{account}"


def test_a_challenge_begun_before_the_reset_is_over(house):
    account = house.open_account()
    secret = add_app(house, house.log_in())
    house.clock.advance(timedelta(minutes=1))
    asked = house.log_in(status=200)
    act(house, "second-factor-reset", account)
    body = {"method": "totp", "code": pyotp.TOTP(secret).at(house.clock.now())}
    house.call("POST", f"/sessions/challenges/{asked['challengeId']}", 410, json=body)
