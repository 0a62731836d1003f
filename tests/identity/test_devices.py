"""The devices of an account: listing them, ending one, and a word to the owner of a new one."""

from datetime import timedelta

import pytest

from contracts.access import AccessEnded
from contracts.messages import MessageRequested
from services.chassis.addresses import shorten_address
from services.identity.usecases.tidying import tidy
from tests.identity.conftest import a_patient
from tests.identity.registering import slug

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Mobile Safari/604.1"


def come_in(house, agent=FIREFOX, address="203.0.113.77", device="", **more):
    headers = {"User-Agent": agent, "X-Client-Address": address} | ({"X-Portal-Device": device} if device else {})
    return house.log_in(headers=headers, **more)


def devices(house, token):
    return house.call("GET", "/me/devices", 200, token)["devices"]


def letters(house):
    return [one.about.id for one in house.told(MessageRequested) if one.template == "new-login"]


def test_each_log_in_is_listed_newest_first_with_kind_of_device_and_shortened_address(any_house, clock):
    any_house.open_account()
    there = come_in(any_house, SAFARI, "2001:db8:1:2:3:4:5:6")
    clock.advance(timedelta(minutes=1))
    here = come_in(any_house)["accessToken"]
    first, second = devices(any_house, here)
    assert (first["device"], first["address"], first["current"]) == ("Firefox, Windows", "203.0.113.…", True)
    assert (second["device"], second["address"], second["current"]) == ("Safari, iPhone", "2001:0db8:0001:…", False)
    assert second["beganAt"] < first["beganAt"]
    clock.advance(timedelta(minutes=2))
    any_house.call("POST", "/sessions/refresh", 200, json={"refreshToken": there["refreshToken"]})
    assert devices(any_house, here)[1]["lastUsedAt"] == "2026-03-02T12:03:00Z"


def test_a_device_that_nobody_knows_is_told_in_the_readers_language(any_house):
    any_house.open_account()
    token = come_in(any_house, agent="")["accessToken"]
    for path in ("/me/devices", "/me/export"):
        for language, words in (("en", "Unknown device"), ("es", "Dispositivo desconocido")):
            answer = any_house.call("GET", path, 200, token, headers={"Accept-Language": language})
            assert [one["device"] for one in answer["devices"]] == [words]


def test_one_device_is_logged_out_at_once_and_the_others_stay(any_house):
    any_house.open_account()
    here, there = come_in(any_house), come_in(any_house, SAFARI)
    (other,) = [one["id"] for one in devices(any_house, here["accessToken"]) if not one["current"]]
    any_house.call("DELETE", f"/me/devices/{other}", 204, here["accessToken"])
    any_house.call("GET", "/me", 401, there["accessToken"])
    any_house.call("POST", "/sessions/refresh", 401, json={"refreshToken": there["refreshToken"]})
    assert [one["current"] for one in devices(any_house, here["accessToken"])] == [True]
    assert any_house.told(AccessEnded)[-1].id == f"session:{other}"
    any_house.call("DELETE", f"/me/devices/{other}", 404, here["accessToken"])


def test_nobody_sees_or_ends_anothers_device(house):
    house.hear(a_patient("bert"))
    house.open_account()
    house.open_account("bert", ("bert",))
    annas, berts = come_in(house)["accessToken"], come_in(house, user_id="bert")["accessToken"]
    (device,) = devices(house, annas)
    refused = house.call("DELETE", f"/me/devices/{device['id']}", 404, berts)
    assert slug(refused) == "device-not-found"
    assert refused == house.call("DELETE", f"/me/devices/{'f' * 32}", 404, berts)
    assert device["id"] not in {one["id"] for one in devices(house, berts)}


def test_only_an_account_has_devices(house):
    icode = house.enter(house.issue()["icode"])["accessToken"]
    for method, path in (("GET", "/me/devices"), ("DELETE", "/me/devices/x")):
        house.call(method, path, 401)
        for token in (icode, house.desk()):
            house.call(method, path, 403, token)


def test_sessions_that_are_over_are_not_listed(house, clock):
    house.open_account()
    web = house.log_in(headers={"X-Portal-Web": "1"})
    house.log_in()
    house.call("DELETE", "/sessions/current", 204, house.log_in()["accessToken"])
    assert len(devices(house, web["accessToken"])) == 2
    clock.advance(timedelta(minutes=20))
    assert len(devices(house, house.log_in()["accessToken"])) == 2


def test_logging_out_everywhere_leaves_no_device(house):
    house.open_account()
    come_in(house)
    house.call("DELETE", "/sessions", 204, come_in(house, SAFARI)["accessToken"])
    assert len(devices(house, come_in(house)["accessToken"])) == 1


def test_the_owner_is_told_of_a_new_device_but_not_of_the_first_or_a_known_one(any_house, clock):
    account = any_house.open_account()
    come_in(any_house)
    come_in(any_house, address="203.0.113.8")
    assert letters(any_house) == []
    come_in(any_house, SAFARI)
    come_in(any_house, SAFARI)
    assert letters(any_house) == [f"account:{account}"]
    come_in(any_house, address="198.51.100.1")
    assert len(letters(any_house)) == 2


def test_a_device_that_bears_a_name_is_known_wherever_it_is(house):
    house.open_account()
    come_in(house, device="cookie-1")
    come_in(house, SAFARI, "198.51.100.1", device="cookie-1")
    assert letters(house) == []
    come_in(house, device="cookie-2")
    assert len(letters(house)) == 1


def test_a_device_not_seen_for_half_a_year_is_new_again(house, clock):
    house.open_account()
    come_in(house)
    come_in(house, SAFARI)
    for after, told in ((timedelta(days=179), 1), (timedelta(days=181), 2)):
        clock.advance(after)
        with house.parts.db.begin() as tx:
            tidy(tx, clock.now())
        come_in(house)
        come_in(house, SAFARI)
        assert len(letters(house)) == told


def test_neither_address_nor_browser_stands_in_the_devices_in_full(house):
    house.open_account()
    token = come_in(house)["accessToken"]
    listed = str(devices(house, token))
    assert "203.0.113.77" not in listed
    assert "Gecko" not in listed


@pytest.mark.parametrize(
    ("address", "shown"),
    [("203.0.113.77", "203.0.113.…"), ("::1", "0000:0000:0000:…"), (None, None), ("", None), ("nonsense", None)],
)
def test_an_address_is_shortened(address, shown):
    assert shorten_address(address) == shown
