"""What a password may be (NIST 800-63B-4), and changing one's password and address."""

from datetime import timedelta

import pytest

from contracts.messages import ContactChanged, MessageRequested
from services.identity.block_list import load_common_passwords
from services.identity.domain.accounts import PasswordRefused, check_password, mask_email
from services.identity.domain.passwords import PasswordTooCommon, check_uncommon
from services.identity.store.accounts import find_account
from tests.identity.conftest import PASSWORD, a_patient
from tests.identity.registering import choose, slug, until
from tests.servers import NOON

NEW = "another quiet and long password"
WRONG = "a wrong but long password"
NEW_EMAIL = "anna.new@example.net"
COMMON = load_common_passwords()


def change(house, token, status=204, password=PASSWORD, new=NEW):
    return house.call("PUT", "/me/password", status, token, json={"password": password, "newPassword": new})


def begin_email(house, token, status=202, email=NEW_EMAIL, password=PASSWORD):
    return house.call("POST", "/me/email", status, token, json={"email": email, "password": password})


def finish_email(house, token, begun, status=200, code=None):
    code = code or letters(house, "validation-code")[-1].facts["code"]
    return house.call("POST", f"/me/email/{begun['id']}", status, token, json={"code": code})


def letters(house, template):
    return [one for one in house.told(MessageRequested) if one.template == template]


def logged_in(house):
    house.open_account()
    return house.log_in()["accessToken"]


# --- what a password may be -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("length", "has_second_factor", "will_do"),
    [(14, False, False), (15, False, True), (7, True, False), (8, True, True), (128, False, True), (129, False, False)],
)
@pytest.mark.parametrize("char", ["e", "é", "e\u0301", "🗝", " "])
def test_15_characters_alone_8_beside_a_second_factor_128_at_most(char, length, has_second_factor, will_do):
    try:
        check_password(char * length, has_second_factor=has_second_factor)
    except PasswordRefused as refused:
        assert not will_do
        assert refused.facts == {"least": 8 if has_second_factor else 15}
    else:
        assert will_do


@pytest.mark.parametrize(
    "password",
    [
        "password123", "PASSWORD123", "ｐａｓｓｗｏｒｄ１２３", "1234567890123456", "abcabcabcabcabcabc",
        "zyxwvutsrqponmlk", "aaaaaaaaaaaaaaaa", "qwertyuiopasdfgh", "anna80anna80anna80!", "Patient Portal 2026",
        "radnet-RadNet-1", "anna80@example.org", "portal.example.org!",
    ],
)  # fmt: skip
def test_what_everybody_tries_first_is_refused(password):
    with pytest.raises(PasswordTooCommon):
        context = ("anna80", "anna80@example.org", "portal.example.org", "Patient Portal", "RadNet")
        check_uncommon(password, COMMON, context)


@pytest.mark.parametrize(
    "password",
    [
        PASSWORD,
        "correct horse battery",
        "1357 2468 anna 9753",
        "😀🗝️🌍🐘🎈🧭🪁🛶🌵🦉🍉🎻🧶🏔️🚲",
        "ñandú azul bajo la luna",
    ],
)
def test_no_composition_is_asked_of_a_password(password):
    check_password(password)
    check_uncommon(password, COMMON, ("anna80", "anna80@example.org"))


def test_the_block_list_holds_what_is_long_enough_to_be_chosen():
    assert "password1" in COMMON
    assert len(COMMON) > 5000
    assert all(len(one) >= 8 and one == one.lower() for one in COMMON)


@pytest.mark.parametrize(
    ("password", "why"), [("anna80 radnet portal", "password-too-common"), ("only 8 ch", "password-refused")]
)
def test_the_same_holds_at_registration(house, password, why):
    refused = choose(house, until(house, "credentials"), 422, password=password)
    assert (slug(refused), refused["errors"][0]["field"]) == (why, "password")


# --- changing it ----------------------------------------------------------------------------------------------------


def test_a_new_password_ends_every_other_session_at_once_and_its_owner_is_told(any_house):
    account = any_house.open_account()
    here, there = any_house.log_in(), any_house.log_in()
    change(any_house, here["accessToken"])
    any_house.call("GET", "/me", 401, there["accessToken"])
    any_house.call("POST", "/sessions/refresh", 401, json={"refreshToken": there["refreshToken"]})
    any_house.call("GET", "/me", 200, here["accessToken"])
    any_house.call("POST", "/sessions/refresh", 200, json={"refreshToken": here["refreshToken"]})
    any_house.log_in(status=401)
    any_house.log_in(password=NEW)
    (letter,) = letters(any_house, "password-changed")
    assert letter.about.id == f"account:{account}"


@pytest.mark.parametrize(
    ("new", "why"),
    [("x" * 14, "password-refused"), ("z" * 129, "password-refused"), ("anna80 anna80 anna80", "password-too-common")],
)
def test_a_new_password_that_will_not_do_changes_nothing(house, new, why):
    token = logged_in(house)
    refused = change(house, token, 422, new=new)
    assert (slug(refused), refused["errors"][0]["field"]) == (why, "newPassword")
    house.log_in()


def test_the_old_password_is_asked_for_and_wrong_ones_count_as_those_at_the_door(house, clock):
    token = logged_in(house)
    for _ in range(5):
        refused = change(house, token, 403, WRONG)
        assert (slug(refused), refused["errors"][0]["field"]) == ("wrong-password", "password")
    assert slug(change(house, token, 429)) == "too-many-tries"
    assert slug(house.log_in(status=429)) == "too-many-tries"
    clock.advance(timedelta(seconds=1))
    change(house, token)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/me/password", {"password": PASSWORD, "newPassword": NEW}),
        ("POST", "/me/email", {"email": NEW_EMAIL, "password": PASSWORD}),
        ("POST", "/me/email/x", {"code": "123456"}),
    ],
)
def test_only_an_account_has_a_password_and_an_address(house, method, path, body):
    house.call(method, path, 401, json=body)
    icode = house.enter(house.issue()["icode"])["accessToken"]
    for token in (icode, house.desk()):
        assert slug(house.call(method, path, 403, token, json=body)) == "forbidden"


def test_a_new_password_ends_resets_and_changes_of_address_that_wait(house):
    token = logged_in(house)
    reset = house.call("POST", "/password-resets", 202, json={"userId": "anna80"})
    code = letters(house, "password-reset")[-1].facts["code"]
    begun = begin_email(house, token)
    change(house, token)
    house.call(
        "POST", f"/password-resets/{reset['id']}", 403, json={"code": code, "password": "a third, quiet and long"}
    )
    finish_email(house, token, begun, 403)
    house.log_in(password=NEW)


# --- another address ------------------------------------------------------------------------------------------------


def test_another_address_is_proven_by_a_code_and_the_old_one_is_told(any_house):
    account = any_house.open_account()
    token = any_house.log_in()["accessToken"]
    begun = begin_email(any_house, token)
    assert letters(any_house, "validation-code")[-1].email == NEW_EMAIL
    assert any_house.told(ContactChanged)[-1].emails == ["anna80@example.org"]
    assert finish_email(any_house, token, begun) == {"email": "a•••w@example.net"}
    contact = any_house.told(ContactChanged)[-1]
    assert (contact.about.id, contact.emails, contact.version) == (f"account:{account}", [NEW_EMAIL], 2)
    (letter,) = letters(any_house, "email-changed")
    assert letter.email == "anna80@example.org"
    any_house.call("GET", "/me", 200, token)
    finish_email(any_house, token, begun, 403)


def test_a_change_of_address_is_its_own_accounts_alone(house):
    house.hear(a_patient("bert"))
    house.open_account("bert", ("bert",))
    token, berts = logged_in(house), house.log_in("bert")["accessToken"]
    begun = begin_email(house, token)
    refused = finish_email(house, berts, begun, 403)
    assert refused == finish_email(house, token, {"id": "f" * 32}, 403, "123456")
    finish_email(house, token, begun)


def test_another_change_ends_the_one_before_it(house):
    token = logged_in(house)
    first = begin_email(house, token)
    first_code = letters(house, "validation-code")[-1].facts["code"]
    second = begin_email(house, token, email="second@example.net")
    finish_email(house, token, first, 403, first_code)
    assert finish_email(house, token, second)["email"] == "s•••d@example.net"


def test_a_wrong_password_mails_nothing(house):
    token = logged_in(house)
    assert slug(begin_email(house, token, 403, password=WRONG)) == "wrong-password"
    assert letters(house, "validation-code") == []


@pytest.mark.parametrize(("wrong", "status"), [(4, 200), (5, 403)])
def test_the_code_for_an_address_is_looked_at_until_the_fifth_wrong_try(house, wrong, status):
    token = logged_in(house)
    begun = begin_email(house, token)
    for _ in range(wrong):
        finish_email(house, token, begun, 403, "not it")
    finish_email(house, token, begun, status)


def test_the_code_for_an_address_passes_for_30_minutes(house, clock):
    token = logged_in(house)
    begun = begin_email(house, token)
    clock.advance(timedelta(minutes=30))
    finish_email(house, house.log_in()["accessToken"], begun, 403)


def test_an_account_has_three_codes_an_hour_mailed_to_whatever_addresses(house):
    token = logged_in(house)
    for number in range(3):
        begin_email(house, token, email=f"n{number}@example.net")
    assert slug(begin_email(house, token, 429)) == "too-many-code-mails"


def test_a_reset_mailed_to_the_old_address_ends_with_it(house):
    token = logged_in(house)
    reset = house.call("POST", "/password-resets", 202, json={"userId": "anna80"})
    code = letters(house, "password-reset")[-1].facts["code"]
    finish_email(house, token, begin_email(house, token))
    house.call("POST", f"/password-resets/{reset['id']}", 403, json={"code": code, "password": NEW})


def test_a_frozen_account_changes_nothing(house):
    account = house.open_account()
    token = house.log_in()["accessToken"]
    with house.parts.db.begin() as tx:
        find_account(tx, account).closed_at = NOON
    house.call("PUT", "/me/password", 401, token, json={"password": PASSWORD, "newPassword": NEW})


@pytest.mark.parametrize(
    ("email", "masked"),
    [("anna@example.org", "a•••a@example.org"), ("bob@example.org", "b•••@example.org"), ("a@b.org", "a•••@b.org")],
)
def test_an_address_is_shown_masked(email, masked):
    assert mask_email(email) == masked
