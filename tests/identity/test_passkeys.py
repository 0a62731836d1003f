"""Passkeys, made and used by an authenticator in software: as a second step, and in place of a password."""

from datetime import timedelta

import pytest

from contracts.messages import MessageRequested
from services.identity.store.accounts import find_account
from services.identity.usecases import second_factors
from tests.identity.conftest import a_patient
from tests.identity.registering import slug
from tests.identity.second_steps import (
    add_app,
    add_passkey,
    answer,
    answer_by_recovery,
    begin_factor,
    challenged,
    confirm,
    find_factors,
    remove_factor,
)
from tests.identity.software_passkey import ORIGIN, SoftwarePasskey
from tests.servers import NOON

FOREIGN = (
    {"origin": "https://portal.example.evil"},
    {"origin": ORIGIN + "0"},
    {"origin": "http://127.0.0.1:8080"},
    {"rp_id": "portal.example.evil"},
    {"to_sign": "Zm9yZWlnbg"},
    {"type": "webauthn.other"},
    {"present": 0},
)
"""What shows that a credential was not made for this portal and this challenge, or with nobody there."""


def logged_in(house):
    house.open_account()
    return house.log_in()["accessToken"]


def sign_in(house, status=201, **answer):
    return house.call("POST", "/passkey-sessions", status, json=answer)


def asked(house):
    return sign_in(house, 200)


def come_in(house, passkey, status=201, ask=None, **bent):
    ask = ask or asked(house)
    return sign_in(house, status, challengeId=ask["challengeId"], credential=passkey.sign(ask["options"], **bent))


def by_passkey(house, challenge, passkey, status=201, **bent):
    signed = passkey.sign(challenge["passkeyOptions"], **bent)
    return answer(house, challenge, status, method="passkey", credential=signed)


# --- making one -----------------------------------------------------------------------------------------------------


def test_a_passkey_is_made_and_listed(any_house):
    token = logged_in(any_house)
    begun = begin_factor(any_house, token, "passkey", name="My key")
    options = begun["options"]
    assert options["rp"] == {"id": "localhost", "name": "Patient Portal"}
    assert (options["user"]["name"], options["excludeCredentials"], begun["secret"]) == ("anna80", [], None)
    passkey = SoftwarePasskey()
    codes = confirm(any_house, token, begun["id"], credential=passkey.make(options))["recoveryCodes"]
    assert len(codes) == 10
    (factor,) = find_factors(any_house, token)["secondFactors"]
    assert (factor["kind"], factor["name"]) == ("passkey", "My key")
    again = begin_factor(any_house, token, "passkey")["options"]
    assert [one["id"] for one in again["excludeCredentials"]] == [passkey.id]


@pytest.mark.parametrize("bent", FOREIGN, ids=str)
def test_a_passkey_made_for_another_portal_or_challenge_is_refused(house, bent):
    token = logged_in(house)
    begun = begin_factor(house, token, "passkey")
    refused = confirm(house, token, begun["id"], 422, credential=SoftwarePasskey().make(begun["options"], **bent))
    assert (slug(refused), refused["errors"][0]["field"]) == ("second-factor-unproven", "credential")
    house.log_in()


def test_what_made_one_passkey_makes_no_other_and_nobody_takes_anothers(house):
    house.hear(a_patient("bert"))
    house.open_account("bert", ("bert",))
    token, berts = logged_in(house), house.log_in("bert")["accessToken"]
    begun, passkey = begin_factor(house, token, "passkey"), SoftwarePasskey()
    made = passkey.make(begun["options"])
    confirm(house, token, begun["id"], credential=made)
    for who in (token, berts):
        other = begin_factor(house, who, "passkey")
        confirm(house, who, other["id"], 422, credential=made)
        confirm(house, who, other["id"], 422, credential=passkey.make(other["options"]))


@pytest.mark.parametrize("size", [1023, 1024])
def test_the_id_of_a_passkey_has_1023_bytes_at_most(any_house, size):
    token = logged_in(any_house)
    begun, passkey = begin_factor(any_house, token, "passkey"), SoftwarePasskey(credential_id=b"i" * size)
    confirm(any_house, token, begun["id"], 200 if size == 1023 else 422, credential=passkey.make(begun["options"]))


# --- as a second step -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verifies_user", [True, False])
def test_a_passkey_answers_a_challenge_whether_it_verifies_its_user_or_not(any_house, verifies_user):
    token = logged_in(any_house)
    passkey = add_passkey(any_house, token, SoftwarePasskey(verifies_user=verifies_user))
    challenge = challenged(any_house)
    assert challenge["methods"] == ["passkey", "recovery-code"]
    assert [one["id"] for one in challenge["passkeyOptions"]["allowCredentials"]] == [passkey.id]
    came_in = by_passkey(any_house, challenge, passkey)
    assert any_house.call("GET", "/me", 200, came_in["accessToken"])["userId"] == "anna80"


@pytest.mark.parametrize("bent", FOREIGN, ids=str)
def test_what_was_signed_elsewhere_or_for_another_challenge_lets_nobody_in(house, bent):
    passkey = add_passkey(house, logged_in(house))
    assert slug(by_passkey(house, challenged(house), passkey, 401, **bent)) == "second-factor-wrong"
    assert slug(come_in(house, passkey, 401, **bent)) == "passkey-refused"


def test_what_was_signed_once_lets_in_once(house):
    passkey = add_passkey(house, logged_in(house))
    challenge = challenged(house)
    signed = passkey.sign(challenge["passkeyOptions"])
    answer(house, challenge, method="passkey", credential=signed)
    answer(house, challenge, 410, method="passkey", credential=signed)
    answer(house, challenged(house), 401, method="passkey", credential=signed)


def test_a_sign_count_that_does_not_go_on_shows_a_copy_of_the_passkey(any_house):
    passkey = add_passkey(any_house, logged_in(any_house))
    by_passkey(any_house, challenged(any_house), passkey, sign_count=7)
    for count in (7, 6, 0):
        by_passkey(any_house, challenged(any_house), passkey, 401, sign_count=count)
    by_passkey(any_house, challenged(any_house), passkey, sign_count=8)


def test_a_passkey_that_does_not_count_may_go_on_at_zero(house):
    passkey = add_passkey(house, logged_in(house))
    for _ in range(2):
        by_passkey(house, challenged(house), passkey, sign_count=0)


def test_a_foreign_passkey_answers_no_challenge(house):
    house.hear(a_patient("bert"))
    house.open_account("bert", ("bert",))
    add_passkey(house, logged_in(house))
    berts = add_passkey(house, house.log_in("bert")["accessToken"])
    by_passkey(house, challenged(house), berts, 401)
    by_passkey(house, challenged(house), SoftwarePasskey(), 401)


def test_a_stolen_credential_id_without_its_key_signs_nothing(house):
    passkey = add_passkey(house, logged_in(house))
    thief = SoftwarePasskey(credential_id=passkey.credential_id, user_handle=passkey.user_handle)
    by_passkey(house, challenged(house), thief, 401)
    come_in(house, thief, 401)


def test_an_app_and_a_passkey_stand_beside_each_other(house):
    token = logged_in(house)
    _, codes = add_app(house, token)
    passkey = add_passkey(house, token)
    assert challenged(house)["methods"] == ["totp", "passkey", "recovery-code"]
    by_passkey(house, challenged(house), passkey)
    answer_by_recovery(house, challenged(house), codes[0])


# --- in place of a password -------------------------------------------------------------------------------------------


def test_a_passkey_lets_in_without_user_id_and_password(any_house):
    passkey = add_passkey(any_house, logged_in(any_house))
    ask = asked(any_house)
    assert ask["options"]["allowCredentials"] == []
    assert ask["options"]["userVerification"] == "required"
    came_in = come_in(any_house, passkey, ask=ask)
    assert came_in["viewer"]["userId"] == "anna80"
    assert slug(come_in(any_house, passkey, 410, ask=ask)) == "challenge-over"


def test_alone_it_must_have_verified_its_user(house):
    passkey = add_passkey(house, logged_in(house))
    come_in(house, passkey, 401, verifies_user=False)


def test_unknown_foreign_removed_and_unconfirmed_passkeys_are_refused_alike(house):
    token = logged_in(house)
    removed = add_passkey(house, token)
    (factor,) = find_factors(house, token)["secondFactors"]
    remove_factor(house, token, factor["id"])
    unconfirmed = SoftwarePasskey()
    unconfirmed.make(begin_factor(house, token, "passkey")["options"])
    unknown = SoftwarePasskey(user_handle=removed.user_handle)
    nobodys = SoftwarePasskey(user_handle=b"f" * 32)
    nameless = SoftwarePasskey()
    answers = [come_in(house, one, 401) for one in (removed, unconfirmed, unknown, nobodys, nameless)]
    assert answers == [answers[0]] * 5
    assert slug(answers[0]) == "passkey-refused"


@pytest.mark.parametrize("mark", ["frozen_at", "closed_at"])
def test_a_frozen_or_closed_account_is_entered_by_no_passkey(house, mark):
    account = house.open_account()
    passkey = add_passkey(house, house.log_in()["accessToken"])
    with house.parts.db.begin() as tx:
        setattr(find_account(tx, account), mark, NOON)
    assert slug(come_in(house, passkey, 401)) == "passkey-refused"


@pytest.mark.parametrize(
    ("after", "status"), [(timedelta(minutes=10, microseconds=-1), 201), (timedelta(minutes=10), 410)]
)
def test_it_may_be_asked_for_10_minutes(house, clock, after, status):
    passkey = add_passkey(house, logged_in(house))
    ask = asked(house)
    clock.advance(after)
    come_in(house, passkey, status, ask=ask)


def test_the_two_kinds_of_challenges_are_not_each_others(house):
    passkey = add_passkey(house, logged_in(house))
    challenge, ask = challenged(house), asked(house)
    come_in(house, passkey, 410, ask={"challengeId": challenge["challengeId"], "options": challenge["passkeyOptions"]})
    by_passkey(house, {"challengeId": ask["challengeId"], "passkeyOptions": ask["options"]}, passkey, 410)


def test_without_a_password_nothing_but_the_passkeys_own_account_opens(house):
    house.hear(a_patient("bert"))
    bert = house.open_account("bert", ("bert",))
    passkey = add_passkey(house, logged_in(house))
    come_in(house, passkey, 401, user_handle=bert.encode())


def test_factors_that_staff_take_away_let_nobody_in_and_their_owner_is_told(house):
    account = house.open_account()
    passkey = add_passkey(house, house.log_in()["accessToken"])
    waiting = challenged(house)
    with house.parts.db.begin() as tx:
        second_factors.remove_all(tx, account, NOON)
    by_passkey(house, waiting, passkey, 410)
    come_in(house, passkey, 401)
    letters = [one for one in house.told(MessageRequested) if one.template == "second-factor-changed"]
    assert [one.about.id for one in letters] == [f"account:{account}"] * 2
    house.log_in()
