"""The portal's pages by the sections of the patient guide, over upstream servers."""

import pytest

from gateway.portal.exams import steps_told
from gateway.portal.report import sections_of
from tests.gateway.upstreams.known import READY


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
