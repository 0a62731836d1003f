"""Second factors and recovery codes of one's own account."""

import json

import pytest

NEW, CONFIRM = "/me/second-factors/new", "/me/second-factors/confirmation"
REMOVAL, RECOVERY = "/me/second-factors/removal", "/me/recovery-codes"
APP = {"kind": "totp", "name": "My phone", "password": "right"}


@pytest.fixture
def owner(browser):
    """A browser in which an account is logged in."""
    return browser.log_in()


@pytest.fixture
def begun(owner):
    """A browser in which an authenticator app waits for its confirmation."""
    assert owner.post(NEW, NEW, APP).location == CONFIRM
    return owner


def body_of(services, path):
    return json.loads(services.last("identity", path)[4])


def test_an_app_is_set_up_by_a_qr_code_or_its_key_and_a_code(begun, services):
    assert body_of(services, "/me/second-factors") == APP
    page = begun.get(CONFIRM)
    assert page.headers["Cache-Control"] == "no-store"
    assert "JBSW Y3DP EHPK 3PXP" in page.text
    assert "otpauth:" not in page.text
    assert '<img src="/me/second-factors/qr.svg"' in page.text
    picture = begun.get("/me/second-factors/qr.svg")
    assert picture.mimetype == "image/svg+xml"
    assert picture.headers["Cache-Control"] == "no-store"
    assert b"JBSW" not in picture.data
    codes = begun.post(CONFIRM, CONFIRM, {"code": "123 456"})
    assert body_of(services, "/me/second-factors/f2/confirmation") == {"code": "123456"}
    assert codes.text.count('<li class="code">') == 10
    assert "data-print" in codes.text
    assert "shown here and nowhere again" in codes.text
    assert begun.get(CONFIRM).location == NEW
    assert begun.get("/me/second-factors/qr.svg").status_code == 404


def test_a_wrong_code_can_be_tried_again_with_the_same_key(begun):
    for code in ("", "111111"):
        page = begun.post(CONFIRM, CONFIRM, {"code": code})
        assert page.status_code == 422
        assert '<a href="#m-code">' in page.text
        assert "JBSW Y3DP EHPK 3PXP" in page.text


def test_one_that_waited_too_long_begins_again(begun):
    page = begun.post(CONFIRM, CONFIRM, {"code": "000000"})
    assert page.status_code == 410
    assert "That took too long. Begin again." in page.text
    assert f'action="{NEW}"' in page.text


def test_a_passkey_is_made_by_the_browser_and_the_codes_there_are_stay(owner, services):
    assert owner.post(NEW, NEW, {"kind": "passkey", "name": "", "password": "right"}).location == CONFIRM
    assert body_of(services, "/me/second-factors") == {"kind": "passkey", "password": "right"}
    page = owner.get(CONFIRM).text
    assert 'data-passkey="create" data-options="{&#34;allowCredentials&#34;' in page
    assert "passkey.js" in page
    answer = owner.post(CONFIRM, CONFIRM, {"credential": json.dumps({"id": "a2V5"})})
    assert answer.location == "/me?saved=factor"
    assert "It is set up." in owner.get("/me?saved=factor").text


def test_passkeys_are_offered_where_scripts_run(owner):
    choice = '<label class="pick" data-passkeys hidden><input type="radio" name="kind" value="passkey"'
    assert choice in owner.get(NEW).text


@pytest.mark.parametrize(
    ("fields", "anchor"),
    [({"kind": ""}, "m-kind"), ({"kind": "sms"}, "m-kind"), ({"password": ""}, "m-password"),
     ({"password": "wrong"}, "m-password")],
)  # fmt: skip
def test_why_none_is_begun_is_named(owner, fields, anchor):
    page = owner.post(NEW, NEW, APP | fields)
    assert page.status_code == 422
    assert f'<a href="#{anchor}">' in page.text
    assert 'value="My phone"' in page.text
    assert owner.get(CONFIRM).location == NEW


def test_one_is_removed_by_the_password_and_the_page_says_what_that_means(owner, services):
    page = owner.get(f"{REMOVAL}?factor=f1").text
    assert "Remove “My phone”?" in page
    assert "It is the only one: your password alone then lets in" in page
    removed = owner.post(f"{REMOVAL}?factor=f1", REMOVAL, {"factor": "f1", "password": "right"})
    assert removed.location == "/me?saved=removed"
    assert services.last("identity", "/me/second-factors/f1")[1] == "DELETE"


@pytest.mark.parametrize(
    ("password", "status", "words"),
    [("wrong", 422, "That is not your password."), ("short", 409, "Alone, your password is too short.")],
)
def test_why_one_is_not_removed_is_named(owner, password, status, words):
    page = owner.post(f"{REMOVAL}?factor=f1", REMOVAL, {"factor": "f1", "password": password})
    assert page.status_code == status
    assert f'<a href="#m-password">{words}' in page.text


def test_what_is_not_there_is_not_asked_about(owner):
    assert owner.get(REMOVAL).location == "/me"
    assert owner.get(f"{REMOVAL}?factor=f9").location == "/me"


def test_new_recovery_codes_need_the_password(owner):
    assert owner.post(RECOVERY, RECOVERY, {"password": "wrong"}).status_code == 422
    made = owner.post(RECOVERY, RECOVERY, {"password": "right"})
    assert made.text.count('<li class="code">') == 10
    assert made.headers["Cache-Control"] == "no-store"


def test_the_secret_is_in_no_cookie_in_clear(begun):
    assert "JBSW" not in begun.client.get_cookie("portal").value


@pytest.mark.parametrize("path", [NEW, CONFIRM, REMOVAL, RECOVERY])
def test_only_its_own_account_and_pages_reach_them(app_with, browser, path):
    client = app_with(secrets_per_minute=2).test_client()
    elsewhere = {"Sec-Fetch-Site": "cross-site"}
    assert [client.post(path, headers=elsewhere).status_code for _ in range(3)] == [400, 400, 429]
    assert browser.enter().get(path).status_code == 404


def test_they_speak_spanish(begun):
    begun.get("/language/es")
    for path, said in (
        (NEW, "Configurar un segundo paso"), (CONFIRM, "Conecte su aplicación"),
        (f"{REMOVAL}?factor=f1", "¿Quitar «My phone»?"), (RECOVERY, "Crear códigos de recuperación nuevos"),
    ):  # fmt: skip
        assert said in begun.get(path).text, path
