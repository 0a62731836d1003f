"""Everything but the viewer's tools and live progress in a browser without JavaScript, in both languages."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Visit
from tests.browser.newcomers import tell_about_oneself
from tests.browser.walking import PASSWORD, ROWS, a_page, ask_for, enter, open_download, share
from tests.browser.words import Words
from tests.flows.product import wait_for


@pytest.fixture
def page(chromium: Browser, say: Words) -> Iterator[Page]:
    opened = a_page(chromium, say, script=False)
    yield opened
    opened.context.close()


def test_the_pop_up_is_a_page_S14_S15_S16_S17(page: Page, visit: Visit, say: Words):
    page.goto(f"{visit.facts.portal_url}/r/new-york")
    page.get_by_role("link", name=say("Portal"), exact=True).click()
    page.get_by_role("dialog", name=say("Login to Connect")).get_by_role(
        "link", name=say("Patient Portal Login")
    ).click()
    page.locator("a.place").first.click()
    expect(page.get_by_role("heading", name=say("Enter your I-Code"))).to_be_visible()


def test_looking_asking_waiting_and_downloading_S24_S27_S28_S29_S31_S33_S34_S43(
    page: Page, new_visit: Visit, say: Words, tmp_path: Path
):
    enter(page, new_visit.facts, new_visit.icode, say)
    page.locator(ROWS).first.click()
    page.get_by_role("tab", name=say("Report")).click()
    expect(page.get_by_text("The lungs are clear.").first).to_be_visible()
    open_download(page, say)
    page.get_by_role("link", name=say("Need Help")).click()
    page.wait_for_url("**/help/file-types")
    page.go_back()
    page.get_by_role("button", name=say("Download"), exact=True).click()
    assert page.url.endswith("/download")
    ask_for(page, say)
    page.wait_for_url("**/packages/*")
    ready = page.get_by_role("heading", name=say("Images ready for download"))

    def is_ready() -> bool:
        page.reload()
        return ready.is_visible()

    wait_for(is_ready, 60)
    with page.expect_download() as caught:
        page.locator("a[data-here]").first.click()
    caught.value.save_as(tmp_path / "file.zip")

    def is_told() -> bool:
        page.reload()
        return page.get_by_role("heading", name=say("Images were successfully downloaded.")).is_visible()

    wait_for(is_told)


def test_a_link_is_made_and_the_recipient_pastes_it_S47_S56_S58_S59(
    page: Page, visit: Visit, say: Words, chromium: Browser
):
    enter(page, visit.facts, visit.icode, say)
    url = share(page, say)
    recipient = a_page(chromium, say, script=False)
    recipient.goto(url)
    recipient.get_by_label(say("The link")).fill(url)
    recipient.get_by_label(say("Password"), exact=True).fill(PASSWORD)
    recipient.get_by_role("button", name=say("View exams")).click()
    recipient.wait_for_url("**/shared")
    expect(recipient.locator(ROWS)).to_have_count(1)
    assert url.partition("#")[2] not in recipient.url
    recipient.context.close()


def test_menus_mistakes_and_logging_out_work(page: Page, visit: Visit, say: Words):
    tell_about_oneself(page, visit.facts.portal_url, year="1901")
    expect(page.get_by_role("heading", name=say("Verify your identity"))).to_be_visible()
    enter(page, visit.facts, visit.icode, say)
    page.locator("details.menu summary").click()
    page.locator("details.menu").get_by_role("button", name=say("Log out")).click()
    page.wait_for_url("**/enter**")
    page.get_by_label("I-Code", exact=True).fill("ZZZZZ-0000-0000")
    page.get_by_role("button", name=say("View my exams")).click()
    expect(page.get_by_role("alert")).to_be_visible()
