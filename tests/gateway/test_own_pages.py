"""One's own account: preferences, notices, visits added, address, password, data, its end; activity and devices."""

import json

import pytest

PAGES = ("/me", "/me/email", "/me/password", "/me/close", "/me/activity", "/me/devices")


@pytest.fixture
def owner(browser):
    """A browser in which an account is logged in."""
    return browser.log_in()


def body_of(services, path):
    return json.loads(services.last("identity", path)[4])


def asked_of(services, method, path):
    return [one for one in services.asked if one[1:3] == (method, path)]


def test_the_account_says_what_it_is_and_where_its_doors_are(owner, services):
    services.me |= {"userId": "marisol", "email": "m•••••l@example.com"}
    page = owner.get("/me")
    assert page.headers["Cache-Control"] == "no-store"
    for shown in ("marisol", "m•••••l@example.com", "My phone", "9 recovery codes are left.", "not used yet"):
        assert shown in page.text
    for door in (
        "/me/email",
        "/me/password",
        "/me/second-factors/new",
        "/me/recovery-codes",
        "/me/export",
        "/me/close",
    ):
        assert f'href="{door}"' in page.text
    assert 'href="/me/second-factors/removal?factor=f1"' in page.text


@pytest.mark.parametrize("path", PAGES)
def test_nobody_else_has_these_pages(browser, path):
    assert browser.enter().get(path).status_code == 404


@pytest.mark.parametrize("path", PAGES)
def test_whoever_asks_for_them_logs_in_first_and_comes_back(browser, path):
    assert browser.get(path).location == "/enter"
    assert browser.post("/enter", "/enter/account", {"userId": "marisol", "password": "right"}).location == path


def test_an_icode_leads_to_its_exams_whatever_was_asked_for_before(browser):
    browser.get("/me")
    assert browser.post("/enter", "/enter/icode", {"icode": "7K2MQ-4XW9-P3TB"}).location == "/exams"


def test_language_and_theme_are_chosen_and_hold_at_once(owner, services):
    chosen = owner.post("/me", "/me/preferences", {"language": "es", "theme": "dark"})
    assert chosen.location == "/me?saved=preferences"
    assert body_of(services, "/me/preferences") == {"language": "es", "theme": "dark"}
    page = owner.get("/me?saved=preferences").text
    assert '<html lang="es" data-theme="dark">' in page
    assert 'name="color-scheme" content="dark"' in page
    assert "Su elección está guardada." in page
    owner.post("/me", "/me/preferences", {"language": "en", "theme": "auto"})
    assert '<html lang="en">' in owner.get("/me").text


def test_whoever_reads_spanish_is_not_given_english_by_choosing_a_theme(owner, services):
    services.me |= {"language": "en"}
    owner.get("/language/es")
    assert 'value="es" checked' in owner.get("/me").text


@pytest.mark.parametrize("fields", [{"language": "fr", "theme": "dark"}, {"language": "en", "theme": "pink"}, {}])
def test_what_cannot_be_chosen_changes_nothing(owner, services, fields):
    assert owner.post("/me", "/me/preferences", fields).location == "/me"
    assert not asked_of(services, "PATCH", "/me/preferences")


def test_language_and_theme_of_the_account_come_with_its_log_in(browser, services):
    services.me |= {"language": "es", "theme": "light"}
    browser.log_in()
    assert '<html lang="es" data-theme="light">' in browser.get("/exams").text


def test_a_browser_that_prefers_spanish_stays_so_whatever_the_record_says(browser, services):
    services.me |= {"language": "en"}
    browser.log_in()
    assert 'lang="es"' in browser.get("/exams", headers={"Accept-Language": "es"}).text


def test_a_language_chosen_in_this_browser_stays_at_log_in(browser, services):
    services.me |= {"language": "es"}
    browser.get("/language/en")
    browser.log_in()
    assert '<html lang="en"' in browser.get("/exams").text


def test_the_account_knows_a_browser_again_by_a_name_that_it_keeps(browser, services):
    for _ in range(2):
        browser.log_in()
    first, second = [one[3]["X-Portal-Device"] for one in services.asked if one[1:3] == ("POST", "/sessions")]
    assert first == second == browser.client.get_cookie("device").value
    assert browser.client.get_cookie("device").http_only


def test_notices_can_be_stopped_one_by_one_and_come_back(owner, services):
    assert owner.get("/me").text.count('name="wanted"') == 4
    answer = owner.post("/me", "/me/notices", {"wanted": ["report-available", "share-opened"]})
    assert answer.location == "/me?saved=notices"
    assert services.unwanted == {"images-available", "new-login"}
    assert owner.get("/me").text.count('value="new-login">') == 1, "unticked"
    owner.post("/me", "/me/notices", {"wanted": ["report-available", "share-opened", "new-login", "images-available"]})
    assert services.unwanted == set()


def test_whoever_misses_mails_since_they_come_back_is_told(owner, services):
    assert "come back to us" not in owner.get("/me").text
    services.is_address_refused = True
    assert "Emails to this address come back to us" in owner.get("/me").text


def test_a_visit_is_added_and_the_session_sees_it(owner, services):
    before = services.refreshed
    assert owner.post("/me", "/me/icodes", {"icode": "7K2MQ-4XW9-P3TB"}).location == "/me?saved=visit"
    assert body_of(services, "/me/icodes") == {"icode": "7K2MQ-4XW9-P3TB"}
    assert services.refreshed == before + 1
    assert "Its exams are in the list." in owner.get("/me?saved=visit").text


@pytest.mark.parametrize("code", ["", "ZZZZZ-0000-0000"])
def test_a_wrong_icode_is_named_tried_once_and_nobody_is_logged_out(owner, services, code):
    page = owner.post("/me", "/me/icodes", {"icode": code})
    assert page.status_code == 422
    assert '<a href="#m-icode">' in page.text
    assert len(asked_of(services, "POST", "/me/icodes")) == (1 if code else 0)
    assert owner.get("/me").status_code == 200


def test_a_visit_of_somebody_else_is_not_added_and_the_page_says_how_to_see_it(owner):
    page = owner.post("/me", "/me/icodes", {"icode": "OTHER"})
    assert page.status_code == 409
    assert "To see them, log out and enter the I-Code." in page.text


def test_a_date_of_birth_is_asked_for_where_it_is_needed(owner, services):
    page = owner.post("/me", "/me/icodes", {"icode": "BORN"})
    assert page.status_code == 422
    assert 'name="dateOfBirth" type="date"' in page.text
    fields = {"icode": "BORN", "dateOfBirth": "1984-03-14"}
    assert owner.post("/me", "/me/icodes", fields).location == "/me?saved=visit"
    assert body_of(services, "/me/icodes") == fields


def test_an_address_is_changed_by_the_code_that_it_gets(owner, services):
    asked = owner.post("/me/email", "/me/email", {"email": "new@example.com", "password": "right"})
    assert asked.location == "/me/email/code"
    page = owner.get("/me/email/code").text
    assert "n•••••w@example.com" in page
    assert "new@example.com" not in page
    assert owner.post("/me/email/code", "/me/email/code", {"code": "1"}).status_code == 422
    assert owner.post("/me/email/code", "/me/email/code", {"code": "123 456"}).location == "/me?saved=email"
    assert body_of(services, "/me/email/mail-1") == {"code": "123456"}
    assert owner.get("/me/email/code").location == "/me/email"


@pytest.mark.parametrize(
    ("fields", "anchor"),
    [
        ({"email": "new"}, "m-email"),
        ({"password": ""}, "m-password"),
        ({"password": "wrong"}, "m-password"),
        ({"email": "often@example.com"}, "m-email"),
    ],
)
def test_why_an_address_is_not_changed_is_named(owner, fields, anchor):
    page = owner.post("/me/email", "/me/email", {"email": "new@example.com", "password": "right"} | fields)
    assert page.status_code == 422
    assert f'<a href="#{anchor}">' in page.text


def test_another_password_is_chosen(owner, services):
    fields = {"password": "right", "newPassword": "four words of hers"}
    assert owner.post("/me/password", "/me/password", fields).location == "/me?saved=password"
    assert body_of(services, "/me/password") == fields
    assert "Everybody else who was logged in is logged out." in owner.get("/me?saved=password").text


@pytest.mark.parametrize(
    ("fields", "anchor", "words"),
    [
        ({"password": "wrong"}, "m-password", "That is not your password."),
        ({"password": ""}, "m-password", "Enter your password."),
        ({"newPassword": ""}, "m-newPassword", "Choose a password of 15 to 128 characters."),
        ({"newPassword": "short"}, "m-newPassword", "Choose a password of 15 to 128 characters."),
    ],
)
def test_why_a_password_is_not_changed_is_named(owner, fields, anchor, words):
    sent = {"password": "right", "newPassword": "four words of hers"} | fields
    page = owner.post("/me/password", "/me/password", sent)
    assert page.status_code == 422
    assert f'<a href="#{anchor}">{words}</a>' in page.text
    assert "four words of hers" not in page.text


def test_the_accounts_data_come_as_a_file(owner):
    file = owner.get("/me/export")
    assert file.json == {"userId": "marisol"}
    assert file.headers["Content-Disposition"] == 'attachment; filename="account.json"'
    assert file.headers["Cache-Control"] == "no-store"


def test_closing_says_what_ends_and_needs_the_password(owner, services):
    page = owner.get("/me/close").text
    for said in ("This cannot be undone", "All links that you shared end.", "An I-Code still opens them."):
        assert said in page
    refused = owner.post("/me/close", "/me/close", {"password": "wrong"})
    assert refused.status_code == 422
    assert "That is not your password." in refused.text
    closed = owner.post("/me/close", "/me/close", {"password": "right"})
    assert closed.location == "/enter?closed=1"
    assert closed.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert "Your account is closed." in owner.get("/enter?closed=1").text
    assert owner.get("/me").location == "/enter"


def test_activity_says_who_opened_what_and_from_where(owner):
    page = owner.get("/me/activity").text
    for shown in ("Opened the link", "Dr. &lt;b&gt;Grey", "Firefox", "203.0.113.x", "Mon, Nov 23, 3:30 pm"):
        assert shown in page
    assert 'href="/exams/e1/visit"' in page
    assert 'href="/me/activity?cursor=7"' in page
    assert 'href="/get-help?reason=not-my-account"' in page
    assert "Next page" not in owner.get("/me/activity?cursor=7").text


def test_devices_are_listed_this_one_first_and_it_alone_cannot_be_ended(owner, services):
    page = owner.get("/me/devices").text
    assert page.index("This device") < page.index("iPhone")
    assert page.count('action="/me/devices/end"') == 1
    assert owner.post("/me/devices", "/me/devices/end", {"device": "d2"}).location == "/me/devices?done=1"
    assert asked_of(services, "DELETE", "/me/devices/d2")
    assert owner.post("/me/devices", "/me/devices/end", {"device": "gone"}).location == "/me/devices?done=1"


def test_all_other_devices_are_ended_together(owner, services):
    assert owner.post("/me/devices", "/me/devices/end-others", {}).location == "/me/devices?done=1"
    assert asked_of(services, "DELETE", "/me/devices/d2")
    assert not asked_of(services, "DELETE", "/me/devices/d1")


@pytest.mark.parametrize("path", ["/me/icodes", "/me/email", "/me/email/code", "/me/password", "/me/close"])
def test_tries_are_limited_and_forms_from_elsewhere_refused(app_with, path):
    client = app_with(secrets_per_minute=2).test_client()
    elsewhere = {"Sec-Fetch-Site": "cross-site"}
    assert [client.post(path, headers=elsewhere).status_code for _ in range(3)] == [400, 400, 429]


def test_they_speak_spanish(owner):
    owner.get("/language/es")
    for path, said in zip(
        PAGES,
        ("Mi cuenta", "Cambiar el correo", "Cambiar la contraseña", "Cerrar mi cuenta", "Actividad", "Dispositivos"),
        strict=True,
    ):
        assert said in owner.get(path).text, path
