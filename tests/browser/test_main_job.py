"""The main job as a person does it, section by section of the patient guide, in a real browser."""

import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Visit

PHI = "Yes, I understand that I am downloading Protected Health Information (PHI)."
PASSWORD = "a long password"


@pytest.fixture
def page(person: BrowserContext) -> Page:
    """A page whose script must not fail."""
    page = person.new_page()
    page.on("pageerror", lambda error: pytest.fail(f"a script failed: {error}"))
    page.set_default_timeout(15_000)
    return page


def enter(page: Page, visit: Visit) -> None:
    """Come in with the I-Code."""
    page.goto(f"{visit.facts.portal_url}/enter")
    page.get_by_label("I-Code", exact=True).fill(visit.icode.lower().replace("-", " "))
    page.get_by_role("button", name="View my exams").click()
    page.wait_for_url("**/exams")


def open_exam(page: Page) -> None:
    """Choose the exam at the left."""
    page.locator("a.exam, .exam a").first.click()
    expect(page.get_by_role("tab")).to_have_count(3)


def test_regional_page_pop_up_location_and_three_ways_in_S14_S15_S16_S17(page: Page, visit: Visit):
    page.goto(visit.facts.portal_url)
    if page.get_by_role("link", name="Portal", exact=True).count() == 0:
        page.get_by_role("link", name="New York").first.click()
    page.get_by_role("link", name="Portal", exact=True).click()
    dialog = page.get_by_role("dialog", name="Login to Connect")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.get_by_role("link", name="Portal", exact=True).click()
    dialog.get_by_role("link", name="Patient Portal Login").click()
    expect(page.get_by_role("heading", name="Choose your location to log in")).to_be_visible()
    page.locator("a.place").first.click()
    for way in ("Enter your I-Code", "Log in to your account", "Create a new account"):
        expect(page.get_by_role("heading", name=way)).to_be_visible()


def test_a_wrong_icode_is_refused_at_the_field_with_a_way_to_get_help_S10_S69(page: Page, visit: Visit):
    page.goto(f"{visit.facts.portal_url}/enter")
    page.get_by_label("I-Code", exact=True).fill("ZZZZZ-0000-0000")
    page.get_by_role("button", name="View my exams").click()
    expect(page.get_by_text("That I-Code does not open any exams.").first).to_be_visible()
    expect(page.get_by_role("link", name="Get Help").first).to_be_visible()


def test_list_at_the_left_three_tabs_and_the_chosen_tile_S23_S24_S25_S26_S28(page: Page, visit: Visit):
    enter(page, visit)
    open_exam(page)
    expect(page.get_by_role("tab")).to_have_text(
        [re.compile("Visit Summary"), re.compile("Report"), re.compile("Images")]
    )
    expect(page.get_by_text(visit.exam.accession).first).to_be_visible()
    page.get_by_role("tab", name="Report").click()
    expect(page.get_by_text("The lungs are clear.").first).to_be_visible()
    page.get_by_role("tab", name="Images").click()
    picture = page.locator(".viewer img").first
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("image => image.naturalWidth") > 100
    assert visit.exam.family not in page.title()


def test_download_with_phi_box_progress_ready_icon_and_here_S29_S30_S32_S39_S40_S43(
    page: Page, visit: Visit, tmp_path: Path
):
    enter(page, visit)
    open_exam(page)
    page.get_by_role("tab", name="Images").click()
    page.get_by_role("link", name="Download").click()
    expect(page.get_by_text("Choose file type").first).to_be_visible()
    go = page.get_by_role("button", name="Download", exact=True)
    box = page.get_by_label(PHI)
    expect(box).not_to_be_checked()
    expect(go).to_be_disabled()
    box.check()
    go.click()
    expect(page.get_by_text("Images ready for download").first).to_be_visible(timeout=60_000)
    page.goto(f"{visit.facts.portal_url}/exams")
    page.get_by_role("link", name=re.compile("^Images ready for download")).click()
    with page.expect_download() as caught:
        page.get_by_role("link", name=re.compile("^here")).first.click()
    saved = tmp_path / caught.value.suggested_filename
    caught.value.save_as(saved)
    assert saved.name.startswith(visit.exam.accession)
    with zipfile.ZipFile(saved) as package:
        assert package.testzip() is None
        assert "INDEX.HTM" in package.namelist()
    expect(page.get_by_text("Images were successfully downloaded.").first).to_be_visible(timeout=30_000)


def test_share_copy_and_the_recipients_view_S47_S49_S53_S55_S56_S57_S58_S59(
    page: Page, visit: Visit, chromium, tmp_path: Path
):
    enter(page, visit)
    page.get_by_role("link", name="Share", exact=True).click()
    expect(page.get_by_role("heading", name="Create Exam Share Link")).to_be_visible()
    page.locator("input[name=examIds]").first.check()
    page.get_by_label("Nickname").fill("Dr. Grey")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Expiration Date").fill("2099-12-31")
    for name in ("includeReport", "includeVisitSummary"):
        page.locator(f"input[name={name}][value=no]").check()
    page.get_by_label(PHI).check()
    page.get_by_role("button", name="Generate Link").click()
    link = page.locator("a#url")
    url = link.get_attribute("href")
    assert url is not None
    page.get_by_role("button", name="Copy the link").click()
    assert page.evaluate("navigator.clipboard.readText()") == url
    assert PASSWORD not in page.content()
    context = chromium.new_context(viewport={"width": 390, "height": 844})
    recipient = context.new_page()
    recipient.goto(url)
    for secret in (visit.exam.family, visit.exam.accession, "Dr. Grey"):
        assert secret not in recipient.content()
    recipient.get_by_label("Password", exact=True).fill(PASSWORD)
    recipient.get_by_role("button", name="View exams").click()
    recipient.wait_for_url("**/shared")
    expect(recipient.locator("a.exam, .exam a")).to_have_count(1)
    context.close()


def test_after_log_out_the_back_button_shows_nothing(page: Page, visit: Visit):
    enter(page, visit)
    open_exam(page)
    page.locator("details.menu summary").first.click()
    page.locator("details.menu").get_by_role("button", name="Log out").first.click()
    page.wait_for_url("**/enter**")
    page.go_back()
    expect(page.get_by_text(visit.exam.accession)).to_have_count(0)
