"""A forgotten password or User ID: the same answer whether or not there is such an account."""

import json

import pytest

ASK, CODE, REMINDER = "/password-reset", "/password-reset/code", "/user-id-reminder"
NEW = {"code": "123 456", "password": "four words of hers"}


@pytest.fixture
def asked(browser):
    """A browser that asked for a code."""
    assert browser.post(ASK, ASK, {"who": "marisol"}).location == CODE
    return browser


@pytest.mark.parametrize(
    ("who", "body"),
    [("marisol", {"userId": "marisol"}), (" m@example.com ", {"email": "m@example.com"}), ("x", {"userId": "x"})],
)
def test_a_code_is_asked_for_by_user_id_or_address(browser, services, who, body):
    assert browser.post(ASK, ASK, {"who": who}).location == CODE
    assert json.loads(services.last("identity", "/password-resets")[4]) == body
    page = browser.get(CODE)
    assert "If there is an account, an email with a code is on its way." in page.text
    assert page.headers["Cache-Control"] == "no-store"


def test_nobody_in_particular_is_refused_at_the_field(browser):
    page = browser.post(ASK, ASK, {"who": " "})
    assert page.status_code == 422
    assert '<a href="#p-who">Enter your User ID or your email address.</a>' in page.text


def test_the_code_and_a_new_password_are_set_and_lead_to_log_in(asked, services):
    assert asked.post(CODE, CODE, NEW).location == "/password-reset/done"
    sent = json.loads(services.last("identity", "/password-resets/reset-1")[4])
    assert sent == {"code": "123456", "password": "four words of hers"}
    assert '<a class="btn" href="/enter">Log In</a>' in asked.get("/password-reset/done").text
    assert asked.get(CODE).location == ASK, "a reset that is done is not gone on with"


@pytest.mark.parametrize(
    ("changed", "field", "words"),
    [
        ({"code": "000000"}, "code", "That code is wrong or too old."),
        ({"code": ""}, "code", "Enter the code from the email."),
        ({"password": ""}, "password", "Choose a password of 15 to 128 characters."),
        ({"password": "short"}, "password", "Choose a password of 15 to 128 characters."),
        ({"password": "common"}, "password", "Many people use that password, so it is soon guessed. Choose another."),
    ],
)
def test_what_is_wrong_is_named_at_its_field_and_no_password_comes_back(asked, changed, field, words):
    page = asked.post(CODE, CODE, NEW | changed)
    assert page.status_code == 422
    assert "<title>Error:" in page.text
    assert f'<a href="#p-{field}">{words}</a>' in page.text
    assert "four words of hers" not in page.text
    assert asked.post(CODE, CODE, NEW).location == "/password-reset/done"


def test_without_having_asked_there_is_no_code_to_enter(browser):
    assert browser.get(CODE).location == ASK


def test_a_user_id_is_mailed_and_the_answer_tells_nothing(browser, services):
    assert browser.post(REMINDER, REMINDER, {"email": "m@example.com"}).location == "/user-id-reminder/sent"
    assert json.loads(services.last("identity", "/user-id-reminders")[4]) == {"email": "m@example.com"}
    page = browser.get("/user-id-reminder/sent").text
    assert "If an account has that address" in page
    assert "m@example.com" not in page


def test_what_is_no_address_is_named(browser):
    page = browser.post(REMINDER, REMINDER, {"email": "marisol"})
    assert page.status_code == 422
    assert '<a href="#p-email">Enter your email address, like name@example.com.</a>' in page.text


def test_both_are_reached_from_the_log_in(browser):
    page = browser.get("/enter").text
    assert f'href="{ASK}"' in page
    assert f'href="{REMINDER}"' in page


@pytest.mark.parametrize("path", [ASK, CODE, REMINDER])
def test_forms_from_elsewhere_are_refused_and_tries_limited(app_with, path):
    client = app_with(secrets_per_minute=2).test_client()
    assert [client.post(path).status_code for _ in range(3)] == [400, 400, 429]


def test_they_speak_spanish(asked):
    asked.get("/language/es")
    for path, said in (
        (ASK, "Una contraseña nueva"), (CODE, "Elija una contraseña nueva"), (REMINDER, "Su ID de usuario"),
        ("/user-id-reminder/sent", "Su ID de usuario"), ("/password-reset/done", "Su contraseña nueva está guardada"),
    ):  # fmt: skip
        assert said in asked.get(path).text, path
