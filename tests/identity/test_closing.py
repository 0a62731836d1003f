"""Closing one's account: sessions and shares end, the records stay, the patient may have another."""

import pytest

from contracts.access import ACCOUNT_CLOSED, AccessEnded
from contracts.audit import ActRecorded
from contracts.identity import AccountClosed
from contracts.messages import ContactChanged, MessageRequested
from services.identity.domain.accounts import UserIdTaken
from services.identity.store.accounts import find_account
from tests.identity.conftest import PASSWORD


def close(house, token, status=204, password=PASSWORD):
    return house.call("DELETE", "/me", status, token, json={"password": password})


@pytest.fixture
def account(any_house):
    return any_house.open_account()


def test_it_ends_with_every_session_and_gets_nobody_in_again(any_house, account):
    here, there = any_house.log_in(), any_house.log_in()
    close(any_house, here["accessToken"])
    for came_in in (here, there):
        any_house.call("GET", "/me", 401, came_in["accessToken"])
        any_house.call("POST", "/sessions/refresh", 401, json={"refreshToken": came_in["refreshToken"]})
    unknown = any_house.log_in("nobody", status=401)
    assert any_house.log_in(status=401) == unknown


def test_every_service_is_told_so_that_its_shares_end_too(any_house, account):
    close(any_house, any_house.log_in()["accessToken"])
    ended = any_house.told(AccessEnded)[-1]
    assert (ended.id, ended.reason) == (f"account:{account}", ACCOUNT_CLOSED)
    (closed,) = any_house.told(AccountClosed)
    assert (closed.id, closed.version, closed.patient_ids) == (account, 2, ["anna"])
    act = any_house.told(ActRecorded)[-1]
    assert (act.action, act.actor, act.object) == ("account.close", f"account:{account}", f"account:{account}")


def test_its_address_is_told_and_forgotten_by_the_notifier(house):
    account = house.open_account()
    close(house, house.log_in()["accessToken"])
    letter = house.told(MessageRequested)[-1]
    assert (letter.template, letter.email) == ("account-closed", "anna80@example.org")
    contact = house.told(ContactChanged)[-1]
    assert (contact.about.id, contact.version, contact.emails, contact.wants) == (f"account:{account}", 2, [], [])


def test_the_record_stays_and_the_visits_codes_go_on(house):
    house.open_account()
    code = house.issue()["icode"]
    before = house.enter(code)["accessToken"]
    close(house, house.log_in()["accessToken"])
    assert house.call("GET", "/me", 200, before)["exams"] == 2
    house.enter(code)


def test_the_patient_can_register_again_under_another_user_id(any_house, account):
    close(any_house, any_house.log_in()["accessToken"])
    with pytest.raises(UserIdTaken):
        any_house.open_account()
    again = any_house.open_account("anna-again")
    came_in = any_house.log_in("anna-again")
    assert any_house.claims(came_in["accessToken"]).sub == f"account:{again}"


@pytest.mark.parametrize("password", ["", "a wrong but long password"])
def test_a_wrong_password_closes_nothing_and_counts_as_one_at_the_door(house, clock, password):
    house.open_account()
    token = house.log_in()["accessToken"]
    for _ in range(5):
        assert close(house, token, 403, password)["type"].endswith("wrong-password")
    close(house, token, 429)
    house.log_in(status=429)
    assert house.told(AccountClosed) == []


def test_what_proved_its_owner_is_kept_no_more(house):
    account = house.open_account()
    with house.parts.db.read() as tx:
        kept = find_account(tx, account).password_hash
    close(house, house.log_in()["accessToken"])
    assert kept not in house.everything_stored()
    with house.parts.db.read() as tx:
        assert find_account(tx, account).closed_at is not None


def test_of_two_who_close_it_at_once_one_is_too_late(any_house, account):
    token = any_house.log_in()["accessToken"]
    close(any_house, token)
    close(any_house, token, 401)
    assert len(any_house.told(AccountClosed)) == 1
