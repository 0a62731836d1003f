"""Studies that wait for staff, matched by hand; and the audit, for operators."""

import json

import pytest

AT = "/staff/unmatched"
FOUND = {"accession": "H26-118201", "reason": ""}
MATCH = FOUND | {"examId": "e1", "note": "same day, same scanner"}


@pytest.fixture
def desk(browser):
    """A browser in which a member of staff is logged in."""
    browser.post("/staff", "/staff", {"userId": "dana", "password": "x"})
    return browser


def look_up(desk, **fields):
    return desk.post(AT, f"{AT}/st1/exam", FOUND | fields)


def match(desk, **fields):
    """Send the form of the page on which study and exam stand side by side."""
    page = look_up(desk).text
    token = page[page.index(f'action="{AT}/st1/match"') :].partition('name="csrf" value="')[2].partition('"')[0]
    return desk.client.post(f"{AT}/st1/match", data=MATCH | fields | {"csrf": token})


def test_studies_that_wait_are_listed_with_why(desk):
    page = desk.get(AT)
    assert page.headers["Cache-Control"] == "no-store"
    for shown in ("MR BRAIN", "VEGA^&lt;b&gt;MARI", "Its patient ID is another", "00999", 'value="H26-118201"'):
        assert shown in page.text


def test_the_exam_is_shown_beside_the_study_before_they_are_joined(desk, services):
    page = look_up(desk)
    assert page.status_code == 200
    for shown in ("VEGA^&lt;b&gt;MARI", "Marisol Vega", "MRI of the brain", "The patient’s number is not the same."):
        assert shown in page.text
    assert services.last("identity", "/staff/visits")[2] == "/staff/visits?accession=H26-118201"
    assert not [one for one in services.asked if one[1:3] == ("POST", "/staff/unmatched-studies/st1/match")]


@pytest.mark.parametrize(("accession", "anchor"), [("", "s-accession"), ("H0", "s-accession"), ("far", "s-reason")])
def test_why_no_exam_is_shown_is_named(desk, accession, anchor):
    page = look_up(desk, accession=accession)
    assert page.status_code == 422
    assert f'<a href="#{anchor}">' in page.text
    assert f'action="{AT}/st1/exam"' in page.text


def test_they_are_matched_with_a_note(desk, services):
    assert match(desk).location == f"{AT}?done=1"
    sent = json.loads(services.last("exams", "/staff/unmatched-studies/st1/match")[4])
    assert sent == {"examId": "e1", "note": "same day, same scanner"}
    assert "The study is that exam’s now." in desk.get(f"{AT}?done=1").text


def test_how_it_is_known_is_to_be_said(desk, services):
    page = match(desk, note=" ")
    assert page.status_code == 422
    assert '<a href="#s-note">Write how you know that it is this exam’s.</a>' in page.text
    assert not [one for one in services.asked if one[2].endswith("/match")]


def test_an_exam_of_other_locations_is_not_ones_to_give(desk):
    page = match(desk, note="far")
    assert page.status_code == 404
    assert '<a href="#s-note">That exam is not at one of your locations.' in page.text


def test_a_study_that_waits_no_more_leads_back(desk):
    token = desk.csrf(AT, f"{AT}/st1/exam")
    assert match(desk).location == f"{AT}?done=1"
    assert desk.client.post(f"{AT}/st1/exam", data=FOUND | {"csrf": token}).location == AT
    assert "No study is waiting." in desk.get(AT).text


AUDIT = "/staff/audit"


def test_an_operator_sees_who_did_what(desk, services):
    assert "icode.issue" not in desk.get(AUDIT).text
    page = desk.post(AUDIT, AUDIT, {"patient": "p1", "actor": "staff:s1", "since": "2026-11-01"})
    assert page.headers["Cache-Control"] == "no-store"
    for shown in (
        "dana",
        "icode.issue",
        '<span class="soft id">icode:c2</span>',
        "203.0.113.7",
        "photo-id: &lt;b&gt;came back",
        "Mon, Nov 23, 3:30 pm",
    ):
        assert shown in page.text
    assert services.last("identity", AUDIT)[2] == f"{AUDIT}?limit=50&patient=p1&actor=staff%3As1&since=2026-11-01"
    assert 'name="cursor" value="77"' in page.text
    assert '<input type="hidden" name="patient" value="p1">' in page.text
    assert 'name="cursor"' not in desk.post(AUDIT, AUDIT, {"cursor": "77"}).text


def test_what_the_audit_cannot_look_for_is_named(desk):
    page = desk.post(AUDIT, AUDIT, {"since": "never"})
    assert page.status_code == 422
    assert '<a href="#s-since">' in page.text


@pytest.mark.parametrize("path", [AT, AUDIT])
def test_patients_and_strangers_are_kept_out(browser, path):
    assert browser.get(path).location == "/staff"
    assert browser.enter().get(path).status_code == 404


def test_each_member_of_staff_has_the_links_of_their_roles(browser, services):
    for roles, first, links in (
        (["front-desk"], "/staff/visits", {"/staff/visits", "/staff/guest-appointments"}),
        (["operator"], AUDIT, {AUDIT}),
    ):
        services.staff = {"roles": roles}
        assert browser.post("/staff", "/staff", {"userId": "dana", "password": "x"}).location == first
        menu = browser.get("/staff/visits").text.partition('<div class="menu__pop">')[2].partition("<hr>")[0]
        assert {part.partition('"')[0] for part in menu.split('<a href="')[1:]} == links
        browser.post("/staff/visits", "/log-out", {})


def test_they_speak_spanish(desk):
    desk.get("/language/es")
    assert "Por qué espera" in desk.get(AT).text
    assert "Asignar un estudio" in look_up(desk).text
    assert "Quién hizo qué" in desk.get(AUDIT).text
