"""The guide as an account's owner, a recipient, and a minor's guardian walk it, in both languages (02, 06, 07)."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.cast import open_account
from tests.browser.conftest import Visit
from tests.browser.newcomers import tell_about_oneself
from tests.browser.walking import (
    PASSWORD,
    ROWS,
    a_page,
    ask_for,
    enter,
    feed,
    icode_of,
    log_in,
    open_download,
    open_exam,
    open_share,
    save,
    share,
)
from tests.browser.words import Words
from tests.flows.product import Facts, LocalProduct, wait_for
from tests.flows.ris import an_exam

TEN_YEARS_AGO = datetime.now(UTC).year - 10


@pytest.fixture(scope="module")
def account(local_product: LocalProduct, visit: Visit) -> dict[str, str]:
    """The visit's patient has an account, and another exam in Texas whose report waits."""
    held = feed(visit.facts, an_exam(mrn=visit.exam.mrn, location="TX-HOU-01", procedure="MR BRAIN", modality="MR"))
    desk = visit.facts.staff_client()
    found = wait_for(lambda: desk.get(f"/staff/visits?accession={held.accession}").json["visits"])
    opened = open_account(local_product, visit.facts, found[0]["patient"]["id"])
    owner = visit.facts.anyone().log_in("/sessions", opened)
    wait_for(lambda: sum(row["imagesAvailable"] for row in owner.get("/exams").json["exams"]) == 2)
    return opened


@pytest.fixture(scope="module")
def child(local_facts: Facts) -> Visit:
    """The visit of somebody of ten years."""
    exam = feed(local_facts, an_exam(born=f"{TEN_YEARS_AGO}0302", given="Ada"))
    return Visit(local_facts, exam, icode_of(local_facts, exam))


def test_an_account_shows_all_visits_an_icode_its_own_S11_S13_S66_S67(page: Page, visit: Visit, account, say: Words):
    log_in(page, visit.facts, account, say)
    expect(page.locator(ROWS)).to_have_count(2)
    hidden = [row.get_attribute("href") or "" for row in page.locator(ROWS).all()]
    page.locator("details.menu summary").click()
    page.get_by_role("button", name=say("Log out")).first.click()
    enter(page, visit.facts, visit.icode, say)
    expect(page.locator(ROWS)).to_have_count(1)
    hidden.remove(page.locator(ROWS).get_attribute("href") or "")
    assert page.goto(visit.facts.portal_url + hidden[0]).status == 404


def test_a_report_held_back_says_when_and_why_and_its_images_are_there_S3_S5_S9(
    page: Page, visit: Visit, account, say: Words
):
    log_in(page, visit.facts, account, say)
    page.locator(ROWS).filter(has_text=re.compile("brain|cerebro", re.I)).click()
    page.get_by_role("tab", name=say("Report")).click()
    expect(page.get_by_role("heading", name=say("Your report is not here yet"))).to_be_visible()
    expect(page.get_by_role("tabpanel")).to_contain_text("SB922")
    expect(page.get_by_role("tabpanel").locator("time")).to_be_visible()
    assert "The lungs are clear" not in page.content()
    page.get_by_role("link", name=say("View images")).click()
    expect(page.locator(".viewer img").first).to_have_js_property("complete", True)


def test_share_copy_and_the_recipients_view_S47_S48_S49_S53_S54_S55_S56_S57_S58_S59_S60_S61(
    page: Page, visit: Visit, account, say: Words, chromium: Browser, tmp_path: Path
):
    log_in(page, visit.facts, account, say)
    corner = page.get_by_role("link", name=say("Share"), exact=True).bounding_box()
    assert corner
    assert corner["x"] > 1000
    assert corner["y"] < 80
    url = share(page, say)
    page.get_by_role("button", name=say("Copy the link")).click()
    assert page.evaluate("navigator.clipboard.readText()") == url
    expect(page.locator("#say")).to_have_text(say("Link copied. The password is not in it."))
    assert PASSWORD not in page.content()
    page.get_by_role("link", name=say("Go to Share History")).click()
    expect(page.get_by_role("heading", name="Dr. Grey").first).to_be_visible()
    recipient = a_page(chromium, say, width=390)
    recipient.goto(url)
    for secret in (visit.exam.family, visit.exam.accession, "Dr. Grey"):
        assert secret not in recipient.content()
    recipient.reload()
    recipient.get_by_label(say("Password"), exact=True).fill("not the password")
    recipient.get_by_role("button", name=say("View exams")).click()
    for _ in range(2):
        recipient.locator("a[hreflang]").click()
        expect(recipient.locator("[data-token]")).to_have_value(url.partition("#")[2])
    open_share(recipient, url, say)
    assert "#" not in recipient.url
    expect(recipient.locator(ROWS)).to_have_count(2)
    open_exam(recipient)
    open_download(recipient, say)
    ask_for(recipient, say)
    assert save(recipient, say, tmp_path).suffix == ".zip"
    recipient.context.close()


def test_a_view_only_link_shows_the_pictures_and_has_no_download_S52(
    page: Page, visit: Visit, say: Words, chromium: Browser
):
    enter(page, visit.facts, visit.icode, say)
    url = share(page, say, may_download=False)
    recipient = a_page(chromium, say)
    open_share(recipient, url, say)
    open_exam(recipient)
    recipient.get_by_role("tab", name=say("Report")).click()
    expect(recipient.get_by_text(say("The report is not part of this share."))).to_be_visible()
    recipient.get_by_role("tab", name=say("Images")).click()
    expect(recipient.locator(".viewer img").first).to_have_js_property("complete", True)
    expect(recipient.get_by_role("link", name=say("Download"), exact=True)).to_have_count(0)
    assert recipient.goto(recipient.url.partition("/images")[0] + "/download").status == 404
    recipient.context.close()


def test_a_link_expired_by_its_owner_opens_nothing_and_shuts_who_is_in_O8(
    page: Page, visit: Visit, say: Words, chromium: Browser
):
    enter(page, visit.facts, visit.icode, say)
    url = share(page, say)
    recipient = a_page(chromium, say)
    open_share(recipient, url, say)
    page.get_by_role("link", name=say("Go to Share History")).click()
    page.locator("article", has_text=url).get_by_role("link", name=say("Expire now")).click()
    page.locator("main form").get_by_role("button").click()
    page.wait_for_url("**/share*")

    def is_shut() -> bool:
        recipient.reload()
        return recipient.locator(ROWS).count() == 0

    wait_for(is_shut, 5)
    recipient.context.close()


def test_a_minor_gets_no_account_but_the_ways_that_there_are_S62_S63(page: Page, local_facts: Facts, say: Words):
    tell_about_oneself(page, local_facts.portal_url, year=str(TEN_YEARS_AGO))
    refusal = page.get_by_role("alert")
    expect(refusal).to_contain_text(say("Minors cannot create accounts in the Patient Portal."))
    expect(refusal.get_by_role("link", name=say("Enter your I-Code"))).to_have_attribute("href", "/enter")
    refusal.get_by_role("link", name=say("Ask for an appointment as a guest")).click()
    child = {"firstName": "Ada", "lastName": "Canaryname", "dateOfBirth": f"{TEN_YEARS_AGO}-03-02"}
    for name, value in (child | {"phone": "212-555-0123", "examWanted": "Ultrasound"}).items():
        page.locator(f"#g-{name}").fill(value)
    page.locator("#g-locationId").select_option("NY-NYC-01")
    page.get_by_role("button", name=say("Send")).click()
    expect(page.get_by_role("heading", name=say("We have your request"))).to_be_visible()
    words = "No appointment is made yet: the center calls you to agree on a time."
    expect(page.get_by_text(say(words))).to_be_visible()


def test_a_minors_records_come_by_icode_and_are_downloaded_and_shared_S64_S68(
    page: Page, child: Visit, say: Words, chromium: Browser, tmp_path: Path
):
    enter(page, child.facts, child.icode, say)
    expect(page.get_by_text(say.begins("Exams of your visit on %(day)s."))).to_be_visible()
    expect(page.get_by_role("link", name=say("Create an account to see all."))).to_have_count(0)
    open_exam(page)
    open_download(page, say)
    kind = {"en": "zip", "es": "iso"}[say.language]
    ask_for(page, say, kind)
    assert save(page, say, tmp_path).suffix == f".{kind}"
    recipient = a_page(chromium, say)
    open_share(recipient, share(page, say, shows="yes"), say)
    open_exam(recipient)
    expect(recipient.get_by_role("tabpanel")).to_contain_text(child.exam.accession)
    recipient.context.close()
