"""Challenges: the second step of a log-in, how long it can be answered and how often tried."""

from datetime import timedelta

import pytest

from tests.identity.registering import slug
from tests.identity.second_steps import add_app, answer, answer_by_app, answer_by_recovery, app_code, challenged
from tests.servers import NOON


def logged_in(house):
    house.open_account()
    return house.log_in()["accessToken"]


@pytest.mark.parametrize(
    ("after", "status"), [(timedelta(minutes=10, microseconds=-1), 201), (timedelta(minutes=10), 410)]
)
def test_a_challenge_can_be_answered_for_10_minutes(any_house, clock, after, status):
    secret, _ = add_app(any_house, logged_in(any_house))
    challenge = challenged(any_house)
    clock.advance(after)
    answer_by_app(any_house, challenge, app_code(secret, clock.now()), status)


@pytest.mark.parametrize(("wrong", "status"), [(4, 201), (5, 410)])
def test_a_challenge_can_be_tried_five_times(any_house, clock, wrong, status):
    secret, _ = add_app(any_house, logged_in(any_house))
    challenge = challenged(any_house)
    for _ in range(wrong):
        assert slug(answer_by_app(any_house, challenge, "000000", 401)) == "second-factor-wrong"
    clock.advance(timedelta(minutes=1))
    answer_by_app(any_house, challenge, app_code(secret, clock.now()), status)


def test_a_challenge_is_answered_once_and_an_unknown_one_is_over_alike(house, clock):
    secret, codes = add_app(house, logged_in(house))
    challenge = challenged(house)
    answer_by_app(house, challenge, app_code(secret, clock.now()))
    over = answer_by_recovery(house, challenge, codes[0], 410)
    assert slug(over) == "challenge-over"
    assert answer_by_recovery(house, {"challengeId": "f" * 32}, codes[0], 410) == over


def test_wrong_codes_count_over_all_challenges_of_an_account(house, clock):
    secret, _ = add_app(house, logged_in(house))
    for _ in range(20):
        answer_by_app(house, challenged(house), "000000", 401)
        clock.advance(timedelta(minutes=65))
    clock.move_to(NOON + timedelta(hours=23))
    assert slug(answer_by_app(house, challenged(house), app_code(secret, clock.now()), 429)) == "too-many-tries"
    clock.advance(timedelta(hours=2))
    answer_by_app(house, challenged(house), app_code(secret, clock.now()))


def test_a_challenge_asks_the_right_password_first_and_says_nothing_with_a_wrong_one(house):
    add_app(house, logged_in(house))
    wrong = house.log_in(password="a wrong but long password", status=401)
    assert wrong == house.log_in("nobody", status=401)


@pytest.mark.parametrize("proof", [{}, {"method": "sms", "code": "1"}, {"method": "totp"}, {"method": "passkey"}])
def test_a_challenge_takes_its_methods_alone(house, proof):
    add_app(house, logged_in(house))
    answer(house, challenged(house), 422, **proof)


def test_a_session_by_a_second_factor_is_like_any_other(house, clock):
    secret, _ = add_app(house, logged_in(house))
    came_in = answer_by_app(house, challenged(house), app_code(secret, clock.now()))
    assert house.call("GET", "/me", 200, came_in["accessToken"])["userId"] == "anna80"
    house.call("POST", "/sessions/refresh", 200, json={"refreshToken": came_in["refreshToken"]})
