"""Create a new account in four steps, over identity as the gateway sees it (S18 to S22, S62)."""

import json

import pytest

ABOUT = {
    "firstName": "Marisol", "lastName": "Vega", "month": "3", "day": "14", "year": "1984", "sex": "F", "zip": "77030",
    "phone": "713-555-0142", "locationId": "TX-HOU-01",
}  # fmt: skip
ANSWERS = {"question": ["k1", "k2"], "q-k1": "c1", "q-k2": "c2"}
CREDENTIALS = {"userId": "marisol", "email": "marisol@example.com", "password": "four words of hers"}
STEPS = (("/register/1", ABOUT), ("/register/2", ANSWERS), ("/register/3", CREDENTIALS))


def step(browser, page, fields):
    return browser.post(page, page, fields)


def at_step(browser, number):
    """Take the steps before *number*."""
    for page, fields in STEPS[: number - 1]:
        step(browser, page, fields)
    return browser


def body_of(services, path):
    return json.loads(services.last("identity", path)[4])


def test_four_steps_lead_to_an_account_and_to_log_in_S18_S19_S20_S21_S22(browser, services):
    for number, (page, fields) in enumerate(STEPS, 1):
        shown = browser.get(page).text
        assert f"step {number} of 4" in shown
        assert f'<li aria-current="step"><span>{number}. ' in shown
        assert step(browser, page, fields).location == f"/register/{number + 1}"
    assert step(browser, "/register/4", {"code": "123 456"}).location == "/register/done"
    done = browser.get("/register/done").text
    assert "You’re done — click Log In" in done
    assert '<a class="btn" href="/enter">Log In</a>' in done
    assert body_of(services, "/registrations/reg-1/validation") == {"code": "123456"}


def test_step_1_sends_what_was_typed_with_the_day_as_one_date_S18(browser, services):
    step(browser, "/register/1", ABOUT | {"invitationCode": ""})
    plain = {name: value for name, value in ABOUT.items() if name not in {"month", "day", "year"}}
    assert body_of(services, "/registrations") == plain | {"dateOfBirth": "1984-03-14"}


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("firstName", "Enter your first name"),
        ("lastName", "Enter your last name"),
        ("month", "Choose the month you were born."),
        ("day", "Enter the day you were born."),
        ("year", "Enter the year you were born, with 4 numbers."),
        ("sex", "Choose your sex as it is on record."),
        ("zip", "Enter your ZIP code, 5 numbers."),
        ("phone", "Enter your phone number, with the area code."),
        ("locationId", "Choose the location of your visit."),
    ],
)
def test_a_missing_field_is_named_at_the_field_and_nothing_goes_on_S18(browser, services, field, words):
    page = step(browser, "/register/1", ABOUT | {field: " "})
    assert page.status_code == 422
    assert "<title>Error:" in page.text
    assert f'<a href="#r-{field}">{words}</a>' in page.text
    assert page.text.count(words) == 2, "in the summary and at the field"
    assert not [one for one in services.asked if one[2] == "/registrations"]
    assert browser.get("/register/2").location == "/register/1"


@pytest.mark.parametrize(
    ("born", "field"), [({"day": "31", "month": "4"}, "day"), ({"year": "84"}, "year"), ({"day": "x"}, "day")]
)
def test_a_day_that_is_not_in_the_calendar_is_named_S18(browser, born, field):
    page = step(browser, "/register/1", ABOUT | born)
    assert page.status_code == 422
    assert f'href="#r-{field}"' in page.text


def test_what_was_typed_stays_and_what_identity_refuses_is_named_too_S18(browser):
    page = step(browser, "/register/1", ABOUT | {"zip": "x", "firstName": "<i>Marisol"})
    assert page.status_code == 422
    assert 'href="#r-zip"' in page.text
    assert 'value="&lt;i&gt;Marisol"' in page.text
    assert '<option value="TX-HOU-01" selected>' in page.text
    assert '<option value="3" selected>March</option>' in page.text


def test_minors_are_shown_the_icode_and_the_guests_appointment_S62_S63_S64(browser):
    page = step(browser, "/register/1", ABOUT | {"year": "2015"})
    assert page.status_code == 403
    assert 'role="alert"' in page.text
    assert "Minors cannot create accounts in the Patient Portal." in page.text
    assert "they must be accessed using the I-Code given at the time of the exam." in page.text
    assert 'href="/guest-appointment"' in page.text
    assert browser.get("/register/2").location == "/register/1"


def test_an_invitation_takes_the_place_of_the_questions(browser, services):
    assert step(browser, "/register/1", ABOUT | {"invitationCode": "GOOD"}).location == "/register/3"
    assert body_of(services, "/registrations")["invitationCode"] == "GOOD"


def test_a_wrong_invitation_is_named_at_its_field_which_is_open(browser):
    page = step(browser, "/register/1", ABOUT | {"invitationCode": "BAD"})
    assert page.status_code == 422
    assert '<a href="#r-invitationCode">That invitation code is not right, or too old.</a>' in page.text
    assert '<details class="fold gap-t" open>' in page.text


def test_the_location_chosen_last_is_chosen_S16(browser):
    browser.get("/r/texas/locations/TX-HOU-02")
    assert '<option value="TX-HOU-02" selected>' in browser.get("/register/1").text


def test_all_questions_are_to_be_answered_S19(browser, services):
    at_step(browser, 2)
    page = step(browser, "/register/2", {"question": ["k1", "k2"], "q-k1": "c1"})
    assert page.status_code == 422
    assert '<a href="#q-k2">Which doctor? Choose an answer.</a>' in page.text
    assert 'value="c1" checked' in page.text
    assert not [one for one in services.asked if one[2].endswith("/answers")]


def test_wrong_answers_lead_to_get_help_and_the_icode_S19(browser):
    at_step(browser, 2)
    page = step(browser, "/register/2", ANSWERS | {"q-k2": "c1"})
    assert page.status_code == 403
    assert "We can’t verify your identity." in page.text
    assert 'href="/get-help?reason=cannot-register"' in page.text
    assert browser.get("/register/3").location == "/register/2"


@pytest.mark.parametrize(
    ("changed", "field", "words"),
    [
        ({"userId": "taken"}, "userId", "That User ID is taken. Choose another."),
        ({"userId": ""}, "userId", "Choose a User ID of letters and numbers, 64 at most."),
        ({"email": ""}, "email", "Enter your email address, like name@example.com."),
        ({"password": ""}, "password", "Choose a password of 15 to 128 characters."),
        ({"password": "short"}, "password", "Many people use that password, so it is soon guessed. Choose another."),
    ],
)
def test_what_is_wrong_with_user_id_email_and_password_is_named_S20(browser, changed, field, words):
    at_step(browser, 3)
    page = step(browser, "/register/3", CREDENTIALS | changed)
    assert page.status_code == 422
    assert f'<a href="#r-{field}">{words}</a>' in page.text
    assert "four words of hers" not in page.text
    assert browser.get("/register/4").location == "/register/3"


def test_the_page_of_the_code_shows_the_address_masked_S21(browser):
    page = at_step(browser, 4).get("/register/4")
    assert "A verification email was sent to the address you provided." in page.text
    assert "m•••••l@example.com" in page.text
    assert "marisol@example.com" not in page.text
    assert page.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("code", ["", "000000"])
def test_a_wrong_code_is_refused_and_the_right_one_still_passes_S22(browser, code):
    at_step(browser, 4)
    page = step(browser, "/register/4", {"code": code})
    assert page.status_code == 422
    assert 'href="#r-code"' in page.text
    assert step(browser, "/register/4", {"code": "123456"}).location == "/register/done"
    assert browser.get("/register/4").location == "/register/1", "a registration that is done is not gone on with"


def test_another_code_is_sent_for_the_asking_S21(browser, services):
    at_step(browser, 4)
    assert browser.post("/register/4", "/register/4/code", {}).location == "/register/4?sent=1"
    assert services.last("identity", "/registrations/reg-1/validation-codes")[1] == "POST"
    assert "A new code is on its way." in browser.get("/register/4?sent=1").text


def test_a_registration_that_is_over_says_so_and_can_begin_again(browser):
    at_step(browser, 3)
    page = step(browser, "/register/3", CREDENTIALS | {"userId": "late"})
    assert page.status_code == 410
    assert "This registration is over" in page.text
    assert browser.get("/register/3").location == "/register/1"


@pytest.mark.parametrize("page", ["/register/2", "/register/3", "/register/4"])
def test_no_step_comes_before_its_turn(browser, page):
    assert browser.get(page).location == "/register/1"
    assert at_step(browser, 2).get(page).location == (None if page == "/register/2" else "/register/2")


def test_no_address_and_no_cookie_tells_of_the_registration(browser):
    at_step(browser, 4)
    assert "reg-1" not in browser.get("/register/4").text
    assert "reg-1" not in browser.client.get_cookie("portal").value


@pytest.mark.parametrize("page", ["/register/1", "/register/2", "/register/3", "/register/4", "/register/4/code"])
def test_its_forms_are_believed_from_its_pages_alone_and_limited(app_with, page):
    client = app_with(secrets_per_minute=2).test_client()
    assert [client.post(page, data=ABOUT).status_code for _ in range(3)] == [400, 400, 429]


def test_it_speaks_spanish_and_asks_identity_to(browser, services):
    browser.get("/language/es")
    for page, said in (
        ("/register/1", "Cuéntenos sobre usted"), ("/register/2", "Verifique su identidad"),
        ("/register/3", "Cree su ID de usuario y correo"), ("/register/4", "Verificación del correo"),
        ("/register/done", "Cuenta creada"),
    ):  # fmt: skip
        number = 4 if page == "/register/done" else int(page[-1])
        fresh = at_step(browser, number) if number == 2 else browser
        if number == 3:
            step(browser, "/register/2", ANSWERS)
        if page == "/register/4":
            step(browser, "/register/3", CREDENTIALS)
        assert said in fresh.get(page).text, page
    assert services.last("identity", "/registrations/reg-1/credentials")[3]["Accept-Language"] == "es"


def test_a_user_id_that_somebody_took_while_the_mail_was_on_its_way_is_chosen_anew_S20(browser):
    at_step(browser, 4)
    page = step(browser, "/register/4", {"code": "222222"})
    assert page.status_code == 409
    assert "That User ID is taken. Choose another." in page.text
    assert browser.get("/register/4").location == "/register/3"
    assert step(browser, "/register/3", CREDENTIALS).location == "/register/4"


@pytest.mark.parametrize(("told", "count"), [({}, 1), ({"mayOpenAccount": True}, 1), ({"mayOpenAccount": False}, 0)])
def test_an_account_is_offered_beside_an_icodes_exams_but_not_to_minors_S62(browser, services, told, count):
    services.me = told
    page = browser.enter().get("/exams").text
    assert page.count('<a href="/register/1">') == count
