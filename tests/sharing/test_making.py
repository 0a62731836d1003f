"""Making a share: what an owner must give, and what is kept."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from contracts.audit import ActRecorded
from contracts.exams import ExamChanged
from contracts.messages import ContactChanged
from contracts.sharing import ShareCreated
from contracts.tokens import AccountGrants, ICodeGrants, ShareGrants, StaffGrants, SystemGrants
from services.sharing.store.tables import ShareRow
from tests.servers import NOON
from tests.sharing.conftest import ANNAS_VISIT, PASSWORD, an_exam, instant

SECOND = timedelta(seconds=1)


def slug(answer):
    return answer["type"].rsplit("/", 1)[1]


def test_a_share_has_everything_that_its_owner_is_shown_S47_S49(any_house):
    share = any_house.share(notifyEmail="anna@example.org")
    assert share["nickname"] == "Dr. Shah"
    assert share["state"] == "active"
    assert share["madeBy"] == "account"
    assert share["examIds"] == ["mri"]
    assert share["permissions"] == {"mayDownload": True, "includeReport": False, "includeVisitSummary": False}
    assert share["opens"] == 0
    assert instant(share["createdAt"]) == NOON
    assert instant(share["expiresAt"]) == NOON + timedelta(days=7)
    assert share["url"].startswith("https://portal.example/s#")
    assert "password" not in share


@pytest.mark.parametrize("exams", [["mri"], ["mri", "ct", "x-ray"]])
def test_one_link_holds_one_exam_or_several_in_the_order_chosen_S48_S54(house, exams):
    house.hear(an_exam("x-ray"))
    assert house.share(examIds=exams)["examIds"] == exams
    assert house.told(ShareCreated)[-1].exams == exams


def test_an_exam_chosen_twice_is_shared_once_S48(house):
    assert house.share(examIds=["mri", "mri"])["examIds"] == ["mri"]


@pytest.mark.parametrize(
    ("nickname", "is_taken"),
    [("A", True), ("é" * 60, True), ("  Mom  ", True), ("A" * 61, False), ("", False), (" ", False),
     ("two\nlines", False), ("nul\x00", False), ("bell\x07", False), ("turned\u202etxt", False)],
)  # fmt: skip
def test_a_nickname_has_1_to_60_visible_characters_S49(house, nickname, is_taken):
    answer = house.share(nickname=nickname, status=201 if is_taken else 422)
    assert answer.get("nickname") == nickname.strip() if is_taken else slug(answer) == "nickname-malformed"


@pytest.mark.parametrize(
    ("password", "status"), [("", 422), ("1234567", 422), ("12345678", 201), ("x" * 128, 201), ("x" * 129, 422)]
)
def test_a_password_is_required_and_has_8_to_128_characters_S50(house, password, status):
    answer = house.share(password=password, status=status)
    if status == 422:
        assert (slug(answer), answer["errors"][0]["field"]) == ("password-length", "password")


def test_a_missing_password_is_named_S50(house):
    answer = house.client.post(
        "/shares",
        json={"examIds": ["mri"], "nickname": "x", "expiresAt": "2099-12-31", "phiAcknowledged": True},
        headers=house.anna(),
    )
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json["errors"]] == ["password"]


def test_the_password_is_kept_as_argon2id_alone_and_the_token_not_at_all_S50_S57(any_house):
    share = any_house.share()
    token = share["url"].split("#")[1]
    stored = any_house.everything_stored()
    assert PASSWORD not in stored
    assert token not in stored
    with any_house.service.db.read() as tx:
        assert tx.scalars(select(ShareRow.password_hash)).one().startswith("$argon2id$")


def test_the_link_is_the_same_whenever_it_is_shown_and_no_two_shares_have_the_same(house):
    one, two = house.share(), house.share()
    shown = house.client.get("/shares", headers=house.anna()).json["shares"]
    assert {share["url"] for share in shown} == {one["url"], two["url"]}
    assert house.client.get(f"/shares/{one['id']}", headers=house.anna()).json == one
    assert len(one["url"].split("#")[1]) * 6 >= 128


@pytest.mark.parametrize("date", ["2099-12-31", "2099-12-31T23:59:59Z", "9998-01-01"])
def test_any_far_date_is_accepted_S51(house, date):
    assert house.share(expiresAt=date)["expiresAt"].startswith((date[:4], str(int(date[:4]) + 1)))


def test_a_day_ends_when_it_is_over_at_the_site_S51(house):
    assert instant(house.share(expiresAt="2026-07-04")["expiresAt"]) == instant("2026-07-05T05:00:00Z")  # Houston, CDT


@pytest.mark.parametrize(
    ("date", "status"),
    [(NOON.isoformat(), 422), ((NOON + SECOND).isoformat(), 201), ("2026-03-01", 422), ("2026-03-02", 201),
     ("2020-01-01T00:00:00Z", 422), ("2026-03-09T12:00:00", 422), ("never", 422), ("9999-12-31", 422)],
)  # fmt: skip
def test_a_date_in_the_past_or_without_a_zone_is_refused_S51(house, date, status):
    house.share(expiresAt=date, status=status)


def test_download_is_permitted_at_first_and_can_be_unticked_S52_O7(house):
    body = {
        "examIds": ["mri"],
        "nickname": "x",
        "password": PASSWORD,
        "expiresAt": "2099-12-31",
        "phiAcknowledged": True,
    }
    answer = house.client.post("/shares", json=body, headers=house.anna())
    assert answer.json["permissions"] == {"mayDownload": True, "includeReport": False, "includeVisitSummary": False}
    assert house.share(mayDownload=False)["permissions"]["mayDownload"] is False


@pytest.mark.parametrize("ticked", [False, None])
def test_without_the_phi_box_nothing_is_made_S53(house, ticked):
    answer = house.share(phiAcknowledged=False if ticked is None else ticked, status=422)
    assert slug(answer) == "phi-not-acknowledged"
    assert house.told(ShareCreated) == []


def test_the_phi_box_is_recorded_with_time_and_user_S53(house):
    share = house.share()
    act = next(act for act in house.told(ActRecorded) if act.action == "share.create")
    assert (act.actor, act.phi_acknowledged, act.at) == ("account:anna", True, NOON)
    assert (act.object, act.patient_id) == (f"share:{share['id']}", "anna")


@pytest.mark.parametrize(
    ("status", "is_shared"),
    [("scheduled", False), ("arrived", True), ("in-progress", True), ("completed", True), ("cancelled", False)],
)
def test_an_exam_can_be_shared_once_past_scheduled_O6(house, status, is_shared):
    house.hear(an_exam("mri", ExamChanged, version=2, status=status))
    answer = house.share(status=201 if is_shared else 422)
    assert is_shared or slug(answer) == "exam-not-begun"


@pytest.fixture
def no_patience(monkeypatch):
    monkeypatch.setattr("services.sharing.api.shares.LOOK_AGAIN_FOR_S", 0)


@pytest.mark.usefixtures("no_patience")
@pytest.mark.parametrize(
    ("holder", "grants", "status"),
    [
        ("account:anna", AccountGrants(patients=["anna"]), 201),
        ("account:bob", AccountGrants(patients=["bob"]), 404),
        ("account:none", AccountGrants(patients=[]), 404),
        ("icode:1", ICodeGrants(visit="visit-1"), 201),
        ("icode:2", ICodeGrants(visit="visit-2"), 404),
        ("icode:3", ICodeGrants(visit="visit-1", exams=["ct"]), 404),
        ("icode:4", ICodeGrants(visit="visit-1", exams=["mri"]), 201),
    ],
)
def test_only_the_owners_own_exams_can_be_shared_S11(any_house, holder, grants, status):
    any_house.share(any_house.token(holder, grants), status=status)


@pytest.mark.usefixtures("no_patience")
def test_anothers_exam_and_one_that_does_not_exist_are_refused_alike_S11(house):
    house.hear(an_exam("bobs", patient_id="bob", visit_id="visit-9"))
    one, other = house.share(examIds=["mri", "bobs"], status=404), house.share(examIds=["mri", "none"], status=404)
    assert one == other


def test_an_exam_that_is_not_known_yet_is_looked_for_again(house):
    import threading

    late = threading.Timer(0.3, lambda: house.hear(an_exam("late")))
    late.start()
    assert house.share(examIds=["late"])["examIds"] == ["late"]
    late.join()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/shares"),
        ("GET", "/shares"),
        ("GET", "/shares/x"),
        ("PATCH", "/shares/x"),
        ("DELETE", "/shares/x"),
        ("GET", "/shares/x/accesses"),
    ],
)
def test_recipients_and_staff_are_refused_every_call_about_shares(house, method, path):
    share = house.share()
    body = (
        {"examIds": ["mri"], "nickname": "x", "password": PASSWORD, "expiresAt": "2099-12-31"}
        if method == "POST"
        else {}
    )
    recipient = {"Authorization": f"Bearer {house.open(share)['accessToken']}"}
    staff = house.token("staff:1", StaffGrants(roles=["support"]))
    for headers in (recipient, staff):
        assert house.client.open(path, method=method, json=body, headers=headers).status_code == 403
    assert house.client.open(path, method=method, json=body).status_code == 401


def test_a_token_that_identity_would_mint_for_a_share_is_refused(house):
    forged = house.token(
        "share:1", ShareGrants(exams=["mri"], may_download=True, include_report=True, include_visit_summary=True)
    )
    assert house.client.get("/me", headers=forged).status_code == 401
    system = house.token("system:ris", SystemGrants(scopes=["images.read"]))
    assert house.client.get("/shares", headers=system).status_code == 401


def test_an_address_left_with_the_share_goes_to_the_notifier_alone_O5(any_house):
    headers = any_house.token("icode:1", ANNAS_VISIT) | {"Accept-Language": "es-MX,es;q=0.9"}
    share = any_house.share(headers, notifyEmail=" anna@example.org ", notifyPhone="+1 800 555 0123")
    (contact,) = any_house.told(ContactChanged)
    assert (contact.about.kind, contact.about.id) == ("share", share["id"])
    assert (contact.emails, contact.phone, contact.language) == (["anna@example.org"], "+1 800 555 0123", "es")
    with any_house.service.db.read() as tx:
        assert "anna@example.org" not in str(vars(tx.scalars(select(ShareRow)).one()))


@pytest.mark.parametrize(
    "address",
    ["", "anna", "a@b", "a@b.c\nBcc: x@y.org", "a b@example.org", "a@example.org,b@example.org", "é@example.org"],
)
def test_what_is_no_address_is_refused_by_its_field(house, address):
    answer = house.share(notifyEmail=address, status=422)
    assert [error["field"] for error in answer["errors"]] == ["notifyEmail"]


def test_the_same_idempotency_key_gives_the_same_share(house):
    headers = house.anna() | {"Idempotency-Key": "once"}
    body = {"expiresAt": "2099-12-31"}
    assert house.share(headers, **body) == house.share(headers, **body)
    assert len(house.client.get("/shares", headers=house.anna()).json["shares"]) == 1


def test_a_refusal_never_echoes_what_was_sent(house):
    answer = house.client.post("/shares", json={"password": "my secret", "nickname": 5}, headers=house.anna())
    assert answer.status_code == 422
    assert "my secret" not in answer.text


def test_a_share_of_a_minors_code_ends_on_the_18th_birthday_S64(house):
    birthday = NOON + timedelta(days=3)
    minor = house.token("icode:9", ICodeGrants(visit="visit-1", adult_at=birthday))
    share = house.share(minor, expiresAt="2099-12-31")
    assert instant(share["expiresAt"]) == birthday
    later = house.client.patch(f"/shares/{share['id']}", json={"expiresAt": "2099-12-31"}, headers=minor).json
    assert instant(later["expiresAt"]) == birthday
    earlier = house.share(minor, expiresAt=(NOON + timedelta(days=2)).isoformat())
    assert instant(earlier["expiresAt"]) == NOON + timedelta(days=2)
