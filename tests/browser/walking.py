"""Steps that several walks through the portal share, as people take them, in either language."""

from datetime import timedelta
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.browser.words import ENGLISH, PHI, Words
from tests.flows.conftest import images_of
from tests.flows.product import Facts, wait_for
from tests.flows.ris import FeedExam, Ris

PASSWORD = "a long password"
REPORT = "FINDINGS:\nThe lungs are clear.\nIMPRESSION:\nNothing of note."
ROWS = "a.exam__go"


def a_page(browser: Browser, say: Words = ENGLISH, *, width: int = 1280, script: bool = True) -> Page:
    """Give a page of somebody else's own browser; close its context."""
    size = {"width": width, "height": 900 if width > 700 else 844}
    context = browser.new_context(viewport=size, locale=say.locale, java_script_enabled=script)
    page = context.new_page()
    page.set_default_timeout(15_000)
    return page


def feed(facts: Facts, exam: FeedExam) -> FeedExam:
    """Have the RIS and the PACS send *exam*, completed, with pictures and a signed report."""
    ris = Ris(facts)
    ris.order(exam)
    ris.store(images_of(exam))
    ris.complete(exam)
    ris.sign(exam, timedelta(minutes=30), REPORT)
    return exam


def icode_of(facts: Facts, exam: FeedExam) -> str:
    """Have the I-Code of *exam*'s visit printed, and wait until its images are there."""
    icode = Ris(facts).issue_icode(exam)
    client = facts.anyone().log_in("/icode-sessions", {"icode": icode})
    wait_for(lambda: [row for row in client.get("/exams").json["exams"] if row["imagesAvailable"]])
    return icode


def enter(page: Page, facts: Facts, icode: str, say: Words = ENGLISH) -> None:
    """Come in with the I-Code, typed as people do."""
    page.goto(f"{facts.portal_url}/enter")
    page.get_by_label("I-Code", exact=True).fill(icode.lower().replace("-", " "))
    page.get_by_role("button", name=say("View my exams")).click()
    page.wait_for_url("**/exams")


def log_in(page: Page, facts: Facts, account: dict[str, str], say: Words = ENGLISH) -> None:
    """Come in with User ID and password."""
    page.goto(f"{facts.portal_url}/enter")
    page.get_by_label(say("User ID")).fill(account["userId"])
    page.get_by_label(say("Password"), exact=True).fill(account["password"])
    page.get_by_role("button", name=say("Log In"), exact=True).click()
    page.wait_for_url("**/exams")
    expect(page.locator("html")).to_have_attribute("lang", say.language)


def open_exam(page: Page, which: int = 0) -> None:
    """Choose an exam at the left."""
    page.locator(ROWS).nth(which).click()
    expect(page.get_by_role("tab")).to_have_count(3)


def open_download(page: Page, say: Words) -> None:
    """Go from the exam to "Choose file type"."""
    page.get_by_role("tab", name=say("Images")).click()
    page.get_by_role("link", name=say("Download"), exact=True).click()
    expect(page.get_by_text(say("Choose file type")).first).to_be_visible()


def ask_for(page: Page, say: Words, kind: str = "zip") -> None:
    """Tick the box and ask for the file."""
    page.locator(f"input[name=format][value={kind}]").check()
    page.get_by_label(PHI if say.language == "en" else say(PHI)).check()
    page.get_by_role("button", name=say("Download"), exact=True).click()


def save(page: Page, say: Words, folder: Path) -> Path:
    """Click "here" once the package is ready, and wait until all of it has come."""
    here = page.get_by_role("link", name=say.begins("here: start the download of %(file)s")).first
    expect(here).to_be_visible(timeout=60_000)
    with page.expect_download() as caught:
        here.click()
    saved = folder / caught.value.suggested_filename
    caught.value.save_as(saved)
    expect(page.get_by_role("heading", name=say("Images were successfully downloaded."))).to_be_visible(timeout=30_000)
    return saved


def share(page: Page, say: Words, *, may_download: bool = True, shows: str = "no") -> str:
    """Share all exams that can be; the link."""
    page.get_by_role("link", name=say("Share"), exact=True).click()
    expect(page.get_by_role("heading", name=say("Create Exam Share Link"))).to_be_visible()
    for box in page.locator("input[name=examIds]:enabled").all():
        box.check()
    page.get_by_label(say("Nickname")).fill("Dr. Grey")
    page.get_by_label(say("Password"), exact=True).fill(PASSWORD)
    page.get_by_label(say("Expiration Date")).fill("2099-12-31")
    page.get_by_label(say("Permission to Download Images")).set_checked(may_download)
    for name in ("includeReport", "includeVisitSummary"):
        page.locator(f"input[name={name}][value={shows}]").check()
    page.get_by_label(say(PHI)).check()
    page.get_by_role("button", name=say("Generate Link")).click()
    url = page.locator("a#url").get_attribute("href")
    assert url is not None
    return url


def open_share(page: Page, url: str, say: Words) -> None:
    """Come in by the link and its password."""
    page.goto(url)
    page.get_by_label(say("Password"), exact=True).fill(PASSWORD)
    page.get_by_role("button", name=say("View exams")).click()
    page.wait_for_url("**/shared")


def to_the_desk(page: Page, facts: Facts, say: Words) -> None:
    """Log in as staff."""
    page.goto(f"{facts.portal_url}/staff")
    page.get_by_label(say("User ID")).fill(facts.staff["userId"])
    page.get_by_label(say("Password"), exact=True).fill(facts.staff["password"])
    page.get_by_role("button", name=say("Log In"), exact=True).click()
    page.wait_for_url("**/staff/visits")
