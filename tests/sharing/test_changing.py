"""What an owner changes acts at once on open sessions; who may see, change and end a share."""

from datetime import timedelta

import pytest

from contracts.access import AccessEnded
from contracts.audit import ActRecorded
from contracts.messages import ContactChanged
from contracts.sharing import ShareChanged, ShareEnded
from contracts.tokens import AccountGrants, ICodeGrants, StaffGrants
from tests.servers import NOON
from tests.sharing.conftest import ANNAS_VISIT, PASSWORD, an_exam, instant


def slug(answer):
    return answer.json["type"].rsplit("/", 1)[1]


def change(house, share, headers=None, status=200, **body):
    answer = house.client.patch(f"/shares/{share['id']}", json=body, headers=headers or house.anna())
    assert answer.status_code == status, answer.text
    return answer


def me(house, opened):
    return house.client.get("/me", headers={"Authorization": f"Bearer {opened['accessToken']}"}).status_code


def renew(house, opened):
    return house.client.post("/sessions/refresh", json={"refreshToken": opened["refreshToken"]})


@pytest.mark.parametrize("body", [{"mayDownload": False}, {"includeReport": True}, {"includeVisitSummary": True}])
def test_a_changed_permission_acts_at_once_and_refreshing_brings_it_S52(any_house, body):
    share = any_house.share()
    opened = any_house.open(share)
    assert change(any_house, share, **body).json["permissions"].items() >= body.items()
    assert me(any_house, opened) == 401
    renewed = renew(any_house, opened)
    assert renewed.status_code == 200
    assert me(any_house, renewed.json) == 200
    caller = any_house.client.application.extensions["verifier"].verify(renewed.json["accessToken"])
    assert caller.grants.model_dump(by_alias=True).items() >= body.items()
    (ended,) = any_house.told(AccessEnded)
    assert (ended.id, ended.version) == (f"share:{share['id']}", 2)


def test_a_new_password_ends_the_sessions_that_the_old_one_opened(any_house):
    share = any_house.share()
    opened = any_house.open(share)
    change(any_house, share, password="another password")
    assert me(any_house, opened) == 401
    assert (renew(any_house, opened).status_code, slug(renew(any_house, opened))) == (401, "session-over")
    assert any_house.told(AccessEnded)[-1].reason == "password-changed"
    any_house.open(share, PASSWORD, 401)
    any_house.open(share, "another password")


@pytest.mark.parametrize(("days", "status"), [(3, 401), (9, 200)])
def test_an_earlier_date_acts_on_open_sessions_and_a_later_one_leaves_them(house, days, status):
    share = house.share()
    opened = house.open(share)
    when = house.clock.now() + timedelta(days=days)
    assert instant(change(house, share, expiresAt=when.isoformat()).json["expiresAt"]) == when
    assert me(house, opened) == status
    assert renew(house, opened).status_code == 200


def test_a_new_nickname_leaves_sessions_alone_S49(house):
    share = house.share()
    opened = house.open(share)
    assert change(house, share, nickname="Mom").json["nickname"] == "Mom"
    assert me(house, opened) == 200
    assert house.told(AccessEnded) == []
    assert len(house.told(ShareChanged)) == 1


def test_what_is_given_as_it_was_changes_nothing_for_recipients(house):
    share = house.share()
    opened = house.open(share)
    change(house, share, mayDownload=True, includeReport=False)
    assert me(house, opened) == 200


def test_expire_now_refuses_the_recipients_very_next_request_O8(any_house):
    share = any_house.share(notifyEmail="anna@example.org")
    opened = any_house.open(share)
    assert me(any_house, opened) == 200
    assert any_house.client.delete(f"/shares/{share['id']}", headers=any_house.anna()).status_code == 204
    assert me(any_house, opened) == 401
    assert renew(any_house, opened).status_code == 401
    assert any_house.told(AccessEnded)[-1].id == f"share:{share['id']}"
    assert any_house.told(ShareEnded)[-1].reason == "ended-by-owner"
    assert any_house.told(ContactChanged)[-1].emails == []  # its address is forgotten
    assert any_house.client.delete(f"/shares/{share['id']}", headers=any_house.anna()).status_code == 204
    assert len(any_house.told(ShareEnded)) == 1


@pytest.mark.parametrize("how", ["ended", "expired"])
def test_what_has_ended_stays_ended(house, how):
    share = house.share()
    if how == "ended":
        house.client.delete(f"/shares/{share['id']}", headers=house.anna())
    else:
        house.clock.advance(timedelta(days=7))
    assert slug(change(house, share, status=410, expiresAt="2099-12-31")) == "share-over"


@pytest.mark.parametrize(
    "body",
    [
        {"nickname": ""},
        {"password": "short"},
        {"expiresAt": "2020-01-01"},
        {"mayDownload": "perhaps"},
        {"nickname": "a\nb"},
    ],
)
def test_a_change_is_checked_like_the_making_and_does_nothing_when_refused(house, body):
    share = house.share()
    opened = house.open(share)
    change(house, share, status=422, **body)
    assert me(house, opened) == 200
    assert house.client.get("/shares", headers=house.anna()).json["shares"][0]["nickname"] == "Dr. Shah"


def test_every_session_of_the_same_holder_sees_and_changes_a_share(house):
    code = house.token("icode:1", ANNAS_VISIT)
    share = house.share(code)
    other = house.identity.mint(
        holder="icode:1", session="another", version=1, grants=ICodeGrants(visit="visit-1", exams=["ct"]), now=NOON
    )[0]
    headers = {"Authorization": f"Bearer {other}"}
    assert [one["id"] for one in house.client.get("/shares", headers=headers).json["shares"]] == [share["id"]]
    change(house, share, headers, nickname="Mom")


def test_the_patients_account_sees_and_ends_a_share_made_by_a_code_and_does_not_change_it(any_house):
    share = any_house.share(any_house.token("icode:1", ANNAS_VISIT))
    assert share["madeBy"] == "icode"
    account = any_house.anna()
    assert [one["id"] for one in any_house.client.get("/shares", headers=account).json["shares"]] == [share["id"]]
    assert any_house.client.get(f"/shares/{share['id']}/accesses", headers=account).status_code == 200
    assert slug(change(any_house, share, account, 403, includeReport=True)) == "not-the-maker"
    assert any_house.client.delete(f"/shares/{share['id']}", headers=account).status_code == 204
    assert any_house.told(ShareEnded)[-1].id == share["id"]


@pytest.mark.parametrize(
    ("holder", "grants"),
    [
        ("account:bob", AccountGrants(patients=["bob"])),
        ("account:twin", AccountGrants(patients=["anna"])),  # another account never sees an account's shares
        ("icode:2", ANNAS_VISIT),
        ("icode:3", ICodeGrants(visit="visit-2")),
    ],
)
def test_anothers_share_is_as_one_that_does_not_exist(any_house, holder, grants):
    share = any_house.share()
    headers = any_house.token(holder, grants)
    assert any_house.client.get("/shares", headers=headers).json == {"shares": [], "next": None}
    for path in (f"/shares/{share['id']}", "/shares/0123456789abcdef0123456789abcdef", "/shares/%00"):
        answers = [
            any_house.client.patch(path, json={"nickname": "x"}, headers=headers),
            any_house.client.delete(path, headers=headers),
            any_house.client.get(f"{path}/accesses", headers=headers),
        ]
        assert [(answer.status_code, slug(answer)) for answer in answers] == [(404, "share-not-found")] * 3
    assert any_house.told(ShareEnded) == []


@pytest.mark.parametrize(("roles", "status"), [(["support"], 204), (["front-desk"], 403), (["operator"], 403)])
def test_support_ends_any_share(house, roles, status):
    share = house.share()
    opened = house.open(share)
    staff = house.token("staff:1", StaffGrants(roles=roles))
    assert house.client.delete(f"/staff/shares/{share['id']}", headers=staff).status_code == status
    assert me(house, opened) == (401 if status == 204 else 200)
    if status == 204:
        assert house.told(ShareEnded)[-1].reason == "ended-by-staff"
        assert any(act.actor == "staff:1" and act.action == "share.end" for act in house.told(ActRecorded))
        assert house.client.delete("/staff/shares/none", headers=staff).status_code == 404
    assert house.client.delete(f"/staff/shares/{share['id']}", headers=house.anna()).status_code == 403


def test_the_history_comes_in_pages_newest_first_O8(house):
    made = []
    for number in range(5):
        made.append(house.share(nickname=f"link {number}")["id"])
        house.clock.advance(timedelta(seconds=1))
    seen, cursor = [], None
    while True:
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = house.client.get("/shares", query_string=query, headers=house.anna()).json
        assert len(page["shares"]) <= 2
        seen += [share["id"] for share in page["shares"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == made[::-1]


def test_a_share_outlives_the_code_that_made_it(house):
    house.hear(an_exam("mri", version=2))
    share = house.share(house.token("icode:1", ANNAS_VISIT))
    house.hear(AccessEnded(id="icode:1", version=2, at=NOON, reason="reprinted"))
    assert house.client.get("/shares", headers=house.token("icode:1", ANNAS_VISIT)).status_code == 401
    house.open(share)
