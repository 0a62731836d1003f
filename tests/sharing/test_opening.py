"""The recipient's password: what it opens, what the owner is told of it, what is never said."""

from datetime import timedelta

import pytest

from contracts.audit import ActRecorded
from contracts.sharing import ShareEnded, ShareOpened
from services.chassis.audit import canonical
from tests.sharing.conftest import PASSWORD, instant

SECOND = timedelta(seconds=1)
UNKNOWN = "A" * 32


def slug(answer):
    return answer["type"].rsplit("/", 1)[1]


def test_the_right_password_opens_exactly_what_was_shared_S58_S59(any_house):
    share = any_house.share(examIds=["mri", "ct"], includeReport=True, mayDownload=False)
    opened = any_house.open(share)
    assert opened["expiresIn"] == 120
    assert opened["refreshToken"].startswith("rs_")
    assert opened["viewer"]["kind"] == "share"
    assert opened["viewer"]["exams"] == 2
    caller = any_house.client.application.extensions["verifier"].verify(opened["accessToken"])
    assert caller.holder == f"share:{share['id']}"
    assert caller.grants.exams == ["mri", "ct"]
    assert (caller.grants.may_download, caller.grants.include_report, caller.grants.include_visit_summary) == (
        False,
        True,
        False,
    )


def test_a_recipient_needs_no_account_and_sees_what_is_permitted_O9(house):
    headers = {"Authorization": f"Bearer {house.open(house.share())['accessToken']}"}
    me = house.client.get("/me", headers=headers).json
    assert me["kind"] == "share"
    assert (me["name"], me["language"], me["exams"]) == (None, None, 1)
    assert me["share"]["mayDownload"] is True
    assert me["share"]["sharedBy"] is None
    assert instant(me["share"]["expiresAt"]) == house.clock.now() + timedelta(days=7)


def test_nothing_is_said_before_the_password_S58(house):
    known, unknown = house.open(house.share(), "wrong password", 401), house.open(UNKNOWN, "wrong password", 401)
    assert known == unknown
    assert slug(known) == "share-refused"


@pytest.mark.parametrize("how", ["ended", "expired"])
def test_a_closed_link_says_so_to_the_right_password_alone(house, how):
    share = house.share()
    if how == "ended":
        assert house.client.delete(f"/shares/{share['id']}", headers=house.anna()).status_code == 204
    else:
        house.clock.advance(timedelta(days=7))
    assert slug(house.open(share, "wrong password", 401)) == "share-refused"
    assert slug(house.open(share, PASSWORD, 410)) == "share-closed"


@pytest.mark.parametrize(("after", "status"), [(timedelta(days=7) - SECOND, 201), (timedelta(days=7), 410)])
def test_a_link_opens_until_its_date_S51(house, after, status):
    share = house.share()
    house.clock.advance(after)
    opened = house.open(share, PASSWORD, status)
    if status == 201:
        assert opened["expiresIn"] == 1  # no token outlives its share


def test_each_opening_is_told_and_shown_to_the_owner_O5_O8(any_house):
    share = any_house.share()
    agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X)"
    token = share["url"].split("#")[1]
    headers = {"User-Agent": agent, "X-Client-Address": "198.51.100.77"}
    body = {"token": token, "password": PASSWORD, "name": " Dr. R. Shah "}
    any_house.client.post("/share-sessions", json=body, headers=headers)
    any_house.clock.advance(SECOND)
    any_house.client.post(
        "/share-sessions", json=body | {"name": None}, headers={"X-Client-Address": "2001:db8:85a3::1"}
    )
    accesses = any_house.client.get(f"/shares/{share['id']}/accesses", headers=any_house.anna()).json["accesses"]
    assert [(access["name"], access["device"], access["address"]) for access in accesses] == [
        (None, "Unknown device", "2001:0db8:85a3:…"),
        ("Dr. R. Shah", "iPhone", "198.51.100.…"),
    ]
    headers = any_house.anna() | {"Accept-Language": "es"}
    spanish = any_house.client.get(f"/shares/{share['id']}/accesses", headers=headers).json["accesses"]
    assert [access["device"] for access in spanish] == ["Dispositivo desconocido", "iPhone"]
    assert [event.opens for event in any_house.told(ShareOpened)] == [1, 2]
    assert any_house.client.get("/shares", headers=any_house.anna()).json["shares"][0]["opens"] == 2


def test_a_wrong_password_is_no_opening_O5(house):
    share = house.share()
    house.open(share, "wrong password", 401)
    assert house.told(ShareOpened) == []
    assert house.client.get(f"/shares/{share['id']}/accesses", headers=house.anna()).json == {"accesses": []}


@pytest.mark.parametrize("name", ["x" * 61, "two\nlines", "nul\x00"])
def test_a_name_with_invisible_characters_is_refused_and_costs_no_try(house, name):
    share = house.share()
    assert slug(house.open(share, PASSWORD, 422, name=name)) == "name-malformed"
    assert house.open(share, "wrong password", 401)["remainingAttempts"] == 9


def test_a_script_typed_as_a_name_is_given_back_as_it_was_typed(house):
    share = house.share()
    house.open(share, name="<script>alert(1)</script>")
    answer = house.client.get(f"/shares/{share['id']}/accesses", headers=house.anna())
    assert answer.content_type == "application/json"
    assert answer.json["accesses"][0]["name"] == "<script>alert(1)</script>"


def test_a_password_is_the_same_however_its_accents_are_typed(house):
    share = house.share(password="caf\u00e9 caf\u00e9")
    house.open(share, "cafe\u0301 cafe\u0301")


def test_an_expired_share_is_ended_by_the_sweep_within_its_next_turn(any_house):
    share = any_house.share()
    sweep = next(chore for chore in any_house.service.chores if chore.name == "expire-shares")
    assert sweep.every_s <= 1
    any_house.clock.advance(timedelta(days=7) - SECOND)
    sweep_now(any_house)
    assert any_house.told(ShareEnded) == []
    any_house.clock.advance(SECOND)
    for _ in range(2):
        sweep_now(any_house)
    (ended,) = any_house.told(ShareEnded)
    assert (ended.id, ended.reason) == (share["id"], "expired")
    (shown,) = any_house.client.get("/shares", headers=any_house.anna()).json["shares"]
    assert shown["state"] == "expired"


def sweep_now(house):
    from services.sharing.usecases.shares import sweep

    with house.service.db.begin() as tx:
        sweep(tx, house.clock.now())


def test_no_log_holds_a_token_password_name_or_address(house, logs):
    read = logs()
    share = house.share(notifyEmail="anna@example.org")
    house.open(share, "wrong password", 401, name="Dr. R. Shah")
    opened = house.open(share, name="Dr. R. Shah")
    logged = read()
    secrets = [share["url"].split("#")[1], PASSWORD, "wrong password", "Dr. R. Shah", "Dr. Shah", "anna@example.org"]
    secrets += [opened["accessToken"], opened["refreshToken"], "127.0.0.1"]
    assert [secret for secret in secrets if secret in logged] == []


def test_the_name_and_the_kind_of_device_go_to_the_audit_beside_the_chained_text_O8(house):
    share = house.share()
    body = {"token": share["url"].split("#")[1], "password": PASSWORD, "name": "Dr. Grey"}
    house.client.post("/share-sessions", json=body, headers={"User-Agent": "Mozilla/5.0 (Macintosh)"})
    house.open(share)
    named, nameless = (act for act in house.told(ActRecorded) if act.action == "share.open")
    assert (named.person, named.device, nameless.person) == ("Dr. Grey", "Mac", None)
    assert "Dr. Grey" not in canonical(named)
