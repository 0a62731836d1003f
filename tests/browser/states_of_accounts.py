"""What an account's owner sees of it: a second step set up and removed, codes, mistakes in each of its forms.

What takes the right password stands first: wrong ones make it wait.
"""

import secrets

from playwright.sync_api import Page, expect

from tests.browser.cast import PASSWORD, Cast
from tests.browser.states import State, at, sent


def email_code(page: Page, cast: Cast, has: dict[str, str]) -> None:
    """Come to the code that a new address got; one mail is for all who come."""
    page.goto(f"{cast.facts.portal_url}/me/email/code")
    if page.locator("#m-email").count():
        page.locator("#m-email").fill(f"quilla.{secrets.token_hex(4)}@example.org")
        page.locator("#m-password").fill(PASSWORD)
        page.locator("#m-password").press("Enter")
    page.wait_for_url("**/me/email/code")


def app_code(page: Page, cast: Cast, has: dict[str, str]) -> None:
    """Come to the secret for an authenticator app."""
    page.goto(f"{cast.facts.portal_url}/me/second-factors/confirmation")
    if page.locator("#m-kind").count():
        page.locator("#m-password").fill(PASSWORD)
        page.locator("#m-password").press("Enter")
    page.wait_for_url("**/me/second-factors/confirmation")
    expect(page.locator("#secret")).to_be_visible()


def recovery_codes(page: Page, cast: Cast, has: dict[str, str]) -> None:
    """Be shown new recovery codes."""
    page.goto(f"{cast.facts.portal_url}/me/recovery-codes")
    page.locator("#m-password").fill(PASSWORD)
    page.locator("#m-password").press("Enter")
    expect(page.locator("#codes")).to_be_visible()


REMOVAL = at("/me/second-factors/removal?factor={}", "factor_id")
STATES = (
    State("a wrong I-Code for a visit", "account", sent(at("/me"), {"#m-icode": "ZZZZZ-0000-0000"}, "#m-icode")),
    State("no I-Code for a visit", "account", sent(at("/me"), among="#m-icode")),
    State("My account with a second step, from whose address mail comes back", "careful", at("/me")),
    State("My account with a choice saved", "account", at("/me?saved=preferences")),
    State("a new address's code", "account", email_code),
    State("an app's code", "account", app_code),
    State("recovery codes", "careful", recovery_codes),
    State("a second step to be removed", "careful", REMOVAL),
    State("a new address's wrong code", "account", sent(email_code, {"#m-code": "000000"})),
    State("an app's wrong code", "account", sent(app_code, {"#m-code": "000000"})),
    State("a new address with nothing filled in", "account", sent(at("/me/email"))),
    State("another password with nothing filled in", "account", sent(at("/me/password"))),
    State("a second step with nothing filled in", "account", sent(at("/me/second-factors/new"))),
    State("a removal without the password", "careful", sent(REMOVAL)),
    State("recovery codes without the password", "careful", sent(at("/me/recovery-codes"))),
    State("an account's end without the password", "account", sent(at("/me/close"))),
)
