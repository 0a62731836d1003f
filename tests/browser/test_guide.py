"""Sections 01, 02, 04 and 05 of the patient guide as an I-Code's holder walks them, in both languages."""

import re
import zipfile
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Visit
from tests.browser.walking import a_page, ask_for, enter, open_download, open_exam, save
from tests.browser.words import PHI, Words


def test_when_images_and_reports_come_is_said_before_one_comes_in_S3_S4_S5_S6(page: Page, visit: Visit, say: Words):
    for region, law in (("texas", "TX Law (SB922)"), ("california", "CA Law (SB1419)")):
        page.goto(f"{visit.facts.portal_url}/r/{region}")
        expect(page.get_by_text(say("Available as soon as your exam is completed."))).to_be_visible()
        expect(page.get_by_text(say("Available once your exam is signed by the radiologist."))).to_be_visible()
        words = (
            f"Due to {law}, reports are made available on the portal 4 days after they are signed and sent to your "
            "Referring Physician for review."
        )
        expect(page.get_by_text(say(words))).to_be_visible()


def test_regional_page_pop_up_location_and_three_ways_in_S14_S15_S16_S17(page: Page, visit: Visit, say: Words):
    page.goto(visit.facts.portal_url)
    page.get_by_role("link", name={"en": "New York", "es": "Nueva York"}[say.language]).first.click()
    portal = page.get_by_role("link", name=say("Portal"), exact=True)
    portal.click()
    dialog = page.get_by_role("dialog", name=say("Login to Connect"))
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    portal.click()
    for _ in range(4):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement === document.body || !!document.activeElement.closest('dialog')")
    dialog.get_by_role("link", name=say("Patient Portal Login")).click()
    expect(page.get_by_role("heading", name=say("Choose your location to log in"))).to_be_visible()
    chosen = page.locator("a.place").last.locator("b").text_content() or ""
    page.locator("a.place").last.click()
    for way in ("Enter your I-Code", "Log in to your account", "Create a new account"):
        expect(page.get_by_role("heading", name=say(way))).to_be_visible()
    page.goto(f"{visit.facts.portal_url}/r/new-york/locations")
    expect(page.locator("a.place").first).to_contain_text(chosen)
    expect(page.locator("a.place").first).to_contain_text(say("You chose this last time"))


def test_a_wrong_icode_is_refused_at_the_field_with_a_way_to_get_help_S10(page: Page, visit: Visit, say: Words):
    page.goto(f"{visit.facts.portal_url}/enter")
    page.get_by_label("I-Code", exact=True).fill({"en": "ZZZZY-0000-0000", "es": "ZZZZX-0000-0000"}[say.language])
    page.get_by_role("button", name=say("View my exams")).click()
    refusal = say("That I-Code does not open any exams. Check it against your Portal Pass.")
    expect(page.get_by_role("alert")).to_contain_text(refusal)
    expect(page.get_by_label("I-Code", exact=True)).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_role("link", name=say("Get Help")).first).to_be_visible()


def test_a_code_may_be_pasted_as_it_stands_on_the_pass_or_typed_in_any_case_S10(page: Page, visit: Visit, say: Words):
    for typed in (visit.icode, f"  {visit.icode.lower()} ", visit.icode.replace("-", "").replace("0", "o")):
        page.goto(f"{visit.facts.portal_url}/enter")
        page.evaluate("text => navigator.clipboard.writeText(text)", typed)
        page.get_by_label("I-Code", exact=True).focus()
        page.keyboard.press("Control+V")
        expect(page.get_by_label("I-Code", exact=True)).to_have_value(visit.icode)
    page.get_by_role("button", name=say("View my exams")).click()
    page.wait_for_url("**/exams")


def test_list_at_the_left_three_tabs_and_the_chosen_tile_S23_S24_S25_S26_S28(page: Page, visit: Visit, say: Words):
    enter(page, visit.facts, visit.icode, say)
    open_exam(page)
    tabs = ("Visit Summary", "Report", "Images")
    expect(page.get_by_role("tab")).to_have_text([re.compile(say(tab)) for tab in tabs])
    listed, shown = page.get_by_role("navigation").bounding_box(), page.get_by_role("tabpanel").bounding_box()
    assert listed
    assert shown
    assert listed["x"] + listed["width"] <= shown["x"]
    name = {"en": "CT scan of the chest", "es": "Tomografía del tórax"}[say.language]
    expect(page.get_by_role("navigation")).to_contain_text(name)
    expect(page.get_by_role("heading", name=say("Where things stand"))).to_be_visible()
    expect(page.get_by_role("tabpanel")).to_contain_text(visit.exam.accession)
    page.get_by_role("tab", name=say("Report")).click()
    expect(page.get_by_text("The lungs are clear.").first).to_be_visible()
    page.get_by_role("tab", name=say("Images")).click()
    picture = page.locator(".viewer img").first
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("image => image.naturalWidth") > 100
    expect(page.get_by_text(say("Not for diagnosis."))).to_be_visible()


def test_the_report_is_printed_without_the_page_around_it_and_comes_as_pdf_S27(page: Page, visit: Visit, say: Words):
    enter(page, visit.facts, visit.icode, say)
    open_exam(page)
    page.get_by_role("tab", name=say("Report")).click()
    expect(page.get_by_role("button", name=say("Print"))).to_be_visible()
    pdf = page.request.get(page.get_by_role("link", name="PDF").evaluate("link => link.href"))
    assert pdf.headers["content-type"] == "application/pdf"
    assert pdf.body().startswith(b"%PDF")
    page.emulate_media(media="print", color_scheme="dark")
    expect(page.get_by_role("article")).to_be_visible()
    for around in ("header.top", ".app__list", ".tabs", ".tools", "footer.foot"):
        expect(page.locator(around)).to_be_hidden()
    assert page.locator(".sheet").evaluate("sheet => getComputedStyle(sheet).color") == "rgb(0, 0, 0)"


def test_download_with_phi_box_ready_icon_and_here_S29_S30_S31_S32_S39_S40_S43_S44(
    page: Page, new_visit: Visit, say: Words, tmp_path: Path
):
    kind = {"en": "zip", "es": "iso"}[say.language]
    enter(page, new_visit.facts, new_visit.icode, say)
    open_exam(page)
    open_download(page, say)
    page.get_by_role("link", name=say("Need Help")).click()
    explained = page.get_by_role("dialog", name=say("Need Help: file types"))
    for word in (".zip", ".iso", "min"):
        expect(explained).to_contain_text(word)
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name=say("Need Help"))).to_be_focused()
    go = page.get_by_role("button", name=say("Download"), exact=True)
    expect(page.get_by_label(say(PHI))).not_to_be_checked()
    expect(go).to_be_disabled()
    expect(page.get_by_text(say("Check the box above to continue."))).to_be_visible()
    ask_for(page, say, kind)
    expect(page.get_by_role("heading", name=say("Images ready for download"))).to_be_visible(timeout=60_000)
    page.goto(f"{new_visit.facts.portal_url}/exams")
    page.get_by_role("link", name=say.begins("Images ready for download: %(exam)s")).click()
    saved = save(page, say, tmp_path)
    assert saved.name.startswith(new_visit.exam.accession)
    if kind == "zip":
        with zipfile.ZipFile(saved) as package:
            assert package.testzip() is None
            assert "INDEX.HTM" in package.namelist()
    else:
        assert saved.read_bytes()[32769:32774] == b"CD001"
    expect(page.get_by_role("heading", name=say("Open your downloaded study"))).to_be_visible()


def test_on_a_phone_looking_is_recommended_and_the_download_works_S30_S43(
    chromium: Browser, visit: Visit, say: Words, tmp_path: Path
):
    page = a_page(chromium, say, width=390)
    enter(page, visit.facts, visit.icode, say)
    open_exam(page)
    open_download(page, say)
    expect(page.get_by_text(say("On a phone?"))).to_be_visible()
    ask_for(page, say, {"en": "zip", "es": "iso"}[say.language])
    saved = save(page, say, tmp_path)
    assert saved.stat().st_size > 100_000
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.context.close()
