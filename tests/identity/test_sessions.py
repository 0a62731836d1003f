"""Logging in with an account, refreshing, logging out, and the keys that tokens are verified with."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from contracts.access import AccessEnded, SigningKeyPublished
from contracts.identity import AccountOpened
from contracts.messages import ContactChanged
from contracts.tokens import AccountGrants
from services.chassis.auth import Unauthenticated
from services.identity.domain.accounts import UserIdTaken
from services.identity.store.accounts import find_account
from services.identity.usecases.accounts import NewAccount, open_account
from tests.identity.conftest import PASSWORD, a_patient, a_visit, an_exam
from tests.servers import NOON

SECOND = timedelta(seconds=1)
WEB = {"X-Portal-Web": "1"}


def refresh(house, token, status=200):
    return house.call("POST", "/sessions/refresh", status, json={"refreshToken": token})


def test_an_account_shows_all_visits_of_its_patients_S13(any_house):
    any_house.hear(a_visit("visit-2"), an_exam("us", visit_id="visit-2"))
    any_house.hear(a_patient("bert"), an_exam("berts", patient_id="bert", visit_id="visit-3"))
    account = any_house.open_account()
    came_in = any_house.log_in()
    claims = any_house.claims(came_in["accessToken"])
    assert (claims.sub, claims.grants) == (f"account:{account}", AccountGrants(patients=["anna"]))
    me = any_house.call("GET", "/me", 200, came_in["accessToken"])
    assert (me["kind"], me["userId"], me["name"], me["exams"]) == ("account", "anna80", "Anna Doe", 3)


def test_opening_an_account_is_told_with_its_contact(house):
    account = house.open_account()
    assert [(event.id, event.patient_ids) for event in house.told(AccountOpened)] == [(account, ["anna"])]
    contact = house.told(ContactChanged)[-1]
    assert (contact.about.kind, contact.about.id, contact.emails) == (
        "holder", f"account:{account}", ["anna80@example.org"],
    )  # fmt: skip


@pytest.mark.parametrize("taken", ["anna80", "ANNA80", "ａnna80"])
def test_a_user_id_is_had_by_one_alone_S20(any_house, taken):
    any_house.open_account()
    with pytest.raises(UserIdTaken):
        any_house.open_account(taken)


def test_wrong_password_unknown_user_and_nonsense_are_refused_alike(house):
    house.open_account()
    tries = [("anna80", "a wrong but long password"), ("nobody", PASSWORD), ("\r\nSet-Cookie: x", PASSWORD), ("", "")]
    answers = [house.log_in(user_id, password, 401) for user_id, password in tries]
    assert all(answer == answers[0] for answer in answers)
    assert answers[0]["type"].endswith("wrong-credentials")


@pytest.mark.parametrize("user_id", ["anna80", "nobody"])
def test_after_five_wrong_passwords_the_next_try_waits_whether_the_user_exists_or_not(house, clock, user_id):
    house.open_account()
    for _ in range(5):
        house.log_in(user_id, "a wrong but long password", 401)
    answer = house.client.post("/sessions", json={"userId": user_id, "password": PASSWORD})
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")
    clock.advance(SECOND)
    house.log_in(user_id, PASSWORD, 201 if user_id == "anna80" else 401)


def test_after_twenty_wrong_passwords_the_passwords_way_is_closed(house, clock):
    house.open_account()
    for _ in range(20):
        house.log_in(password="a wrong but long password", status=401)
        clock.advance(timedelta(hours=1))
    clock.advance(timedelta(days=3))
    house.log_in(status=429)


def test_parallel_wrong_passwords_are_never_looked_at_beyond_the_limit(any_house):
    any_house.open_account()
    app = any_house.client.application

    def log_in(number: int) -> int:
        body = {"userId": "anna80", "password": f"wrong but long {number}"}
        return app.test_client().post("/sessions", json=body).status_code

    with ThreadPoolExecutor(50) as pool:
        statuses = list(pool.map(log_in, range(50)))
    assert sorted(statuses) == [401] * 5 + [429] * 45


@pytest.mark.parametrize("password", ["x" * 1_000_000, "x" * 1001])
def test_a_password_of_a_megabyte_is_refused_before_any_work(house, password):
    house.open_account()
    answer = house.client.post("/sessions", json={"userId": "anna80", "password": password})
    assert answer.status_code in {413, 422}
    assert "xxx" not in answer.text


def test_a_password_is_right_in_every_unicode_form(house):
    ask = NewAccount("zoe", "zoe@example.org", house.parts.hasher.hash("caf\u00e9 caf\u00e9 caf\u00e9!"))
    with house.parts.db.begin() as tx:
        open_account(tx, ask, ["anna"], NOON)
    house.log_in("zoe", "cafe\u0301 cafe\u0301 cafe\u0301!")


@pytest.mark.parametrize("mark", ["frozen_at", "closed_at"])
def test_a_frozen_or_closed_account_gets_nobody_in_and_says_nothing_of_it(house, mark):
    account = house.open_account()
    came_in = house.log_in()
    with house.parts.db.begin() as tx:
        setattr(find_account(tx, account), mark, NOON)
    assert house.log_in(status=401)["type"].endswith("wrong-credentials")
    refresh(house, came_in["refreshToken"], 401)


# --- refreshing -----------------------------------------------------------------------------------------------------


def test_a_refresh_token_gives_a_new_pair_and_the_one_just_replaced_the_same_for_30_seconds(any_house, clock):
    any_house.open_account()
    first = any_house.log_in()["refreshToken"]
    second = refresh(any_house, first)
    assert second["viewer"]["kind"] == "account"
    assert second["refreshToken"].startswith("ri_")
    assert second["refreshToken"] != first
    clock.advance(30 * SECOND - timedelta(microseconds=1))
    assert refresh(any_house, first)["refreshToken"] == second["refreshToken"]


def test_an_older_refresh_token_ends_the_session_and_its_access_tokens_at_once(any_house, clock):
    any_house.open_account()
    first = any_house.log_in()["refreshToken"]
    second = refresh(any_house, first)
    clock.advance(30 * SECOND)
    refresh(any_house, first, 401)
    refresh(any_house, second["refreshToken"], 401)
    any_house.call("GET", "/me", 401, second["accessToken"])
    (ended,) = any_house.told(AccessEnded)
    assert ended.id.startswith("session:")
    assert ended.reason == "refresh-token-reused"


@pytest.mark.parametrize("token", ["", "ri_", "ri_unknown", "rs_unknown", "x" * 200, "ri_\x00"])
def test_an_unknown_refresh_token_gives_nothing(house, token):
    assert refresh(house, token, 401)["type"].endswith("session-over")


@pytest.mark.parametrize(
    ("headers", "idle"), [(WEB, timedelta(minutes=20)), ({}, timedelta(hours=24))], ids=["web", "app"]
)
def test_a_session_ends_when_idle_15_minutes_on_the_web_24_hours_in_an_app(house, clock, headers, idle):
    house.open_account()
    token = house.log_in(headers=headers)["refreshToken"]
    clock.advance(idle - SECOND)
    token = refresh(house, token)["refreshToken"]
    clock.advance(idle)
    refresh(house, token, 401)


def test_a_web_session_ends_after_12_hours_however_busy(house, clock):
    house.open_account()
    token = house.log_in(headers=WEB)["refreshToken"]
    while clock.now() < NOON + timedelta(hours=11, minutes=50):
        clock.advance(timedelta(minutes=10))
        token = refresh(house, token)["refreshToken"]
    clock.move_to(NOON + timedelta(hours=12))
    refresh(house, token, 401)


@pytest.mark.parametrize(("days", "status"), [(timedelta(days=30) - SECOND, 200), (timedelta(days=30), 401)])
def test_an_apps_session_ends_after_30_days_however_busy(house, clock, days, status):
    house.open_account()
    token = house.log_in()["refreshToken"]
    while clock.now() < NOON + timedelta(days=29, hours=12):
        clock.advance(timedelta(hours=12))
        token = refresh(house, token)["refreshToken"]
    clock.move_to(NOON + days)
    refresh(house, token, status)


def test_no_access_token_outlives_its_session(house, clock):
    house.open_account()
    token = house.log_in(headers=WEB)["refreshToken"]
    while clock.now() < NOON + timedelta(hours=11, minutes=50):
        clock.advance(timedelta(minutes=10))
        token = refresh(house, token)["refreshToken"]
    clock.move_to(NOON + timedelta(hours=12) - 2 * SECOND)
    pair = refresh(house, token)
    assert pair["expiresIn"] == 2
    clock.advance(2 * SECOND)
    house.call("GET", "/me", 401, pair["accessToken"])


@pytest.mark.parametrize("headers", [WEB, {}], ids=["web", "app"])
@pytest.mark.parametrize(("after", "status"), [(timedelta(hours=12) - SECOND, 200), (timedelta(hours=12), 401)])
def test_an_icodes_session_ends_after_12_hours_in_both(house, clock, headers, after, status):
    came_in = house.call("POST", "/icode-sessions", 201, json={"icode": house.issue()["icode"]}, headers=headers)
    clock.advance(after)
    refresh(house, came_in["refreshToken"], status)


def test_a_refresh_that_comes_twice_at_once_gives_one_successor(any_house):
    any_house.open_account()
    first = any_house.log_in()["refreshToken"]
    app = any_house.client.application

    def ask(_: int) -> str:
        return app.test_client().post("/sessions/refresh", json={"refreshToken": first}).json["refreshToken"]

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(ask, range(6)))) == 1


# --- logging out ----------------------------------------------------------------------------------------------------


def test_logging_out_ends_this_session_alone(any_house):
    any_house.open_account()
    here, there = any_house.log_in(), any_house.log_in()
    any_house.call("DELETE", "/sessions/current", 204, here["accessToken"])
    any_house.call("GET", "/me", 401, here["accessToken"])
    refresh(any_house, here["refreshToken"], 401)
    any_house.call("GET", "/me", 200, there["accessToken"])
    refresh(any_house, there["refreshToken"])


def test_logging_out_everywhere_ends_every_session_and_a_new_one_can_begin(any_house):
    account = any_house.open_account()
    here, there = any_house.log_in(), any_house.log_in()
    any_house.call("DELETE", "/sessions", 204, here["accessToken"])
    for one in (here, there):
        any_house.call("GET", "/me", 401, one["accessToken"])
        refresh(any_house, one["refreshToken"], 401)
    any_house.claims(any_house.log_in()["accessToken"])
    (ended,) = any_house.told(AccessEnded)
    assert (ended.id, ended.version) == (f"account:{account}", 2)


@pytest.mark.parametrize(("method", "path"), [("DELETE", "/sessions/current"), ("DELETE", "/sessions"), ("GET", "/me")])
def test_without_a_token_nothing_is_told_or_done(house, method, path):
    answer = house.client.open(path, method=method)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


# --- keys -----------------------------------------------------------------------------------------------------------


def test_the_signing_key_is_told_at_start_and_can_be_read(house):
    (told,) = house.told(SigningKeyPublished)
    (key,) = house.call("GET", "/signing-keys", 200)["keys"]
    assert (key["kid"], key["x"], key["crv"], key["alg"]) == (told.id, told.public_key, "Ed25519", "EdDSA")
    house.open_account()
    token = house.log_in()["accessToken"]
    public_key = jwt.PyJWK(key).key
    assert isinstance(public_key, Ed25519PublicKey)
    options = {"verify_exp": False, "verify_iat": False, "verify_aud": False}
    assert jwt.decode(token, public_key, algorithms=["EdDSA"], options=options)["iss"] == "identity"


def test_a_token_lives_5_minutes(house, clock):
    house.open_account()
    token = house.log_in()["accessToken"]
    clock.advance(timedelta(minutes=5) - SECOND)
    house.claims(token)
    clock.advance(SECOND)
    with pytest.raises(Unauthenticated):
        house.claims(token)
