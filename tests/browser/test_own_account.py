"""An account's owner looks after it: a second step, another password, other devices, how it looks, its end."""

import time

import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.cast import open_account
from tests.browser.walking import PASSWORD, a_page, log_in
from tests.browser.words import Words
from tests.flows.product import Facts, LocalProduct, wait_for
from tests.flows.ris import Ris, an_exam

ANOTHER = "another quiet walk by the sea"
STEP_S = 30


@pytest.fixture
def account(local_product: LocalProduct, local_facts: Facts) -> dict[str, str]:
    """User ID and password of somebody with one exam."""
    ris, exam, desk = Ris(local_facts), an_exam(), local_facts.staff_client()
    ris.order(exam)
    ris.complete(exam)
    found = wait_for(lambda: desk.get(f"/staff/visits?accession={exam.accession}").json["visits"])
    return open_account(local_product, local_facts, found[0]["patient"]["id"])


def log_out(page: Page, say: Words) -> None:
    """Log out by the menu."""
    page.locator("details.menu summary").click()
    page.locator("details.menu").get_by_role("button", name=say("Log out")).click()
    page.wait_for_url("**/enter")


def give_password(page: Page, facts: Facts, account: dict[str, str], say: Words) -> None:
    """Give User ID and password at the log-in."""
    page.goto(f"{facts.portal_url}/enter")
    page.get_by_label(say("User ID")).fill(account["userId"])
    page.get_by_label(say("Password"), exact=True).fill(account["password"])
    page.get_by_role("button", name=say("Log In"), exact=True).click()


def is_shut_out(page: Page, facts: Facts) -> bool:
    """Whether the list leads to the log-in."""
    page.goto(f"{facts.portal_url}/exams")
    return "/enter" in page.url


def set_up_app(page: Page, facts: Facts, say: Words) -> tuple[str, list[str]]:
    """Set up an authenticator app; its secret, and the recovery codes."""
    page.goto(f"{facts.portal_url}/me")
    page.get_by_role("link", name=say("Set it up")).click()
    page.get_by_label(say("Authenticator app")).check()
    page.get_by_label(say("A name for it (you may leave it empty)")).fill("Phone")
    page.get_by_label(say("Password"), exact=True).fill(PASSWORD)
    page.get_by_role("button", name=say("Continue")).click()
    picture = page.get_by_role("img", name=say("QR code for your authenticator app"))
    expect(picture).to_have_js_property("complete", value=True)
    assert picture.evaluate("image => image.naturalWidth") > 100
    secret = page.locator("#secret").inner_text().replace(" ", "")
    page.get_by_label(say("Code from your authenticator app")).fill(pyotp.TOTP(secret).now())
    page.get_by_role("button", name=say("Continue")).click()
    expect(page.get_by_role("heading", name=say("Your recovery codes"))).to_be_visible()
    return secret, page.locator("#codes li").all_inner_texts()


def test_an_apps_code_or_a_recovery_code_is_asked_for_besides_the_password(
    page: Page, local_facts: Facts, account: dict[str, str], say: Words
):
    log_in(page, local_facts, account, say)
    secret, codes = set_up_app(page, local_facts, say)
    assert len(codes) == 10
    log_out(page, say)
    give_password(page, local_facts, account, say)
    expect(page.get_by_role("heading", name=say("One more step"))).to_be_visible()
    page.goto(f"{local_facts.portal_url}/exams")
    page.wait_for_url("**/enter")  # half in is not in
    give_password(page, local_facts, account, say)
    page.get_by_label(say("Code from your authenticator app")).fill(pyotp.TOTP(secret).at(int(time.time()) + STEP_S))
    page.get_by_role("button", name=say("Continue")).click()
    page.wait_for_url("**/exams")
    log_out(page, say)
    give_password(page, local_facts, account, say)
    page.get_by_text(say("Use a recovery code")).click()
    page.get_by_label(say("Recovery code"), exact=True).fill(codes[3])
    page.get_by_role("button", name=say("Use this code")).click()
    page.wait_for_url("**/exams")
    page.goto(f"{local_facts.portal_url}/me")
    expect(page.get_by_text("Phone", exact=True).first).to_be_visible()
    page.get_by_role("link", name=say("Remove")).click()
    page.get_by_label(say("Password"), exact=True).fill(PASSWORD)
    page.get_by_role("button", name=say("Remove")).click()
    expect(page.get_by_text(say("It is removed. We do not ask for it any more."))).to_be_visible()


def test_another_password_logs_out_everybody_else_and_is_the_only_one(
    page: Page, chromium: Browser, local_facts: Facts, account: dict[str, str], say: Words
):
    log_in(page, local_facts, account, say)
    other = a_page(chromium, say)
    log_in(other, local_facts, account, say)
    page.goto(f"{local_facts.portal_url}/me/password")
    page.get_by_label(say("Your password now")).fill(PASSWORD)
    page.get_by_label(say("New password")).fill(ANOTHER)
    page.get_by_role("button", name=say("Save the new password")).click()
    expect(page.get_by_role("heading", name=say("My account"))).to_be_visible()
    wait_for(lambda: is_shut_out(other, local_facts))
    give_password(other, local_facts, account, say)
    expect(other.get_by_text(say("That User ID and password do not match.")).first).to_be_visible()
    log_in(other, local_facts, account | {"password": ANOTHER}, say)
    page.goto(f"{local_facts.portal_url}/me/devices")
    expect(page.get_by_text(say("This device"))).to_be_visible()
    page.get_by_role("button", name=say("Log out all others")).click()
    expect(page.get_by_role("button", name=say("Log out all others"))).to_have_count(0)
    wait_for(lambda: is_shut_out(other, local_facts))
    page.goto(f"{local_facts.portal_url}/me/activity")
    expect(page.locator("tbody tr").first).to_be_visible()
    other.context.close()


def test_it_looks_as_chosen_its_data_are_a_file_and_closed_it_opens_no_more(
    page: Page, local_facts: Facts, account: dict[str, str], say: Words
):
    log_in(page, local_facts, account, say)
    page.goto(f"{local_facts.portal_url}/me")
    page.get_by_label(say("Dark")).check()
    page.locator("form[action='/me/preferences'] button").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(13, 21, 28)"
    with page.expect_download() as caught:
        page.get_by_role("link", name=say("Download my account data")).click()
    assert account["userId"] in caught.value.path().read_text(encoding="utf-8")
    page.get_by_role("link", name=say("Close my account")).click()
    page.get_by_label(say("Password"), exact=True).fill(PASSWORD)
    page.get_by_role("button", name=say("Close my account")).click()
    closed = "Your account is closed. Your records stay with us: an I-Code still opens them."
    expect(page.get_by_text(say(closed))).to_be_visible()
    give_password(page, local_facts, account, say)
    expect(page.get_by_text(say("That User ID and password do not match.")).first).to_be_visible()
