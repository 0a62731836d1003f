"""The download panel, from the PHI box to the file (guide, 05), over upstream servers."""

import json

import pytest

from tests.gateway.upstreams import NOW
from tests.gateway.upstreams.known import READY, stamp


def test_the_phi_box_is_unticked_and_without_it_nothing_is_prepared_S32_S33(browser, services):
    page = browser.enter().get("/exams/e1/download").text
    assert "Yes, I understand that I am downloading Protected Health Information (PHI)." in page
    assert 'name="phiAcknowledged" value="yes" required>' in page
    refused = browser.post("/exams/e1/download", "/exams/e1/download", {"format": "zip"})
    assert refused.status_code == 422
    assert "There is a problem" in refused.text
    assert services.packages == {}


def test_need_help_explains_both_files_and_how_long_it_takes_S31(client):
    page = client.get("/help/file-types").text
    assert ".zip" in page
    assert ".iso" in page
    assert "How long will it take?" in page


def test_asking_leads_to_the_panel_that_says_to_wait_or_leave_an_address_S34_S35(browser, services):
    answer = browser.enter().post(
        "/exams/e1/download", "/exams/e1/download", {"format": "iso", "phiAcknowledged": "yes"}
    )
    assert answer.location == "/packages/p1"
    sent = json.loads(services.last("archiver", "/packages")[4])
    assert sent == {"examIds": ["e1"], "format": "iso", "phiAcknowledged": True, "includeReport": False}
    page = browser.get("/packages/p1").text
    assert "Prepping your images" in page
    assert "The email does NOT mean your files have already been downloaded." in page
    assert browser.get("/packages/p1/state.json").json == {
        "panel": "preparing",
        "percent": 40,
        "note": "about 3 minutes left",
        "chip": {"tone": "wait", "icon": "gear", "text": "Preparing 40 %"},
    }
    noted = browser.post("/packages/p1", "/packages/p1/notify", {"notifyEmail": "a@example.com"})
    assert noted.location == "/packages/p1"
    told = "We will email you when your images are ready. <b>a***@example.com</b>"
    assert told in browser.get("/packages/p1").text
    wrong = browser.post("/packages/p1", "/packages/p1/notify", {"notifyEmail": "nonsense"})
    assert wrong.status_code == 422
    assert 'content="10; url=/packages/p1"' not in wrong.text
    token = browser.csrf("/packages/p1", "/packages/p1/notify")
    assert browser.post("/packages/p1", "/packages/p1/cancel", {}).location == "/packages/p1"
    assert "You cancelled this request" in browser.get("/packages/p1").text
    assert "chip" not in browser.get("/packages/p1/state.json").json
    late = browser.client.post("/packages/p1/notify", data={"notifyEmail": "a@example.com", "csrf": token})
    assert late.location == "/packages/p1"


def test_a_ready_package_has_its_icon_at_that_exam_alone_and_the_link_here_S39_S40(browser, services):
    services.packages["p1"] = dict(READY)
    listed = browser.enter().get("/exams").text
    assert listed.count('class="exam__get"') == 1
    assert "Ready, 23 h left" in listed
    chip = {"tone": "ok", "icon": "download", "text": "Ready, 23 h left"}
    assert browser.get("/packages/p1/state.json").json["chip"] == chip
    page = browser.get("/packages/p1").text
    assert '<a href="/packages/p1/file" data-here' in page
    assert ">here</a>" in page
    answer = browser.get("/packages/p1/file")
    assert (answer.status_code, answer.location) == (303, "/api/v1/downloads/t1")
    assert browser.get(answer.location).data == services.file


def test_another_site_cannot_start_a_download(browser, services):
    services.packages["p1"] = dict(READY)
    answer = browser.enter().get("/packages/p1/file", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.location == "/packages/p1"


@pytest.mark.parametrize(
    ("facts", "panel", "words"),
    [
        ({}, "ready", "Images ready for download"),
        ({"bytesSent": 620}, "downloading", "Downloading, 62 %"),
        ({"bytesSent": 1000, "lastDownloadedAt": stamp(NOW)}, "downloaded", "Images were successfully downloaded."),
        ({"expiresAt": "2026-11-24T23:30:00Z"}, "expiring", "3 h 0 min left"),
        ({"state": "expired"}, "expired", "This download is no longer available"),
        ({"state": "failed"}, "failed", "We could not prepare your images"),
        ({"newerImages": True}, "ready", "New images have come since."),
        ({"omitted": [{"count": 2, "reason": "x"}]}, "ready", "2 items could not be included."),
    ],
)
def test_the_panel_is_the_packages_state_S41_S43(browser, services, facts, panel, words):
    services.packages["p1"] = READY | facts
    browser.enter()
    assert browser.get("/packages/p1/state.json").json["panel"] == panel
    assert words in browser.get("/packages/p1").text
    if panel in {"ready", "downloaded"}:
        assert "you must extract/unzip the folder first" in browser.get("/packages/p1").text


def test_the_download_is_not_said_to_be_done_before_it_is_S43(browser, services):
    services.packages["p1"] = READY | {"bytesSent": 999}
    assert "successfully downloaded" not in browser.enter().get("/packages/p1").text


def test_what_is_asked_before_preparing_says_how_large_the_file_may_be(browser):
    page = browser.enter().get("/exams/e1/download").text
    assert "Up to about 138.4 MB" in page.partition("<b>.zip</b>")[2].partition("</label>")[0]
    assert " About 138.4 MB" in page.partition("<b>.iso</b>")[2].partition("</label>")[0]


@pytest.mark.parametrize("noted", [None, "a***@example.com"])
def test_without_script_an_address_is_typed_on_a_page_that_does_not_refresh_S34_S35(browser, services, noted):
    services.packages["p1"] = READY | {"state": "preparing", "progress": 0.4, "notifyEmailMasked": noted}
    page = browser.enter().get("/packages/p1").text
    assert 'content="10; url=/packages/p1"' in page
    assert "data-js hidden" in page.partition("Prepping")[2].partition('action="/packages/p1/notify"')[0]
    assert '<noscript><p><a href="/packages/p1?notify">' in page
    typing = browser.get("/packages/p1?notify").text
    assert 'content="905; url=/packages/p1"' in typing
    assert "data-js" not in typing.partition("<progress")[2].partition('action="/packages/p1/notify"')[0]
    assert '<noscript><p><a href="/packages/p1">' in typing
