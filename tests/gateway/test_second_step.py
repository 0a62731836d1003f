"""The second step of a log-in, and a passkey in place of it all."""

import json

import pytest

STEP = "/enter/second-factor"
FIT = json.dumps({"id": "a2V5"})


@pytest.fixture
def half_in(browser):
    """A browser whose password was right, at the second step."""
    answer = browser.post("/enter", "/enter/account", {"userId": "careful", "password": "right"})
    assert answer.location == STEP
    return browser


def give(browser, **fields):
    return browser.post(STEP, STEP, fields)


def test_the_password_alone_opens_nothing(half_in):
    page = half_in.get(STEP)
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    assert half_in.get("/exams").location == "/enter"


def test_all_its_ways_are_offered_the_passkey_where_scripts_run(half_in):
    page = half_in.get(STEP).text
    assert 'name="code" inputmode="numeric" autocomplete="one-time-code"' in page
    assert "Use a recovery code" in page
    passkey = page[page.index('data-passkey="get"') :].partition(">")[0]
    assert "&#34;challenge&#34;: &#34;Y2hhbGxlbmdl&#34;" in passkey
    assert passkey.endswith(" data-js hidden")


@pytest.mark.parametrize(
    "fields",
    [
        {"method": "totp", "code": " 123 456 "},
        {"method": "recovery-code", "code": "aaaa-bbb0"},
        {"method": "passkey", "credential": FIT},
    ],
)
def test_what_fits_lets_in_and_the_step_is_over(half_in, fields):
    assert give(half_in, **fields).location == "/exams"
    assert half_in.get("/exams").status_code == 200
    assert half_in.get(STEP).location == "/enter"


@pytest.mark.parametrize(
    ("fields", "anchor", "words"),
    [
        ({"method": "totp", "code": "111111"}, "totp-code", "That code does not fit."),
        ({"method": "totp", "code": " "}, "totp-code", "Enter the code."),
        ({"method": "recovery-code", "code": "x"}, "spare-code", "That recovery code does not fit"),
        ({"method": "passkey", "credential": '{"id": "eg"}'}, "use-passkey", "That passkey does not fit."),
        ({"method": "passkey", "credential": "[1]"}, "totp-code", "Enter the code."),
        ({"method": "passkey", "credential": "[" * 9000}, "totp-code", "Enter the code."),
        ({"method": "guess", "code": "1"}, "totp-code", "Enter the code."),
    ],
)
def test_what_does_not_fit_is_told_where_it_was_given(half_in, fields, anchor, words):
    page = give(half_in, **fields)
    assert page.status_code == 422
    assert "<title>Error:" in page.text
    assert f'<a href="#{anchor}">{words}' in page.text
    assert f'id="{anchor}"' in page.text
    assert half_in.get("/exams").location == "/enter"


def test_a_wrong_recovery_code_leaves_its_fold_open(half_in):
    assert '<details class="fold" open>' in give(half_in, method="recovery-code", code="x").text
    assert '<details class="fold">' in half_in.get(STEP).text


def test_a_step_that_took_too_long_leads_back_to_the_first(half_in):
    page = give(half_in, method="totp", code="000000")
    assert page.status_code == 410
    assert "That took too long, or was tried too often. Log in again." in page.text
    assert half_in.get(STEP).location == "/enter"


def test_ten_passkeys_with_the_longest_ids_do_not_shut_their_owner_out(browser):
    browser.log_in("collector")
    page = browser.get(STEP).text
    assert page.count("public-key") == 2
    assert give(browser, method="totp", code="123456").location == "/exams"


def test_whoever_is_at_no_second_step_is_led_to_the_first(browser):
    assert browser.get(STEP).location == "/enter"


def test_the_page_asked_for_before_is_gone_to_after_the_second_step(browser):
    browser.get("/exams/e1/report")
    browser.post("/enter", "/enter/account", {"userId": "careful", "password": "right"})
    assert give(browser, method="totp", code="123456").location == "/exams/e1/report"


def test_a_passkey_alone_logs_in(browser, services):
    token = browser.get("/enter").text.partition('data-token="')[2].partition('"')[0]
    asked = browser.client.post("/enter/passkey/options.json", data={"csrf": token})
    assert asked.json["challenge"] == "Y2hhbGxlbmdl"
    assert asked.headers["Cache-Control"] == "no-store"
    assert browser.post("/enter", "/enter/passkey", {"credential": FIT}).location == "/exams"
    heard = services.last("identity", "/passkey-sessions")
    assert json.loads(heard[4]) == {"challengeId": "pk1", "credential": {"id": "a2V5"}}
    assert heard[3]["X-Portal-Web"] == "1"


@pytest.mark.parametrize("credential", ['{"id": "eg"}', "", "nonsense"])
def test_another_passkey_is_told_at_the_log_in(browser, credential):
    token = browser.get("/enter").text.partition('data-token="')[2].partition('"')[0]
    browser.client.post("/enter/passkey/options.json", data={"csrf": token})
    page = browser.post("/enter", "/enter/passkey", {"credential": credential})
    assert page.status_code == 422
    assert "That passkey does not open an account here." in page.text
    assert browser.get("/exams").location == "/enter"


def test_a_passkey_is_answered_for_its_own_question_alone(browser):
    assert browser.post("/enter", "/enter/passkey", {"credential": FIT}).status_code == 422


@pytest.mark.parametrize("path", [STEP, "/enter/passkey", "/enter/passkey/options.json"])
def test_forms_from_elsewhere_are_refused_and_tries_limited(app_with, path):
    client = app_with(secrets_per_minute=2).test_client()
    assert [client.post(path).status_code for _ in range(3)] == [400, 400, 429]


def test_it_speaks_spanish(half_in):
    half_in.get("/language/es")
    assert "Un paso más" in half_in.get(STEP).text
