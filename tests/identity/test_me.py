"""What an account's owner is told of themselves, and what they choose."""

from datetime import date, timedelta

import pytest

from contracts.audit import ActRecorded
from contracts.messages import ContactChanged
from services.identity.store.accounts import find_account
from tests.identity.conftest import PASSWORD, a_patient
from tests.servers import NOON

OWN_CALLS = [
    ("PATCH", "/me/preferences", {"theme": "dark"}),
    ("POST", "/me/icodes", {"icode": "00000-0000-0000"}),
    ("DELETE", "/me", {"password": PASSWORD}),
    ("GET", "/me/activity", None),
    ("GET", "/me/export", None),
    ("PUT", "/me/devices/any/push", {"platform": "ios", "token": "t" * 64}),
]


def own(house, **more):
    house.open_account(**more)
    return house.log_in()["accessToken"]


def me(house, token):
    return house.call("GET", "/me", 200, token)


@pytest.mark.parametrize(("method", "path", "body"), OWN_CALLS, ids=[path for _, path, _ in OWN_CALLS])
def test_the_calls_of_an_account_are_open_to_accounts_alone(house, method, path, body):
    house.call(method, path, 401, json=body)
    code = house.enter(house.issue()["icode"])["accessToken"]
    for token in (code, house.desk()):
        assert house.call(method, path, 403, token, json=body)["type"].endswith("forbidden")


@pytest.mark.parametrize(("method", "path", "body"), OWN_CALLS, ids=[path for _, path, _ in OWN_CALLS])
@pytest.mark.parametrize("mark", ["frozen_at", "closed_at"])
def test_a_token_of_an_account_that_was_frozen_or_closed_opens_nothing(house, method, path, body, mark):
    account = house.open_account()
    token = house.log_in()["accessToken"]
    with house.parts.db.begin() as tx:
        setattr(find_account(tx, account), mark, NOON)
    code = house.issue()["icode"]
    body = body | {"icode": code} if body and "icode" in body else body
    house.call(method, path, 401, token, json=body)


def test_a_minors_code_is_told_that_it_opens_no_account_until_the_18th_birthday_S62(any_house, clock):
    any_house.hear(a_patient(version=2, birth_date=date(2008, 3, 3)))
    code = any_house.issue()["icode"]

    def may_open_account():
        return me(any_house, any_house.enter(code)["accessToken"])["mayOpenAccount"]

    assert may_open_account() is False
    clock.move_to(NOON + timedelta(days=1))
    assert may_open_account() is True
    assert me(any_house, own(any_house)).get("mayOpenAccount") is None


def test_language_and_theme_are_kept_and_told_again(any_house):
    token = own(any_house)
    assert (me(any_house, token)["language"], me(any_house, token)["theme"]) == ("en", "auto")  # as the RIS said
    chosen = any_house.call("PATCH", "/me/preferences", 200, token, json={"language": "es", "theme": "dark"})
    assert chosen == {"language": "es", "theme": "dark"}
    any_house.call("PATCH", "/me/preferences", 200, token, json={"theme": "light"})
    found = me(any_house, token)
    assert (found["language"], found["theme"], found["email"]) == ("es", "light", "a•••0@example.org")
    assert any_house.told(ActRecorded)[-1].action == "preferences.change"


def test_mails_to_the_owner_speak_the_language_that_was_chosen(house):
    account = house.open_account()
    token = house.log_in()["accessToken"]
    house.call("PATCH", "/me/preferences", 200, token, json={"language": "es"})
    told = [one for one in house.told(ContactChanged) if one.about.id == f"account:{account}"]
    assert [(one.version, one.language, one.emails) for one in told] == [
        (1, None, ["anna80@example.org"]), (2, "es", ["anna80@example.org"]),
    ]  # fmt: skip
    house.call("PATCH", "/me/preferences", 200, token, json={"theme": "dark", "language": "es"})
    assert house.told(ContactChanged)[-1] == told[-1]


@pytest.mark.parametrize("asked", [{"language": "fr"}, {"theme": "pink"}, {"theme": 3}])
def test_another_language_or_theme_is_refused_and_changes_nothing(house, asked):
    token = own(house)
    house.call("PATCH", "/me/preferences", 422, token, json={"language": "es", "theme": "dark"} | asked)
    assert (me(house, token)["language"], me(house, token)["theme"]) == ("en", "auto")


def test_a_retelling_speaks_of_the_language_and_of_no_closed_account(house, clock):
    house.hear(a_patient("bert"))
    house.open_account("bert70", ("bert",))
    token = own(house)
    house.call("PATCH", "/me/preferences", 200, token, json={"language": "es"})
    clock.advance(timedelta(seconds=1))
    with house.parts.db.begin() as tx:
        house.service.retell(tx, "notifier.events", None)
    told = {one.emails[0]: one.language for one in house.told(ContactChanged)[-2:]}
    assert told == {"anna80@example.org": "es", "bert70@example.org": None}
