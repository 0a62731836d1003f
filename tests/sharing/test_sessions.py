"""A recipient's session: refreshing, the thief, the limits, logging out; and this issuer's keys."""

from datetime import timedelta

import jwt
import pytest

from contracts.access import AccessEnded, SigningKeyPublished

SECOND = timedelta(seconds=1)


def me(house, opened):
    return house.client.get("/me", headers={"Authorization": f"Bearer {opened['accessToken']}"}).status_code


def renew(house, token):
    return house.client.post("/sessions/refresh", json={"refreshToken": token})


@pytest.mark.parametrize(("after", "status"), [(119 * SECOND, 200), (120 * SECOND, 401)])
def test_an_access_token_lives_two_minutes(house, after, status):
    opened = house.open(house.share())
    house.clock.advance(after)
    assert me(house, opened) == status
    assert me(house, renew(house, opened["refreshToken"]).json) == 200


@pytest.mark.parametrize(("after", "status"), [(timedelta(hours=12) - SECOND, 200), (timedelta(hours=12), 401)])
def test_a_session_ends_after_12_hours(house, after, status):
    opened = house.open(house.share())
    house.clock.advance(after)
    assert renew(house, opened["refreshToken"]).status_code == status


@pytest.mark.parametrize(("after", "status"), [(timedelta(hours=2) - SECOND, 200), (timedelta(hours=2), 401)])
def test_a_session_ends_with_its_share(house, after, status):
    share = house.share(expiresAt=(house.clock.now() + timedelta(hours=2)).isoformat())
    opened = house.open(share)
    house.clock.advance(after)
    assert renew(house, opened["refreshToken"]).status_code == status


def test_the_token_just_replaced_gives_the_same_successor_and_an_older_one_ends_the_session(any_house):
    opened = any_house.open(any_house.share())
    second = renew(any_house, opened["refreshToken"]).json
    assert renew(any_house, opened["refreshToken"]).json["refreshToken"] == second["refreshToken"]
    third = renew(any_house, second["refreshToken"]).json
    assert me(any_house, third) == 200
    assert renew(any_house, opened["refreshToken"]).status_code == 401
    assert renew(any_house, third["refreshToken"]).status_code == 401
    assert me(any_house, third) == 401
    (ended,) = any_house.told(AccessEnded)
    assert ended.id.startswith("session:")


def test_one_recipients_stolen_token_leaves_the_other_recipients_alone(house):
    share = house.share()
    one, other = house.open(share), house.open(share)
    second = renew(house, one["refreshToken"]).json
    renew(house, second["refreshToken"])
    assert renew(house, one["refreshToken"]).status_code == 401
    assert me(house, other) == 200
    assert renew(house, other["refreshToken"]).status_code == 200


def test_logging_out_ends_this_session_alone(any_house):
    share = any_house.share()
    one, other = any_house.open(share), any_house.open(share)
    headers = {"Authorization": f"Bearer {one['accessToken']}"}
    assert any_house.client.delete("/sessions/current", headers=headers).status_code == 204
    assert (me(any_house, one), me(any_house, other)) == (401, 200)
    assert renew(any_house, one["refreshToken"]).status_code == 401
    assert any_house.told(AccessEnded)[-1].reason == "logged-out"


def test_an_owner_has_no_session_here(house):
    assert house.client.delete("/sessions/current", headers=house.anna()).status_code == 403
    assert house.client.get("/me", headers=house.anna()).status_code == 403


@pytest.mark.parametrize("token", ["", "rs_", "rs_unknown", "ri_unknown", "\x00"])
def test_a_refresh_token_that_is_none_is_refused(any_house, token):
    assert renew(any_house, token).status_code == 401


def test_the_public_keys_are_given_and_told(any_house):
    (key,) = any_house.client.get("/signing-keys").json["keys"]
    (told,) = any_house.told(SigningKeyPublished)
    assert (key["kty"], key["crv"], key["alg"], key["x"], key["kid"]) == (
        "OKP",
        "Ed25519",
        "EdDSA",
        told.public_key,
        told.id,
    )
    opened = any_house.open(any_house.share())
    assert jwt.get_unverified_header(opened["accessToken"])["kid"] == key["kid"]


def test_a_token_says_nothing_of_the_owner_or_the_nickname(house):
    opened = house.open(house.share())
    claims = jwt.decode(opened["accessToken"], options={"verify_signature": False})
    assert "anna" not in str(claims)
    assert "Shah" not in str(claims)
    assert sorted(claims["aud"]) == ["archiver", "exams", "sharing"]
