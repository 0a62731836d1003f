"""Preview as recipient, the link's QR code, and changing a link, over upstream servers."""

import io
import json

import pytest
import segno

from tests.gateway.test_sharing_pages import FORM

BASE = "/share/s1/preview"


@pytest.fixture
def owner(browser, services):
    """An owner with a link to the CT alone, which shows the report and no visit summary."""
    form = FORM | {"examIds": "e2", "includeReport": "yes", "includeVisitSummary": "no"}
    browser.enter().post("/share/new", "/share/new", form)
    return browser


def test_a_preview_shows_the_shared_exams_alone_with_their_owners_name_O8(owner):
    page = owner.get(BASE).text
    assert "It does not count as an opening." in page
    assert "Shared by" in page
    assert "Marisol Vega" in page
    assert f'href="{BASE}/exams/e2/visit"' in page
    assert "/exams/e1" not in page
    assert owner.get(f"{BASE}/exams/e1/visit").status_code == 404


def test_a_preview_asks_as_the_owner_and_opens_nothing_O8(owner, services):
    before = len(services.asked)
    for tab in ("visit", "report", "images"):
        assert owner.get(f"{BASE}/exams/e2/{tab}").status_code == 200
    asked = services.asked[before:]
    assert not [one for one in asked if one[0] == "sharing" and one[2] != "/shares/s1"]
    assert {one[1] for one in asked} == {"GET"}


def test_a_preview_holds_back_what_the_link_does_not_allow_O8(owner, services):
    assert "The visit summary is not part of this share." in owner.get(f"{BASE}/exams/e2/visit").text
    assert " bleeding." in owner.get(f"{BASE}/exams/e2/report").text
    assert owner.get(f"{BASE}/exams/e2/report.pdf").status_code == 200
    services.shares["s1"]["permissions"] |= {"includeReport": False, "includeVisitSummary": True}
    report = owner.get(f"{BASE}/exams/e2/report").text
    assert "The report is not part of this share." in report
    assert " bleeding." not in report
    assert owner.get(f"{BASE}/exams/e2/report.pdf").status_code == 404
    assert "Report signed" not in owner.get(f"{BASE}/exams/e2/visit").text


def test_a_preview_offers_the_download_only_where_the_link_allows_it_O8_S52(owner, services):
    assert f'href="{BASE}/exams/e2/download"' in owner.get(f"{BASE}/exams/e2/images").text
    assert "In a preview nothing is prepared." in owner.get(f"{BASE}/exams/e2/download").text
    services.shares["s1"]["permissions"]["mayDownload"] = False
    assert "/download" not in owner.get(f"{BASE}/exams/e2/images").text
    assert owner.get(f"{BASE}/exams/e2/download").status_code == 404


def test_a_preview_shows_none_of_the_owners_own_packages_O8(owner, services):
    services.packages["p1"] = {"id": "p1", "examIds": ["e2"], "format": "zip", "state": "ready"}
    assert "Images ready for download" not in owner.get(f"{BASE}/exams/e2/images").text
    assert "/packages/" not in owner.get(BASE).text


def test_there_is_no_preview_of_a_link_that_is_over_or_anothers(owner, services):
    assert owner.get("/share/s2/preview").status_code == 404
    services.shares["s1"]["state"] = "ended"
    assert owner.get(BASE).status_code == 404
    assert owner.get(f"{BASE}/exams/e2/images").status_code == 404


def test_a_recipient_has_no_preview(browser):
    assert browser.enter_as_recipient().get(BASE).status_code == 404


def test_the_qr_code_is_the_link_itself_O8(owner):
    drawn = io.BytesIO()
    code = segno.make_qr("http://127.0.0.1/s#Qm7vX2kT9bRf4LwNz8HdYc", error="m")
    code.save(drawn, kind="svg", border=4, light="#fff", scale=4, xmldecl=False, nl=False)
    answer = owner.get("/share/s1/qr.svg")
    assert (answer.content_type, answer.data) == ("image/svg+xml", drawn.getvalue())
    assert answer.headers["Cache-Control"] == "no-store"
    for page in ("/share/s1/made", "/share"):
        assert 'src="/share/s1/qr.svg"' in owner.get(page).text


def test_date_and_permissions_are_changed_and_the_date_only_when_it_is_another_O8_S51_S52(owner, services):
    page = owner.get("/share/s1/change").text
    assert 'value="2026-12-24"' in page
    form = {"nickname": "Dr. Shah", "expiresAt": "2026-12-24", "includeReport": "no", "includeVisitSummary": "no"}
    assert owner.post("/share/s1/change", "/share/s1/change", form).location == "/share"
    asked = {"nickname": "Dr. Shah", "mayDownload": False, "includeReport": False, "includeVisitSummary": False}
    assert json.loads(services.last("sharing", "/shares/s1")[4] or "{}") in ({}, asked)
    sent = [json.loads(one[4]) for one in services.asked if one[:2] == ("sharing", "PATCH")]
    assert sent == [asked]
    owner.post("/share/s1/change", "/share/s1/change", form | {"expiresAt": "2099-12-31"})
    assert json.loads([one for one in services.asked if one[1] == "PATCH"][-1][4])["expiresAt"] == "2099-12-31"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"nickname": " "}, "Enter a nickname."),
        ({"expiresAt": "soon"}, "Enter the date when the link ends."),
        ({"expiresAt": "2020-01-01"}, "Choose a date in the future."),
    ],
)
def test_a_change_that_cannot_be_is_named_at_its_field(owner, change, words):
    form = {"nickname": "Dr. Shah", "expiresAt": "2026-12-24", "includeReport": "no", "includeVisitSummary": "no"}
    answer = owner.post("/share/s1/change", "/share/s1/change", form | change)
    assert answer.status_code == 422
    assert words in answer.text


def test_a_link_that_another_session_made_is_not_changed_here(owner, services):
    services.shares["s1"]["madeBy"] = "account"
    assert "/share/s1/change" not in owner.get("/share").text
    assert owner.get("/share/s1/change").status_code == 404


def test_an_icode_holder_may_leave_an_address_with_the_share_O5(owner, services, app_with):
    page = owner.get("/share/new").text
    assert 'name="notifyEmail"' in page
    assert "notifyPhone" not in page
    owner.post("/share/new", "/share/new", FORM | {"notifyEmail": " anna@example.org "})
    assert json.loads(services.last("sharing", "/shares")[4])["notifyEmail"] == "anna@example.org"


def test_a_phone_number_is_asked_for_where_text_messages_can_be_sent_O5(app_with, services):
    from tests.gateway.conftest import Browser

    browser = Browser(app_with(offers_sms=True).test_client()).enter()
    browser.post("/share/new", "/share/new", FORM | {"notifyPhone": "713-555-0000"})
    assert json.loads(services.last("sharing", "/shares")[4])["notifyPhone"] == "713-555-0000"


def test_the_history_holds_more_than_one_page_of_links_O8(owner, services):
    for number in range(2, 6):
        services.shares[f"s{number}"] = services.shares["s1"] | {"id": f"s{number}", "nickname": f"Link {number}"}
    page = owner.get("/share").text
    assert all(f"Link {number}" in page for number in range(2, 6))
