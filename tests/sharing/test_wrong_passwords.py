"""How wrong passwords count, on known links and unknown ones, one after the other and all at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from contracts.audit import ActRecorded
from contracts.sharing import ShareLocked, ShareOpened
from services.sharing.domain.tries import wait_after
from services.sharing.usecases.opening import FORGET_UNKNOWN_AFTER, forget_unknown
from tests.sharing.conftest import PASSWORD

SECOND = timedelta(seconds=1)
UNKNOWN = "A" * 32


def slug(answer):
    return answer["type"].rsplit("/", 1)[1]


def wrong(house, share, times):
    """Give *times* wrong passwords, waiting as told; the last answer."""
    answer = None
    for _ in range(times):
        answer = house.open(share, "wrong password", 401)
        house.clock.advance(timedelta(seconds=16))
    return answer


@pytest.mark.parametrize("kind", ["active", "unknown", "ended", "expired", "locked"])
def test_every_link_counts_wrong_passwords_down_alike(any_house, kind):
    share = any_house.share()
    token = share["url"].split("#")[1]
    if kind == "unknown":
        token = UNKNOWN
    if kind == "ended":
        any_house.client.delete(f"/shares/{share['id']}", headers=any_house.anna())
    if kind == "expired":
        any_house.clock.advance(timedelta(days=8))
    left = [any_house.open(token, "wrong password", 401)["remainingAttempts"] for _ in range(3)]
    answer = any_house.client.post("/share-sessions", json={"token": token, "password": PASSWORD})
    assert (answer.status_code, answer.headers["Retry-After"], slug(answer.json)) == (429, "1", "try-later")
    any_house.clock.advance(16 * SECOND)
    for _ in range(8):
        left.append(any_house.open(token, "wrong password", 401)["remainingAttempts"])
        any_house.clock.advance(16 * SECOND)
    assert left == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0]


def test_the_next_try_waits_longer_each_time_after_the_third():
    assert [wait_after(count).total_seconds() for count in range(11)] == [0, 0, 0, 1, 2, 4, 8, 16, 16, 16, 16]


def test_a_try_before_its_time_is_not_counted_and_the_right_password_waits_too(house):
    share = house.share()
    for _ in range(3):
        house.open(share, "wrong password", 401)
    for _ in range(5):
        house.open(share, "wrong password", 429)
    house.open(share, PASSWORD, 429)
    house.clock.advance(SECOND - timedelta(microseconds=1))
    house.open(share, PASSWORD, 429)
    house.clock.advance(timedelta(microseconds=1))
    assert house.open(share, "wrong password", 401)["remainingAttempts"] == 6


def test_the_tenth_wrong_password_in_a_links_life_locks_it_and_the_ninth_does_not(any_house):
    share = any_house.share()
    wrong(any_house, share, 9)
    any_house.open(share)  # right ones do not count, and give no tries back
    assert any_house.told(ShareLocked) == []
    any_house.open(share, "wrong password", 401)
    any_house.clock.advance(16 * SECOND)
    (locked,) = any_house.told(ShareLocked)
    assert locked.id == share["id"]
    answer = any_house.open(share, PASSWORD, 410)
    assert slug(answer) == "share-closed"
    (shown,) = any_house.client.get("/shares", headers=any_house.anna()).json["shares"]
    assert shown["state"] == "locked"


def test_sessions_already_open_go_on_when_the_link_locks(house):
    share = house.share()
    opened = house.open(share)
    wrong(house, share, 10)
    answer = house.client.post("/sessions/refresh", json={"refreshToken": opened["refreshToken"]})
    assert answer.status_code == 200


def test_a_new_password_opens_a_locked_link_again_with_ten_tries(house):
    share = house.share()
    wrong(house, share, 10)
    house.client.patch(f"/shares/{share['id']}", json={"password": "another password"}, headers=house.anna())
    assert house.open(share, PASSWORD, 401)["remainingAttempts"] == 9
    house.open(share, "another password")


def test_parallel_wrong_passwords_are_never_counted_through(any_house):
    share = any_house.share()
    token = share["url"].split("#")[1]
    app = any_house.client.application

    def guess(number):
        body = {"token": token, "password": f"guess number {number}"}
        return app.test_client().post("/share-sessions", json=body).status_code

    answers = []
    for _ in range(12):  # more rounds than there are tries
        with ThreadPoolExecutor(50) as pool:
            answers += pool.map(guess, range(50 if not answers else 4))
        any_house.clock.advance(16 * SECOND)
    looked_at = [answer for answer in answers if answer == 401]
    assert set(answers) <= {401, 429}
    assert answers[:50].count(401) == 3  # then all others had to wait
    assert len(any_house.told(ShareLocked)) == 1
    refused = [act for act in any_house.told(ActRecorded) if act.slug == "share-refused"]
    assert len(refused) == len(looked_at)
    assert any_house.open(share, PASSWORD, 410)


def test_many_recipients_at_once_get_in_and_use_up_no_tries(any_house):
    share = any_house.share()
    token = share["url"].split("#")[1]
    app = any_house.client.application

    def open_it(_):
        body = {"token": token, "password": PASSWORD}
        while True:
            status = app.test_client().post("/share-sessions", json=body).status_code
            if status != 429:
                return status

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(open_it, range(18))) == {201}
    assert any_house.open(share, "wrong password", 401)["remainingAttempts"] == 9
    assert any_house.told(ShareOpened)[-1].opens == 18


@pytest.mark.parametrize("token", ["", "x", "\x00", "é" * 40, "../../etc", "'; drop table share; --"])
def test_a_malformed_link_is_answered_as_an_unknown_one(any_house, token):
    assert any_house.open(token, "wrong password", 401)["remainingAttempts"] == 9


def test_a_try_that_died_in_its_midst_is_used_up(house, monkeypatch):
    share = house.share()
    wrong(house, share, 9)
    monkeypatch.setattr(type(house.service.parts.hasher), "is_right", lambda *_: 1 / 0)
    house.open(share, PASSWORD, 500)
    monkeypatch.undo()
    house.clock.advance(16 * SECOND)
    assert slug(house.open(share, PASSWORD, 410)) == "share-closed"
    assert len(house.told(ShareLocked)) == 1


def test_a_password_that_was_changed_while_it_was_looked_at_opens_nothing(house, monkeypatch):
    share = house.share()
    hasher = type(house.service.parts.hasher)
    real = hasher.is_right

    def change_meanwhile(self, kept, secret):
        monkeypatch.setattr(hasher, "is_right", real)
        house.client.patch(f"/shares/{share['id']}", json={"password": "another password"}, headers=house.anna())
        return real(self, kept, secret)

    monkeypatch.setattr(hasher, "is_right", change_meanwhile)
    house.open(share, PASSWORD, 401)
    assert house.told(ShareOpened) == []


def test_tries_at_unknown_links_are_forgotten_after_a_month_and_those_at_known_ones_never(house):
    share = house.share(expiresAt="2099-12-31")
    house.open(share, "wrong password", 401)
    house.open(UNKNOWN, "wrong password", 401)
    house.clock.advance(FORGET_UNKNOWN_AFTER + SECOND)
    with house.service.db.begin() as tx:
        forget_unknown(tx, house.clock.now())
    assert house.open(UNKNOWN, "wrong password", 401)["remainingAttempts"] == 9
    assert house.open(share, "wrong password", 401)["remainingAttempts"] == 8
