"""Second factors: authenticator apps and recovery codes, setting them up, answering with them, taking them away."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from contracts.messages import MessageRequested
from services.identity.usecases import second_factors
from tests.identity.conftest import PASSWORD, a_patient
from tests.identity.registering import slug
from tests.identity.second_steps import (
    STEP,
    add_app,
    answer_by_app,
    answer_by_recovery,
    app_code,
    begin_factor,
    challenged,
    confirm,
    find_factors,
    remove_factor,
)
from tests.servers import NOON

SHORT = "only 8 ch"


def logged_in(house, **more):
    house.open_account(**more)
    return house.log_in()["accessToken"]


def changes_told(house):
    return [one for one in house.told(MessageRequested) if one.template == "second-factor-changed"]


# --- setting up -----------------------------------------------------------------------------------------------------


def test_an_app_is_set_up_by_its_code_and_asked_for_from_then_on(any_house):
    token = logged_in(any_house)
    begun = begin_factor(any_house, token, name="  My phone ")
    assert begun["otpauthUrl"].startswith("otpauth://totp/Patient%20Portal:anna80?secret=" + begun["secret"])
    assert begun["options"] is None
    assert find_factors(any_house, token) == {"secondFactors": [], "recoveryCodesLeft": 0}
    any_house.log_in()  # not yet
    codes = confirm(any_house, token, begun["id"], code=app_code(begun["secret"], NOON))["recoveryCodes"]
    assert len(set(codes)) == 10
    listed = find_factors(any_house, token)
    (factor,) = listed["secondFactors"]
    assert (factor["id"], factor["kind"], factor["name"], factor["lastUsedAt"]) == (
        begun["id"],
        "totp",
        "My phone",
        None,
    )
    assert listed["recoveryCodesLeft"] == 10
    challenge = challenged(any_house)
    assert challenge["methods"] == ["totp", "recovery-code"]
    assert "passkeyOptions" not in challenge
    assert len(changes_told(any_house)) == 1


def test_a_second_factor_that_nobody_named_bears_its_kind_in_the_readers_language(house):
    token = logged_in(house)
    begun = begin_factor(house, token, name="")
    confirm(house, token, begun["id"], code=app_code(begun["secret"], NOON))
    for language, name in (("en", "Authenticator app"), ("es", "Aplicación de autenticación")):
        told = house.call("GET", "/me/second-factors", 200, token, headers={"Accept-Language": language})
        assert [one["name"] for one in told["secondFactors"]] == [name]


@pytest.mark.parametrize("code", ["000000", "", "12345", "１２３４５６", "abcdef"])
def test_a_wrong_code_confirms_nothing(house, code):
    token = logged_in(house)
    begun = begin_factor(house, token)
    refused = confirm(house, token, begun["id"], 422, code=code)
    assert (slug(refused), refused["errors"][0]["field"]) == ("second-factor-unproven", "code")
    house.log_in()


@pytest.mark.parametrize(("after", "status"), [(timedelta(minutes=10, seconds=-1), 200), (timedelta(minutes=10), 404)])
def test_a_factor_waits_10_minutes_for_its_confirmation(house, clock, after, status):
    token = logged_in(house)
    begun = begin_factor(house, token)
    clock.advance(after)
    token = house.log_in()["accessToken"]
    confirm(house, token, begun["id"], status, code=app_code(begun["secret"], clock.now()))


def test_only_its_account_confirms_removes_or_sees_a_factor_and_only_once(house):
    house.hear(a_patient("bert"))
    house.open_account("bert", ("bert",))
    token, berts = logged_in(house), house.log_in("bert")["accessToken"]
    begun = begin_factor(house, token)
    code = app_code(begun["secret"], NOON)
    assert slug(confirm(house, berts, begun["id"], 404, code=code)) == "second-factor-not-found"
    remove_factor(house, berts, begun["id"], 404)
    confirm(house, token, begun["id"], code=code)
    confirm(house, token, begun["id"], 404, code=app_code(begun["secret"], NOON + STEP))
    assert find_factors(house, berts)["secondFactors"] == []


def test_the_password_is_asked_for_to_add_to_remove_and_for_new_codes(house):
    token = logged_in(house)
    begin_factor(house, token, status=403, password="a wrong but long password")
    add_app(house, token)
    (factor,) = find_factors(house, token)["secondFactors"]
    remove_factor(house, token, factor["id"], 403, "a wrong but long password")
    house.call("POST", "/me/recovery-codes", 403, token, json={"password": "a wrong but long password"})
    assert find_factors(house, token)["recoveryCodesLeft"] == 10


def test_an_account_has_ten_factors_at_most(house):
    token = logged_in(house)
    for _ in range(10):
        begin_factor(house, token)
    assert slug(begin_factor(house, token, status=409)) == "too-many-second-factors"


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/me/second-factors"), ("POST", "/me/second-factors"), ("POST", "/me/second-factors/x/confirmation"),
     ("DELETE", "/me/second-factors/x"), ("POST", "/me/recovery-codes")],
)  # fmt: skip
def test_only_an_account_has_second_factors(house, method, path):
    body = {"kind": "totp", "password": PASSWORD}
    house.call(method, path, 401, json=body)
    for token in (house.enter(house.issue()["icode"])["accessToken"], house.desk()):
        house.call(method, path, 403, token, json=body)


# --- an app's code --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("steps", "status"), [(-2, 401), (-1, 201), (0, 201), (1, 201), (2, 401)])
def test_a_phones_clock_may_be_one_step_off_either_way(any_house, clock, steps, status):
    secret, _ = add_app(any_house, logged_in(any_house))
    clock.advance(10 * STEP)
    refused = answer_by_app(any_house, challenged(any_house), app_code(secret, clock.now() + steps * STEP), status)
    assert status == 201 or slug(refused) == "second-factor-wrong"


def test_a_code_is_taken_once_and_none_older_than_it(any_house, clock):
    token = logged_in(any_house)
    secret, _ = add_app(any_house, token)
    clock.advance(STEP)
    code, before = app_code(secret, clock.now()), app_code(secret, clock.now() - STEP)
    answer_by_app(any_house, challenged(any_house), f" {code[:3]} {code[3:]}")
    (factor,) = find_factors(any_house, token)["secondFactors"]
    assert factor["lastUsedAt"] is not None
    for old in (code, before):
        answer_by_app(any_house, challenged(any_house), old, 401)
    clock.advance(STEP)
    answer_by_app(any_house, challenged(any_house), app_code(secret, clock.now()))


def test_the_code_that_confirmed_an_app_lets_nobody_in(house):
    token = logged_in(house)
    begun = begin_factor(house, token)
    code = app_code(begun["secret"], NOON)
    confirm(house, token, begun["id"], code=code)
    answer_by_app(house, challenged(house), code, 401)


def test_one_code_sent_many_times_at_once_lets_in_once(any_house, clock):
    secret, _ = add_app(any_house, logged_in(any_house))
    paths = [f"/sessions/challenges/{challenged(any_house)['challengeId']}" for _ in range(4)]
    body = {"method": "totp", "code": app_code(secret, clock.now())}
    app = any_house.client.application
    with ThreadPoolExecutor(4) as pool:
        statuses = sorted(pool.map(lambda path: app.test_client().post(path, json=body).status_code, paths))
    assert statuses == [201, 401, 401, 401]


def test_the_secret_stands_in_no_table(house):
    secret, codes = add_app(house, logged_in(house))
    stored = house.everything_stored()
    assert secret not in stored
    assert not any(code in stored or code.replace("-", "") in stored for code in codes)


# --- recovery codes -------------------------------------------------------------------------------------------------


def test_each_recovery_code_lets_in_once(any_house):
    token = logged_in(any_house)
    _, codes = add_app(any_house, token)
    for left, code in enumerate(reversed(codes)):
        typed = code.lower().replace("-", " ") if left % 2 else code
        answer_by_recovery(any_house, challenged(any_house), typed)
        answer_by_recovery(any_house, challenged(any_house), code, 401)
        any_house.clock.advance(timedelta(hours=2))
    token = any_house.log_in(status=200)
    assert token["methods"] == ["totp"]


def test_new_recovery_codes_end_the_old_ones(house):
    token = logged_in(house)
    house.call("POST", "/me/recovery-codes", 409, token, json={"password": PASSWORD})
    _, codes = add_app(house, token)
    renewed = house.call("POST", "/me/recovery-codes", 201, token, json={"password": PASSWORD})["recoveryCodes"]
    assert len(set(renewed) - set(codes)) == 10
    answer_by_recovery(house, challenged(house), codes[0], 401)
    answer_by_recovery(house, challenged(house), renewed[0])
    assert len(changes_told(house)) == 2


def test_a_second_app_brings_no_new_recovery_codes(house, clock):
    token = logged_in(house)
    first, codes = add_app(house, token)
    second, none = add_app(house, token)
    assert none == []
    for secret in (first, second):
        answer_by_app(house, challenged(house), app_code(secret, clock.now()))
    answer_by_recovery(house, challenged(house), codes[0])


# --- shorter passwords, and taking factors away ----------------------------------------------------------------------


def change_password(house, token, new, status=204, password=PASSWORD):
    house.call("PUT", "/me/password", status, token, json={"password": password, "newPassword": new})


def test_8_characters_do_beside_a_second_factor_which_then_stays(any_house, clock):
    token = logged_in(any_house)
    change_password(any_house, token, SHORT, 422)
    secret, _ = add_app(any_house, token)
    change_password(any_house, token, "7 chars", 422)
    change_password(any_house, token, SHORT)
    answer_by_app(any_house, challenged(any_house, password=SHORT), app_code(secret, clock.now()))
    (factor,) = find_factors(any_house, token)["secondFactors"]
    assert slug(remove_factor(any_house, token, factor["id"], 409, SHORT)) == "password-too-short-alone"
    change_password(any_house, token, PASSWORD, password=SHORT)
    remove_factor(any_house, token, factor["id"])
    any_house.log_in()


def test_with_the_last_factor_go_the_recovery_codes_and_the_challenges_that_wait(house, clock):
    token = logged_in(house)
    secret, codes = add_app(house, token)
    waiting = challenged(house)
    (factor,) = find_factors(house, token)["secondFactors"]
    remove_factor(house, token, factor["id"])
    assert find_factors(house, token) == {"secondFactors": [], "recoveryCodesLeft": 0}
    answer_by_recovery(house, waiting, codes[0], 410)
    house.log_in()
    add_app(house, token)
    answer_by_recovery(house, challenged(house), codes[1], 401)
    answer_by_app(house, challenged(house), app_code(secret, clock.now()), 401)


def test_a_second_factor_is_asked_for_after_a_reset_too(any_house, clock):
    secret, _ = add_app(any_house, logged_in(any_house))
    waiting = challenged(any_house)
    reset = any_house.call("POST", "/password-resets", 202, json={"userId": "anna80"})
    code = [one for one in any_house.told(MessageRequested) if one.template == "password-reset"][-1].facts["code"]
    any_house.call("POST", f"/password-resets/{reset['id']}", 200, json={"code": code, "password": SHORT})
    answer_by_app(any_house, waiting, app_code(secret, clock.now()), 410)
    answer_by_app(any_house, challenged(any_house, password=SHORT), app_code(secret, clock.now()))


def test_a_short_password_whose_factors_staff_took_away_opens_nothing_before_a_reset(house):
    account = house.open_account()
    token = house.log_in()["accessToken"]
    add_app(house, token)
    change_password(house, token, SHORT)
    with house.parts.db.begin() as tx:
        assert second_factors.remove_all(tx, account, house.clock.now()) == 1
    assert slug(house.log_in(password=SHORT, status=403)) == "password-reset-needed"
    house.log_in(password="8 charss", status=401)
