"""Get Help, guest appointments, and what staff do with both (S63, S69, S70)."""

import json

import pytest

HELP = {"reason": "code-expired", "icode": "7K2MQ-4XW9-P3TB", "name": "Rosa Vega", "contact": "rosa@example.org"}
GUEST = {
    "firstName": "Mia", "lastName": "Vega", "dateOfBirth": "2015-06-01", "phone": "713-555-0000",
    "locationId": "TX-HOU-01", "examWanted": "X-ray, left arm",
}  # fmt: skip
QUEUE = "/staff/help-requests"


@pytest.fixture
def desk(browser):
    """A browser in which a member of staff is logged in."""
    browser.post("/staff", "/staff", {"userId": "dana", "password": "x"})
    return browser


def test_get_help_is_sent_without_script_and_answered_the_same_to_all_S70(browser, services):
    for icode in ("7K2MQ-4XW9-P3TB", "", "nonsense"):
        assert browser.post("/get-help", "/get-help", HELP | {"icode": icode}).location == "/get-help/sent"
    told = json.loads(services.last("identity", "/help-requests")[4])
    assert told == HELP | {"icode": "nonsense", "message": "", "language": "en"}
    page = browser.get("/get-help/sent").text
    assert "We have your request" in page
    assert "Rosa" not in page


def test_an_expired_code_leads_to_get_help_with_its_reason_chosen_S69(browser):
    refused = browser.post("/enter", "/enter/icode", {"icode": "00000-0000-0000"}).text
    assert 'href="/get-help?reason=code-expired"' in refused
    page = browser.get("/get-help?reason=code-expired").text
    assert 'value="code-expired" checked' in page
    assert page.count(" checked") == 1
    assert " checked" not in browser.get("/get-help?reason=%3Cscript%3E").text


def test_what_may_stay_empty_is_marked(browser):
    page = browser.get("/get-help").text
    for field in ("hic", "hb", "hm"):
        assert "(optional)" in page.partition(f'for="{field}"')[2].partition("</label>")[0]


def test_what_is_missing_is_said_at_its_field_and_what_was_typed_stays(browser):
    page = browser.post("/get-help", "/get-help", HELP | {"contact": " ", "reason": "x"})
    assert page.status_code == 422
    assert "<title>Error:" in page.text
    assert 'href="#hc"' in page.text
    assert 'href="#r-code-expired"' in page.text
    assert 'value="Rosa Vega"' in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert browser.post("/get-help", "/get-help", HELP | {"contact": "x" * 300}).status_code == 422


@pytest.mark.parametrize("path", ["/get-help", "/guest-appointment"])
def test_a_form_from_elsewhere_is_refused(client, path):
    assert client.post(path, data=HELP | GUEST).status_code == 400
    assert client.post(path, data=HELP | GUEST, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 400


@pytest.mark.parametrize("path", ["/get-help", "/guest-appointment"])
def test_asking_is_limited_as_trying_a_code_is(app_with, path):
    client = app_with(secrets_per_minute=2).test_client()
    assert [client.post(path).status_code for _ in range(3)] == [400, 400, 429]


def test_a_guest_asks_for_an_appointment_and_the_page_says_that_none_is_made_S63(browser):
    page = browser.get("/guest-appointment").text
    assert "schedules no appointment" in page
    assert '<option value="TX-HOU-01">' in page
    assert browser.post("/guest-appointment", "/guest-appointment", GUEST).location == "/guest-appointment/sent"
    assert "No appointment is made yet" in browser.get("/guest-appointment/sent").text


def test_the_location_chosen_last_is_the_guests_S63(browser):
    browser.get("/r/texas/locations/TX-HOU-01")
    assert '<option value="TX-HOU-01" selected>' in browser.get("/guest-appointment").text


@pytest.mark.parametrize(("field", "value"), [("firstName", ""), ("phone", "call me"), ("locationId", "")])
def test_a_guests_mistake_is_said_at_its_field(browser, field, value):
    page = browser.post("/guest-appointment", "/guest-appointment", GUEST | {field: value})
    assert page.status_code == 422
    assert f'href="#g-{field}"' in page.text
    assert 'value="X-ray, left arm"' in page.text


def test_guest_appointments_are_reached_from_get_help_and_the_third_way_S63(browser):
    for page in ("/get-help", "/enter"):
        assert 'href="/guest-appointment"' in browser.get(page).text


def test_staff_see_the_queue_and_say_first_how_they_checked_S70(desk):
    page = desk.get(QUEUE)
    assert page.headers["Cache-Control"] == "no-store"
    assert page.text.index("This is not my exam") < page.text.index("My I-Code has expired")
    assert "rosa@example.org" in page.text
    assert "Rosa &lt;b&gt;Vega" in page.text
    assert "Expired Nov 20, 2026 · Houston, Medical Center" in page.text
    assert f'href="{QUEUE}?state=open&amp;cursor=50"' in page.text
    refused = desk.post(QUEUE, f"{QUEUE}/r1/grant", {"note": "they sounded honest"})
    assert refused.status_code == 422
    assert "Say how you checked who asks." in refused.text


def test_staff_grant_and_refuse_S70(desk, services):
    granted = desk.post(QUEUE, f"{QUEUE}/r1/grant", {"verifiedBy": "photo-id", "note": ""})
    assert granted.location == f"{QUEUE}?done=grant"
    assert "The request was granted." in desk.get(granted.location).text
    assert services.last("identity", f"{QUEUE}/r1/grant")[1] == "POST"
    assert desk.post(QUEUE, f"{QUEUE}/r1/refusal", {"note": " "}).status_code == 422
    assert desk.post(QUEUE, f"{QUEUE}/r1/refusal", {"note": "no answer"}).location == f"{QUEUE}?done=refusal"


def test_a_grant_that_identity_refuses_says_why(desk):
    page = desk.post(QUEUE, f"{QUEUE}/r2/grant", {"verifiedBy": "photo-id"})
    assert page.status_code == 409
    assert "did not come with the right I-Code" in page.text


def test_the_answered_have_no_forms(desk):
    assert "/grant" not in desk.get(f"{QUEUE}?state=granted").text


def test_staff_see_what_guests_asked_for_S63(desk):
    page = desk.get("/staff/guest-appointments").text
    for shown in ("Mia Vega", "With Rosa Vega", "713-555-0000", "X-ray, left arm", "Houston, Medical Center"):
        assert shown in page
    assert f'href="{QUEUE}"' in page


@pytest.mark.parametrize("path", [QUEUE, "/staff/guest-appointments"])
def test_patients_and_strangers_see_no_requests(browser, path):
    assert browser.get(path).location == "/staff"
    assert browser.enter().get(path).status_code == 404


def test_the_pages_speak_spanish(desk):
    desk.get("/language/es")
    for path, said in (
        ("/get-help", "Respondemos en un día hábil"), ("/get-help/sent", "Recibimos su solicitud"),
        ("/guest-appointment", "Cita como invitado"), ("/guest-appointment/sent", "Todavía no hay ninguna cita"),
        (QUEUE, "¿Cómo se comprobó?"), ("/staff/guest-appointments", "Citas de invitados"),
    ):  # fmt: skip
        assert said in desk.get(path).text, path
