"""Section 05 while the system prepares the images: progress, the mail, log-out and return, cancelling, the toast.

The workers are stopped, and the test takes their build and notes the progress as they do.
"""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from services.chassis.db import Database
from tests.browser.builds import A_WHILE, go_on, nobody_works, take_build
from tests.browser.conftest import Visit
from tests.browser.walking import ROWS, ask_for, enter, open_download, open_exam
from tests.browser.words import Words
from tests.flows.product import LocalProduct, wait_for


@pytest.fixture
def archive(local_product: LocalProduct, local_facts) -> Iterator[Database]:
    """The archiver's own database, as its workers have it."""
    database = Database(local_product.database_url("archiver"))
    yield database
    database.close()


def ask(page: Page, visit: Visit, say: Words) -> None:
    """Ask for the file; it waits."""
    enter(page, visit.facts, visit.icode, say)
    open_exam(page)
    open_download(page, say)
    ask_for(page, say)
    expect(page.get_by_role("heading", name=say("Prepping your images"))).to_be_visible()
    expect(page.get_by_text(say("Waiting to start"))).to_be_visible()


def test_progress_is_shown_and_said_every_quarter_then_the_focus_is_on_what_is_ready_S34(
    page: Page, new_visit: Visit, say: Words, local_product: LocalProduct, archive: Database
):
    with nobody_works(local_product):
        ask(page, new_visit, say)
        expect(page.locator("#say")).to_have_attribute("aria-live", "polite")
        lease = take_build(archive, page.url.rpartition("/")[2])
        go_on(archive, lease, 0.4)
        expect(page.locator("[data-bar]")).to_have_text(say("Preparing, {n} %%").replace("%%", "%").format(n=40))
        go_on(archive, lease, 0.6)
        expect(page.locator("#say")).to_have_text(say("Preparing, {n} percent").format(n=50))
        expect(page.get_by_role("progressbar")).to_have_js_property("value", 60)
        expect(page.locator("#dl-t")).to_be_focused()
        page.goto(f"{new_visit.facts.portal_url}/exams")
        expect(page.locator(ROWS)).to_contain_text("60")
        page.go_back()
        go_on(archive, lease, 0.6, length=-A_WHILE)
    expect(page.get_by_role("heading", name=say("Images ready for download"))).to_be_visible(timeout=60_000)
    expect(page.locator("#dl-t")).to_be_focused()


def test_an_address_left_gets_the_mail_after_log_out_and_its_link_leads_to_the_log_in_page_S35_S36_S37_S38_S40(
    page: Page, new_visit: Visit, say: Words, local_product: LocalProduct
):
    to = f"{say.language}.{new_visit.exam.study_uid[5:]}@example.org"
    with nobody_works(local_product):
        ask(page, new_visit, say)
        note = "The email does NOT mean your files have already been downloaded. It only prompts you to return to the "
        expect(page.get_by_text(say(note + "Patient Portal to download the requested images."))).to_be_visible()
        page.get_by_label(say("Email address")).fill(to)
        page.get_by_role("button", name=say("Notify me")).click()
        expect(page.get_by_text(say("We will email you when your images are ready."))).to_be_visible()
        page.locator("details.menu summary").click()
        page.locator("details.menu").get_by_role("button", name=say("Log out")).click()
        page.wait_for_url("**/enter**")
    mail = wait_for(lambda: [one.decode() for one in new_visit.facts.mails() if to in one.decode()], 60)[0]
    for secret in (new_visit.exam.family, new_visit.exam.accession, new_visit.icode):
        assert secret not in mail
    links = set(re.findall(rf"{re.escape(new_visit.facts.portal_url)}/(?!unsubscribe)[\w/?#=.-]*", mail))
    assert links == {f"{new_visit.facts.portal_url}/enter"}
    enter(page, new_visit.facts, new_visit.icode, say)
    expect(page.get_by_role("link", name=say.begins("Images ready for download: %(exam)s"))).to_be_visible()


def test_a_request_is_cancelled_O1(page: Page, new_visit: Visit, say: Words, local_product: LocalProduct):
    with nobody_works(local_product):
        ask(page, new_visit, say)
        page.get_by_role("button", name=say("Cancel this request")).click()
        expect(page.get_by_role("heading", name=say("You cancelled this request"))).to_be_visible()


def test_a_toast_elsewhere_in_the_portal_leads_to_the_panel_O10(
    page: Page, new_visit: Visit, say: Words, local_product: LocalProduct
):
    with nobody_works(local_product):
        ask(page, new_visit, say)
        page.get_by_role("tab", name=say("Visit Summary")).click()
        expect(page.locator("#toast")).to_be_hidden()
    toast = page.get_by_role("status").filter(has_text=say("Your images are ready:"))
    expect(toast).to_be_visible(timeout=60_000)
    expect(page.get_by_role("link", name=say.begins("Images ready for download: %(exam)s"))).to_be_visible()
    expect(page.locator(".exam .chip--ok")).to_contain_text(say("Ready, %(left)s left", left="23 h"))
    toast.get_by_role("link", name=say("Go to the download")).click()
    expect(page.get_by_role("heading", name=say("Images ready for download"))).to_be_visible()
