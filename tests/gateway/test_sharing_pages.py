"""Sharing by a link, the recipient's view, and the front desk, over upstream servers."""

import json
from datetime import UTC, datetime

import pytest

from services.sharing.domain.shares import NAME_MAX_CHARS, NICKNAME_MAX_CHARS

FORM = {
    "examIds": "e1", "nickname": "Second opinion", "password": "k7mp-4qxh", "expiresAt": "2026-12-24",
    "mayDownload": "yes", "includeReport": "no", "includeVisitSummary": "yes", "phiAcknowledged": "yes", "once": "k1",
}  # fmt: skip
SEARCH = {"mrn": "00482913"}


def test_the_share_icon_leads_to_create_exam_share_link_S47(browser):
    assert 'class="btn share-btn" href="/share/new' in browser.enter().get("/exams").text
    page = browser.get("/share/new").text
    assert "Create Exam Share Link" in page
    assert page.count('type="checkbox" name="examIds"') == 3
    assert "It can be shared once the visit has begun." in page


def test_a_link_is_made_and_ends_at_the_end_of_its_day_at_the_site_S48_S51(browser, services):
    answer = browser.enter().post("/share/new", "/share/new", FORM)
    assert answer.location == "/share/s1/made"
    _, _, _, heard, body = services.last("sharing", "/shares")
    assert json.loads(body) == {
        "examIds": ["e1"], "nickname": "Second opinion", "password": "k7mp-4qxh", "expiresAt": "2026-12-24",
        "mayDownload": True, "includeReport": False, "includeVisitSummary": True, "phiAcknowledged": True,
    }  # fmt: skip
    assert heard["Idempotency-Key"] == "k1"


def test_the_link_is_blue_and_copied_and_the_password_is_not_there_S55_S56_S57(browser):
    browser.enter().post("/share/new", "/share/new", FORM)
    page = browser.get("/share/s1/made").text
    assert '<a id="url" href="http://127.0.0.1/s#Qm7vX2kT9bRf4LwNz8HdYc">' in page
    assert "data-copy" in page
    assert "The password is NOT included with either copy method" in page
    assert "k7mp-4qxh" not in page


def test_the_first_day_to_choose_is_tomorrow_at_the_site_S51(browser, services, clock):
    share = browser.enter().post("/share/new", "/share/new", FORM).location.removesuffix("/made")
    clock.now = datetime(2026, 11, 24, 2, tzinfo=UTC)  # 8 pm on November 23 in Houston
    browser.post("/enter", "/enter/icode", {"icode": "7K2MQ-4XW9-P3TB"})
    assert 'min="2026-11-24"' in browser.get("/share/new").text
    assert 'min="2026-11-23"' in browser.get(f"{share}/change").text


def test_a_link_far_in_the_future_is_taken_S51(browser, services):
    browser.enter().post("/share/new", "/share/new", FORM | {"expiresAt": "2099-12-31"})
    assert json.loads(services.last("sharing", "/shares")[4])["expiresAt"] == "2099-12-31"


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("examIds", "Choose at least one exam."),
        ("nickname", "Enter a nickname."),
        ("password", "Enter a password of 8 characters or more."),
        ("expiresAt", "Enter the date when the link ends."),
        ("includeReport", '<a href="#ir">Show the reports? Choose yes or no.</a>'),
        ("includeVisitSummary", '<a href="#iv">Show the visit summaries? Choose yes or no.</a>'),
        ("phiAcknowledged", "Check the box to say that you understand."),
    ],
)
def test_what_is_missing_is_named_at_its_field_S50_S53(browser, services, field, words):
    form = {name: value for name, value in FORM.items() if name != field}
    answer = browser.enter().post("/share/new", "/share/new", form)
    assert answer.status_code == 422
    assert words in answer.text
    assert "k7mp-4qxh" not in answer.text
    assert services.shares == {}


def test_nothing_is_preselected_about_reports_and_download_is_on_at_first_O7(browser):
    page = browser.enter().get("/share/new").text
    assert 'name="includeReport" value="yes" id="ir" required' in page
    assert 'name="mayDownload" value="yes" checked' in page


def test_the_history_ends_a_link_after_asking_and_sets_a_new_password_O8(browser, services):
    browser.enter().post("/share/new", "/share/new", FORM)
    services.shares["s1"]["opens"] = 1
    assert 'href="/share/s1/activity"' in browser.get("/share").text
    assert "Dr. R. Shah" in browser.get("/share/s1/activity").text
    assert browser.post("/share/s1/password", "/share/s1/password", {"password": "short"}).status_code == 422
    assert browser.post("/share/s1/password", "/share/s1/password", {"password": "longer-one"}).location == "/share"
    assert json.loads(services.last("sharing", "/shares/s1")[4]) == {"password": "longer-one"}
    assert browser.post("/share/s1/end", "/share/s1/end", {}).location == "/share"
    assert '<a href="/share?expired" aria-current="page">Expired (1)</a>' in browser.get("/share?expired").text
    assert services.shares["s1"]["state"] == "ended"
    assert "Second opinion" not in browser.get("/share").text
    assert "Second opinion" in browser.get("/share?expired").text


def test_before_the_password_nothing_of_the_share_is_told_S58(client, services):
    page = client.get("/s").text
    assert "Exams were shared with you" in page
    assert services.asked == []
    assert "Vega" not in page


def test_names_are_typed_no_longer_than_they_are_taken_S49(browser):
    assert f'name="nickname" maxlength="{NICKNAME_MAX_CHARS}"' in browser.enter().get("/share/new").text
    recipient = browser.get("/s").text
    assert f'autocomplete="name" maxlength="{NAME_MAX_CHARS}"' in recipient


def test_a_name_that_is_not_taken_is_named_at_its_field_and_not_the_password_S58(browser):
    typed = {"link": "http://portal/s#Qm7vX2kT9bRf4LwNz8HdYc", "password": "right", "name": "x" * (NAME_MAX_CHARS + 1)}
    page = browser.post("/s", "/s", typed)
    assert page.status_code == 422
    assert 'id="rn-e"' in page.text
    assert "That password does not open this link." not in page.text


def test_a_wrong_password_says_how_many_tries_are_left_S58(browser):
    wrong = browser.post("/s", "/s", {"token": "Qm7v", "password": "wrong", "name": "Dr. Shah"})
    assert "That password does not open this link. 9 tries left." in wrong.text
    assert 'name="token" value="Qm7v"' in wrong.text
    assert browser.post("/s", "/s", {"link": "https://p/s#Qm7v", "password": "over"}).status_code == 410
    assert browser.post("/s", "/s", {"password": "right"}).status_code == 422


def test_the_recipient_sees_a_view_like_the_owners_S59(browser, services):
    browser.enter_as_recipient()
    page = browser.get("/shared").text
    assert "Shared by" in page
    assert "Marisol Vega" in page
    assert "Until December 24, 2026" in page
    assert '<h2 class="year">2026</h2>' in page
    assert "/share/new" not in page
    assert browser.get("/exams").status_code == 404
    assert browser.get("/share/new").status_code == 404
    assert "The report is not part of this share." in browser.get("/exams/e2/report").text
    assert "The visit summary is not part of this share." in browser.get("/exams/e2/visit").text
    assert json.loads(services.last("sharing", "/share-sessions")[4])["token"] == "Qm7vX2kT9bRf4LwNz8HdYc"


def test_a_blank_around_a_wrong_password_is_asked_about(browser):
    told = "It begins or ends with a blank. Was that meant?"
    link = {"link": "http://portal/s#Qm7vX2kT9bRf4LwNz8HdYc"}
    assert told in browser.post("/s", "/s", link | {"password": "right "}).text
    assert told not in browser.post("/s", "/s", link | {"password": "ri ght"}).text


def test_the_recipient_downloads_only_where_the_owner_allows_it_S52_S60(browser, services):
    browser.enter_as_recipient()
    assert "/exams/e1/download" in browser.get("/exams/e1/images").text
    services.share_grants["mayDownload"] = False
    assert "/exams/e1/download" not in browser.get("/exams/e1/images").text
    assert browser.get("/exams/e1/download").status_code == 404


def test_a_recipients_session_is_renewed_and_ended_at_sharing(browser, services, clock):
    browser.enter_as_recipient()
    clock.forward(seconds=290)
    assert browser.get("/shared").status_code == 200
    assert services.last("sharing", "/sessions/refresh")
    assert browser.post("/shared", "/log-out", {}).location == "/s?closed=1"


def test_staff_find_a_visit_and_issue_its_code_which_is_shown_once(browser, services):
    assert browser.post("/staff", "/staff", {"userId": "dana", "password": "x"}).location == "/staff/visits"
    found = browser.post("/staff/visits", "/staff/visits", SEARCH)
    assert "Marisol Vega" in found.text
    assert services.last("identity", "/staff/visits?")[2] == "/staff/visits?mrn=00482913&limit=12"
    token = found.text.partition('action="/staff/visits/v1/icodes"')[2].partition('value="')[2].partition('"')[0]
    issued = browser.client.post("/staff/visits/v1/icodes", data={"csrf": token, "examIds": "e1"})
    assert "7K2MQ-4XW9-P3TB" in issued.text
    assert issued.headers["Cache-Control"] == "no-store"
    assert json.loads(services.last("identity", "/staff/visits/v1/icodes")[4]) == {"examIds": ["e1"]}
    assert "7K2MQ" not in browser.get("/staff/visits").text


def test_staff_are_told_when_no_visit_was_found(browser):
    browser.post("/staff", "/staff", {"userId": "dana", "password": "x"})
    page = browser.post("/staff/visits", "/staff/visits", {"lastName": "Nobody"}).text
    assert "Nothing was found." in page
    assert "<table" not in page


def test_staff_see_no_exams_and_patients_no_staff_pages(browser):
    browser.post("/staff", "/staff", {"userId": "dana", "password": "x"})
    assert browser.get("/exams").status_code == 404
    assert browser.get("/exams/e1/images/1.2.1.jpg").status_code == 404


def test_a_patient_is_led_to_the_staffs_log_in_by_nothing(browser):
    assert browser.enter().get("/staff/visits").status_code == 404
