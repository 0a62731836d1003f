"""Passkeys in a real browser, by Chromium's virtual authenticator, with the gateway and identity as they are.

Passkeys belong to a host name, and the whole product on one machine stands at an address: so these two are served at
``localhost``, with small servers in place of the other services.
"""

import base64
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from deploy.local.servers import free_ports
from gateway.app import create_app
from gateway.settings import GatewaySettings
from services.identity.app import make_web
from tests.browser.words import Words
from tests.gateway.upstreams import Services, all_served, served
from tests.identity.conftest import ANNAS_DAY, PASSWORD, a_house
from tests.servers import SetClock

AUTHENTICATOR = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
    "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


class Everything(set[str]):
    """Holds whatever it is asked for: the small servers take any token."""

    def __contains__(self, one: object) -> bool:
        return True


def bounded(app):
    """Give *app* whose requests' bodies end where their length says, as real servers have it."""

    def call(environ, start_response):
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        return app(environ | {"wsgi.input": io.BytesIO(body)}, start_response)

    return call


@pytest.fixture
def portal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A portal at ``localhost`` in which Anna has an account."""
    port = free_ports(["gateway"])["gateway"]
    monkeypatch.setenv("PORTAL_PUBLIC_URL", f"http://localhost:{port}")
    house = a_house(f"sqlite:///{tmp_path / 'identity.db'}", tmp_path, SetClock(datetime.now(UTC)))
    house.hear(*ANNAS_DAY)
    house.open_account()
    with all_served(Services(valid=Everything())) as others, served(bounded(make_web(house.parts))) as identity:
        urls = {f"{name}_url": url for name, url in others.urls.items()} | {"identity_url": identity}
        key = base64.urlsafe_b64encode(bytes(32)).decode()
        with served(bounded(create_app(GatewaySettings(cookie_key=key, **urls))), port):
            yield f"http://localhost:{port}"
    house.parts.db.close()


@pytest.fixture
def device(page: Page) -> Page:
    """A page on a device that makes passkeys and asks its owner for a finger."""
    browser = page.context.new_cdp_session(page)
    browser.send("WebAuthn.enable")
    browser.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    return page


def log_in(page: Page, portal: str, say: Words) -> None:
    page.goto(f"{portal}/enter")
    page.get_by_label(say("User ID")).fill("anna80")
    page.get_by_label(say("Password"), exact=True).fill(PASSWORD)
    page.get_by_role("button", name=say("Log In"), exact=True).click()


def log_out(page: Page, say: Words) -> None:
    page.locator("details.menu summary").click()
    page.locator("details.menu").get_by_role("button", name=say("Log out")).click()
    page.wait_for_url("**/enter")


def make_passkey(page: Page, portal: str, say: Words) -> None:
    """Make a passkey, the account's first second factor."""
    page.goto(f"{portal}/me/second-factors/new")
    page.get_by_label(say("Passkey")).check()
    page.get_by_label(say("Password"), exact=True).fill(PASSWORD)
    page.get_by_role("button", name=say("Continue")).click()
    page.get_by_role("button", name=say("Make my passkey")).click()
    expect(page.get_by_role("heading", name=say("Your recovery codes"))).to_be_visible()
    expect(page.locator("#codes li")).to_have_count(10)


def test_a_passkey_logs_in_without_a_password_and_beside_one(device: Page, portal: str, say: Words):
    log_in(device, portal, say)
    device.wait_for_url("**/exams")
    make_passkey(device, portal, say)
    log_out(device, say)
    device.get_by_role("button", name=say("Log in with a passkey")).click()
    device.wait_for_url("**/exams")
    log_out(device, say)
    log_in(device, portal, say)
    expect(device.get_by_role("heading", name=say("One more step"))).to_be_visible()
    device.get_by_role("button", name=say("Use my passkey")).click()
    device.wait_for_url("**/exams")


def test_without_its_passkey_a_device_is_told_and_can_use_a_code(device: Page, portal: str, say: Words):
    device.goto(f"{portal}/enter")
    device.get_by_role("button", name=say("Log in with a passkey")).click()
    failed = say("The passkey was not used. Try again, or log in with your User ID and password.")
    expect(device.get_by_text(failed)).to_be_visible()
    assert device.url == f"{portal}/enter"
