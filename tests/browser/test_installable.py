"""The portal beside a phone's apps: what Chromium asks of a site before it offers to install it, in both languages."""

from playwright.sync_api import Page

from tests.browser.words import Words
from tests.flows.product import Facts


def test_the_browser_finds_nothing_that_keeps_it_from_being_installed(page: Page, local_facts: Facts, say: Words):
    page.goto(f"{local_facts.portal_url}/enter")
    session = page.context.new_cdp_session(page)
    found = session.send("Page.getAppManifest")
    assert found["errors"] == []
    assert found["url"].startswith(f"{local_facts.portal_url}/manifest.webmanifest")
    assert say("Patient Portal") in found["data"].encode().decode("unicode_escape")
    faults = [one["errorId"] for one in session.send("Page.getInstallabilityErrors")["installabilityErrors"]]
    assert [fault for fault in faults if fault != "in-incognito"] == []  # a test's browser context is a private window


def test_the_colour_around_the_page_is_that_of_the_page(page: Page, local_facts: Facts):
    page.goto(f"{local_facts.portal_url}/enter")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        told = page.evaluate(
            "[...document.querySelectorAll('meta[name=theme-color]')].filter(one => matchMedia(one.media).matches)"
            ".map(one => one.content)"
        )
        paper = page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--paper').trim()")
        assert told == [paper]
