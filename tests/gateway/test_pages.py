"""The portal's pages by the sections of the patient guide, over upstream servers."""

import json

import pytest

from gateway.portal.exams import steps_told
from gateway.portal.report import sections_of
from tests.gateway.upstreams import NOW
from tests.gateway.upstreams.known import stamp

READY = {
    "id": "p1", "examIds": ["e1"], "format": "zip", "state": "ready", "progress": 1.0, "size": 1000, "bytesSent": 0,
    "fileName": "H26118201-MRI-of-the-brain.zip", "expiresAt": "2026-11-25T20:00:00Z", "lastDownloadedAt": None,
}  # fmt: skip


def test_the_regional_portal_leads_over_a_pop_up_and_a_location_to_the_main_screen_S14_S15_S16(browser):
    page = browser.get("/r/texas").text
    assert 'href="/r/texas/login"' in page
    assert "Portal <svg" in page
    pop_up = browser.get("/r/texas/login").text
    assert "Login to Connect" in pop_up
    assert "Patient Portal Login" in pop_up
    assert "open data-open" in pop_up
    assert "Choose your location to log in" in browser.get("/r/texas/locations").text
    assert browser.get("/r/texas/locations/TX-HOU-02").location == "/enter"
    assert "Houston, Heights" in browser.get("/enter").text
    assert browser.get("/r/texas/locations").text.index("Heights") < browser.get("/r/texas/locations").text.index(
        "Medical Center"
    )
    assert browser.get("/r/nowhere").status_code == 404


def test_the_regional_portal_says_when_reports_come_S5(browser):
    assert (
        "Due to TX Law (SB922), reports are made available on the portal 4 days after" in browser.get("/r/texas").text
    )


def test_the_main_screen_offers_three_things_S17(client):
    page = client.get("/enter").text
    for words in (
        "Enter your I-Code",
        "Log in to your account",
        "Create a new account",
        "View exams from a single visit.",
    ):
        assert words in page


def test_a_right_code_enters_and_a_wrong_one_is_named_at_the_field_S10(browser, services):
    wrong = browser.post("/enter", "/enter/icode", {"icode": "AAAAA-AAAA-AAAA"})
    assert wrong.status_code == 422
    assert "That I-Code does not open any exams. Check it against your Portal Pass." in wrong.text
    assert "<title>Error: " in wrong.text
    assert 'value="AAAAA-AAAA-AAAA"' in wrong.text
    assert "AAAAA" not in browser.get("/enter").text
    browser.enter()
    assert services.last("identity", "/icode-sessions")[3]["X-Portal-Web"] == "1"


def test_an_expired_code_is_told_with_the_way_to_get_help_S69(browser):
    answer = browser.post("/enter", "/enter/icode", {"icode": "00000-0000-0000"})
    assert answer.status_code == 410
    assert "I-Codes expire after 90 days." in answer.text


def test_too_many_tries_are_told_in_words(browser):
    answer = browser.post("/enter", "/enter/icode", {"icode": "11111-1111-1111"})
    assert answer.status_code == 429
    assert "Too many tries" in answer.text


def test_an_account_logs_in_and_a_wrong_password_says_one_thing_for_every_cause(browser):
    wrong = browser.post("/enter", "/enter/account", {"userId": "marisol", "password": "wrong"})
    assert "That User ID and password do not match." in wrong.text
    right = browser.post("/enter", "/enter/account", {"userId": "marisol", "password": "right"})
    assert right.location == "/exams"
    assert "Marisol Vega" in browser.get("/exams").text


def test_the_list_is_at_the_left_and_an_exam_has_three_tabs_S23_S24(browser):
    page = browser.enter().get("/exams/e1/visit").text
    assert page.index("app__list") < page.index("app__main")
    assert [page.index(word) for word in ('id="tab-visit"', 'id="tab-report"', 'id="tab-images"')] == sorted(
        page.index(word) for word in ('id="tab-visit"', 'id="tab-report"', 'id="tab-images"')
    )


def test_the_visit_summary_shows_the_visit_and_where_things_stand_S25(browser):
    page = browser.enter().get("/exams/e1/visit").text
    for words in (
        "Dr. Grace Adeyemi",
        "Penicillin",
        "R51.9, headache",
        "March 14, 1984",
        "Friday, November 27, 2:10 pm",
    ):
        assert words in page
    assert "Why the wait?" in page
    assert "Why the wait?" not in browser.get("/exams/e3/visit").text  # its day has not come


def test_a_report_is_read_printed_and_had_as_pdf_S26_S27(browser):
    page = browser.enter().get("/exams/e2/report").text
    assert page.count(" bleeding.") == 1
    assert page.index(">Impression</a></h3>") < page.index(">Findings</a></h3>") < page.index("The bones are ")
    assert "data-print" in page
    pdf = browser.get("/exams/e2/report.pdf")
    assert (pdf.content_type, pdf.headers["Cache-Control"]) == ("application/pdf", "no-store")


def test_a_report_not_released_says_when_and_why_and_nothing_of_it_S5_S9(browser, services):
    page = browser.enter().get("/exams/e1/report").text
    assert "Friday, November 27 at 2:10 pm" in page
    assert "Due to TX Law (SB922)" in page
    assert "Your images are here already" in page
    assert not [one for one in services.asked if one[2] == "/exams/e1/report"]


@pytest.mark.parametrize(
    ("report", "words"),
    [
        ({"status": "awaited"}, "The radiologist has not signed your report yet."),
        ({"status": "held", "availableAt": None, "why": None}, "Your report is not here yet"),
        (
            {"status": "held", "availableAt": "2026-11-28T20:10:00Z", "why": {"slug": "being-corrected"}},
            "The new one comes",
        ),
        ({"status": "withdrawn", "withdrawnAt": "2026-11-23T20:10:00Z"}, "This report was withdrawn"),
    ],
)
def test_the_gate_says_what_may_be_told(browser, services, report, words):
    services.exams[1]["report"] = report
    assert words in browser.enter().get("/exams/e1/report").text


def test_a_sensitive_hold_tells_neither_time_nor_reason(browser, services):
    services.exams[1]["report"] = {"status": "held", "availableAt": None}
    page = browser.enter().get("/exams/e1/report").text
    assert "It will be available on" not in page
    assert "Why the wait?" not in page


def test_the_images_tab_shows_the_chosen_tiles_single_picture_as_jpg_S28(browser):
    page = browser.enter().get("/exams/e1/images?series=1&image=7").text
    assert 'src="/exams/e1/images/1.2.7.jpg?size=512"' in page
    picture = browser.get("/exams/e1/images/1.2.7.jpg?size=512")
    assert picture.content_type == "image/jpeg"
    assert picture.data.startswith(b"\xff\xd8")
    assert "133 images" in page


def test_every_frame_of_an_instance_is_a_tile_of_its_own(browser):
    told = browser.enter().get("/exams/e1/images.json?series=2").json
    assert [told["base"] + end for end in told["ends"]] == [f"/exams/e1/images/1.3.1.jpg?frame={n}" for n in (1, 2, 3)]


def test_download_stands_where_there_are_images_and_nowhere_else_S29(browser):
    assert 'href="/exams/e1/download"' in browser.enter().get("/exams/e1/images").text
    scheduled = browser.get("/exams/e3/images").text
    assert "/exams/e3/download" not in scheduled
    assert "No images yet" in scheduled
    assert browser.get("/exams/e3/download").status_code == 404


def test_an_exam_of_others_is_404_on_every_page_S11(browser):
    browser.enter()
    for tab in ("visit", "report", "images", "download"):
        assert browser.get(f"/exams/e9/{tab}").status_code == 404


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
    }
    noted = browser.post("/packages/p1", "/packages/p1/notify", {"notifyEmail": "a@example.com"})
    assert noted.location == "/packages/p1"
    told = "We will email you when your images are ready. <b>a***@example.com</b>"
    assert told in browser.get("/packages/p1").text
    wrong = browser.post("/packages/p1", "/packages/p1/notify", {"notifyEmail": "nonsense"})
    assert wrong.status_code == 422
    assert 'content="10; url=/packages/p1"' in wrong.text
    token = browser.csrf("/packages/p1", "/packages/p1/notify")
    assert browser.post("/packages/p1", "/packages/p1/cancel", {}).location == "/packages/p1"
    assert "You cancelled this request" in browser.get("/packages/p1").text
    late = browser.client.post("/packages/p1/notify", data={"notifyEmail": "a@example.com", "csrf": token})
    assert late.location == "/packages/p1"


def test_a_ready_package_has_its_icon_at_that_exam_alone_and_the_link_here_S39_S40(browser, services):
    services.packages["p1"] = dict(READY)
    listed = browser.enter().get("/exams").text
    assert listed.count('class="exam__get"') == 1
    assert "Ready, 23 h left" in listed
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


def test_titles_and_addresses_carry_nothing_about_a_person(browser, services):
    services.packages["p1"] = dict(READY)
    browser.enter()
    for path in ("/exams", "/exams/e1/visit", "/exams/e2/report", "/exams/e1/images", "/packages/p1", "/share/new"):
        title = browser.get(path).text.partition("<title>")[2].partition("</title>")[0]
        assert not [word for word in ("MRI", "brain", "Vega", "Houston", "H26") if word in title]


def test_a_page_holds_no_inline_script_or_style(browser, services):
    services.packages["p1"] = dict(READY)
    browser.enter()
    for path in (
        "/exams",
        "/exams/e1/visit",
        "/exams/e2/report",
        "/exams/e1/images",
        "/exams/e1/download",
        "/packages/p1",
    ):
        page = browser.get(path).text
        assert " style=" not in page
        assert "<style" not in page
        assert page.count("<script") == page.count('<script type="module" src="/static/')
        assert " onclick=" not in page


@pytest.mark.parametrize(
    ("text", "sections"),
    [
        ("IMPRESSION:\nClear.\nFINDINGS: Lungs clear.", [("Findings", ["Lungs clear."])]),
        ("IMPRESSION:\nClear.\nSee addendum.", [("Impression", ["Clear.", "See addendum."])]),
        ("No headings here.\n\nClear.", [("", ["No headings here.", "Clear."])]),
        ("FINDINGS:\nClear.", [("Findings", ["Clear."])]),
    ],
)
def test_nothing_of_a_report_is_left_out_but_an_impression_said_twice(text, sections):
    assert sections_of(text, "Clear.") == sections


def test_a_step_left_out_on_the_way_is_not_told_and_the_next_ones_are():
    steps = [{"slug": "ordered", "at": "x"}, {"slug": "arrived", "at": None}, {"slug": "completed", "at": "x"}]
    steps += [{"slug": "report-signed", "at": None}]
    assert [step["slug"] for step in steps_told(steps)] == ["ordered", "completed", "report-signed"]
