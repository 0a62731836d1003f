"""The sealed cookie: what it keeps, when it ends, how its tokens are renewed, and what its forms need."""

import base64
import json
import secrets
import threading
from dataclasses import asdict

import pytest

from gateway.portal.calls import Renewals
from gateway.portal.sealed import Seal
from gateway.portal.session import Session

KEY = base64.urlsafe_b64encode(b"k" * 32).decode()


def test_what_was_sealed_opens_with_the_same_key_and_purpose_alone():
    sealed = Seal(KEY).close({"access": "a.b.c"}, "portal")
    assert Seal(KEY).open(sealed, "portal") == {"access": "a.b.c"}
    assert Seal(KEY).open(sealed, "other") is None
    assert Seal(base64.urlsafe_b64encode(b"x" * 32).decode()).open(sealed, "portal") is None


@pytest.mark.parametrize("place", [0, 5, 20, -3])
def test_a_changed_cookie_is_nobodys(place):
    sealed = Seal(KEY).close({"kind": "icode"}, "portal")
    other = "A" if sealed[place] != "A" else "B"
    changed = sealed[:place] + other + (sealed[place + 1 :] if place != -3 else sealed[-2:])
    assert Seal(KEY).open(changed, "portal") is None


@pytest.mark.parametrize("sealed", ["", "x", "%%%", "AAAA" * 40])
def test_nonsense_in_the_cookie_is_nobodys(sealed):
    assert Seal(KEY).open(sealed, "portal") is None


def test_the_cookie_shows_no_token(browser):
    browser.enter()
    cookie = browser.client.get_cookie("portal")
    assert cookie.http_only
    assert cookie.same_site == "Lax"
    assert b"ri_" not in base64.urlsafe_b64decode(cookie.value + "==")


def test_by_https_the_cookie_is_bound_to_the_host(app_with, monkeypatch):
    monkeypatch.setenv("PORTAL_PUBLIC_URL", "https://portal.example")
    header = app_with().test_client().get("/enter").headers["Set-Cookie"]
    assert header.startswith("__Host-portal=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(header.split("; "))


def test_a_session_of_very_many_exams_takes_two_cookies(browser, services, monkeypatch):
    noise = base64.b64encode(secrets.token_bytes(3600)).decode()
    monkeypatch.setattr(services, "pair", lambda *_: pair)
    pair = {"accessToken": f"h.{noise}.s", "refreshToken": "ri_1", "expiresIn": 300, "viewer": {"kind": "icode"}}
    services.valid.add(pair["accessToken"])
    browser.enter()
    assert len(browser.client.get_cookie("portal").value) == 3600
    assert browser.client.get_cookie("portal-1")
    assert browser.get("/exams").status_code == 200


@pytest.mark.parametrize(("minutes", "status"), [(14.9, 200), (15.0, 303)])
def test_a_session_ends_after_15_idle_minutes(browser, clock, minutes, status):
    browser.enter()
    clock.forward(minutes=minutes)
    answer = browser.get("/exams")
    assert answer.status_code == status
    if status == 303:
        assert answer.location == "/enter?ended=1"
        assert "logged out to keep your records private" in browser.get("/enter?ended=1").text


def test_a_recipient_whose_session_ended_is_led_to_the_links_page(browser, clock):
    assert browser.get("/shared").location == "/s"
    browser.enter_as_recipient()
    clock.forward(minutes=15)
    assert browser.get("/exams/e1/images").location == "/s?ended=1"
    assert browser.get("/exams").location == "/enter?ended=1"


def test_who_is_logged_in_is_told_before_a_link_logs_them_out(browser):
    told = "Opening the link here logs you out."
    assert told not in browser.get("/s").text
    assert told in browser.enter().get("/s").text
    assert 'href="/enter"' in browser.enter_as_recipient().get("/share").text


def test_signs_of_life_keep_a_session_but_not_past_12_hours(browser, clock):
    browser.enter()
    for _ in range(71):
        clock.forward(minutes=10)
        assert browser.get("/exams").status_code == 200
    clock.forward(minutes=10)
    assert browser.get("/exams").status_code == 303


def test_the_page_knows_where_to_go_when_its_session_ends(browser):
    assert 'data-home="/enter?ended=1"' in browser.enter().get("/exams").text
    browser.post("/exams", "/log-out", {})
    assert 'data-home="/s?ended=1"' in browser.enter_as_recipient().get("/shared").text


def test_a_poll_is_no_sign_of_life(browser, clock, services):
    browser.enter()
    services.packages["p1"] = {"id": "p1", "examIds": ["e1"], "state": "preparing", "progress": 1}
    for _ in range(3):
        clock.forward(minutes=5)
        last = browser.get("/packages/p1/state.json").status_code
    assert last == 401


def test_the_page_asks_how_long_is_left_and_can_stay(browser, clock):
    browser.enter()
    clock.forward(minutes=14)
    assert browser.get("/session/left.json").json == {"seconds": 60}
    assert browser.get("/session/stay.json").json == {"seconds": 900}
    clock.forward(minutes=16)
    assert browser.get("/session/left.json").status_code == 401


def test_tokens_are_renewed_before_they_end(browser, clock, services):
    browser.enter()
    clock.forward(seconds=254)
    browser.get("/exams")
    assert services.refreshed == 1
    clock.forward(seconds=2)
    browser.get("/exams")
    assert services.refreshed == 2
    _, _, _, heard, body = services.last("identity", "/sessions/refresh")
    assert json.loads(body) == {"refreshToken": "ri_1"}
    assert heard["X-Portal-Web"] == "1"


def test_a_token_refused_in_mid_session_is_renewed_once_and_the_page_comes(browser, services):
    browser.enter()
    services.valid.clear()
    assert browser.get("/exams").status_code == 200
    assert services.refreshed == 2


def test_when_renewing_is_refused_the_session_ends(browser, services, clock, monkeypatch):
    browser.enter()
    monkeypatch.setattr(services, "pair", lambda *_: {"accessToken": "", "refreshToken": "ri_dead", "expiresIn": 0})
    services.valid.clear()
    answer = browser.get("/exams")
    assert (answer.status_code, answer.location) == (303, "/enter?ended=1")
    assert browser.get("/exams").location == "/enter"


def test_requests_of_one_page_renew_a_token_once():
    asked, gate = [], threading.Barrier(4)
    renewals = Renewals()

    def get():
        asked.append(1)
        return {"accessToken": "a"}

    def renew():
        gate.wait()
        assert renewals.pair_of("ri_many", get) == {"accessToken": "a"}

    threads = [threading.Thread(target=renew) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(asked) == 1


def test_a_renewal_is_remembered_for_30_seconds_and_a_refused_one_not_at_all():
    now = [0.0]
    renewals = Renewals(monotonic=lambda: now[0])
    answers = iter([{"n": 1}, {"n": 2}, None, {"n": 3}])
    assert renewals.pair_of("a", answers.__next__) == {"n": 1}
    now[0] = 29.9
    assert renewals.pair_of("a", answers.__next__) == {"n": 1}
    now[0] = 30.0
    assert renewals.pair_of("a", answers.__next__) == {"n": 2}
    assert renewals.pair_of("b", answers.__next__) is None
    assert renewals.pair_of("b", answers.__next__) == {"n": 3}


def test_logging_out_ends_the_session_at_its_issuer_and_clears_the_browser(browser, services):
    browser.enter()
    answer = browser.post("/exams", "/log-out", {})
    assert (answer.status_code, answer.location) == (303, "/enter")
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    _, method, _, _, body = services.last("identity", "/sessions/current")
    assert (method, json.loads(body)) == ("DELETE", {"refreshToken": "ri_1"})
    assert browser.get("/exams").location == "/enter"


@pytest.mark.parametrize(("page", "action"), [("/share/new", "/share/new"), ("/exams", "/log-out")])
def test_a_form_sent_after_logging_out_in_another_tab_leads_to_the_log_in(browser, page, action):
    token = browser.enter().csrf(page, action)
    browser.post("/exams", "/log-out", {})
    answer = browser.client.post(action, data={"csrf": token})
    assert (answer.status_code, answer.location) == (303, "/enter?ended=1")
    assert browser.client.post(action, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 400


def test_logging_out_works_while_the_issuer_is_down(app_with, browser, services):
    browser.enter()
    where = app_with(identity_url="http://127.0.0.1:9").test_client()
    where.set_cookie("portal", browser.client.get_cookie("portal").value)
    token = browser.csrf("/exams", "/log-out")
    assert where.post("/log-out", data={"csrf": token}).location == "/enter"


def test_a_form_without_its_token_is_refused(client, services):
    client.get("/enter")
    answer = client.post("/enter/icode", data={"icode": "7K2MQ-4XW9-P3TB"})
    assert answer.status_code == 400
    assert services.asked == []


def test_a_token_opens_its_own_form_alone(browser):
    token = browser.csrf("/enter", "/enter/icode")
    assert (
        browser.client.post("/enter/account", data={"csrf": token, "userId": "a", "password": "b"}).status_code == 400
    )


def test_another_browsers_token_opens_nothing(app_with, browser):
    token = browser.csrf("/enter", "/enter/icode")
    other = app_with().test_client()
    other.get("/enter")
    assert other.post("/enter/icode", data={"csrf": token, "icode": "x"}).status_code == 400


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 400),
        ({"Sec-Fetch-Site": "same-site"}, 400),
        ({"Origin": "https://evil.example"}, 400),
        ({"Origin": "null"}, 400),
        ({"Origin": "http://localhost"}, 422),
        ({"Sec-Fetch-Site": "same-origin"}, 422),
        ({}, 422),
    ],
)
def test_a_form_from_another_site_is_refused(browser, headers, status):
    token = browser.csrf("/enter", "/enter/icode")
    answer = browser.client.post("/enter/icode", data={"csrf": token, "icode": "x"}, headers=headers)
    assert answer.status_code == status


def test_a_new_log_in_has_a_new_secret_for_its_forms(browser):
    before = browser.csrf("/enter", "/enter/icode")
    browser.enter()
    assert browser.client.post("/enter/icode", data={"csrf": before, "icode": "x"}).status_code == 400


def test_after_logging_in_one_comes_to_the_page_asked_for(browser):
    assert browser.get("/exams/e2/report").location == "/enter"
    assert browser.post("/enter", "/enter/icode", {"icode": "7K2MQ-4XW9-P3TB"}).location == "/exams/e2/report"


def test_everything_signed_in_is_kept_by_no_cache(browser):
    browser.enter()
    for path in (
        "/exams",
        "/exams/e1/visit",
        "/exams/e2/report",
        "/exams/e1/images",
        "/exams/e1/images/1.2.1.jpg",
        "/share/new",
    ):
        assert browser.get(path).headers["Cache-Control"] == "no-store", path


def test_a_session_holds_what_the_pages_need_and_no_code():
    assert set(asdict(Session(csrf_key=""))) == {
        "csrf_key", "access", "refresh", "access_until", "kind", "name", "started_at", "seen_at", "after",
        "theme", "roles", "under_way", "may_open_account",
    }  # fmt: skip
