"""Support at work: a patient is invited, an account frozen, a lost study matched; all of it is on record."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.cast import open_account
from tests.browser.test_registration import expect_step, fill_about, go_on
from tests.browser.walking import PASSWORD, a_page, log_in, to_the_desk
from tests.browser.words import Words
from tests.flows.conftest import images_of
from tests.flows.product import Facts, LocalProduct, wait_for
from tests.flows.ris import FeedExam, Ris, an_exam
from tests.flows.test_registration import Person, a_person

NOTE = "came in person"


@pytest.fixture
def patient(local_facts: Facts) -> Person:
    """An adult with one exam that is over, and no account."""
    return a_person(local_facts)


def find_patient(page: Page, exam: FeedExam, say: Words) -> None:
    """Find the exam's visit, and go on to its patient's account or invitation."""
    page.get_by_label(say("Accession number")).fill(exam.accession)
    page.get_by_role("button", name=say("Search")).click()
    page.get_by_role("link", name=say("Account or invitation")).click()
    expect(page.get_by_role("heading", name=say("Accounts"), level=1)).to_be_visible()


def test_a_patient_who_shows_a_photo_id_gets_a_code_in_place_of_the_questions(
    page: Page, chromium: Browser, local_facts: Facts, patient: Person, say: Words
):
    to_the_desk(page, local_facts, say)
    find_patient(page, patient.exam, say)
    expect(page.get_by_text(say("This patient has no account."))).to_be_visible()
    invite = page.get_by_role("region", name=say("Invite to create an account"))
    invite.get_by_label(say("I have seen a photo ID of this patient.")).check()
    page.get_by_role("button", name=say("Make an invitation code")).click()
    code = page.locator("#invitation").inner_text()
    at_home = a_page(chromium, say)
    at_home.goto(f"{local_facts.portal_url}/register/1")
    fill_about(at_home, patient, say)
    at_home.get_by_text(say("I have an invitation code")).click()
    at_home.get_by_label(say("Invitation code")).fill(code.lower())
    go_on(at_home, say)
    expect_step(at_home, say, 3)
    at_home.context.close()


def test_an_account_that_is_not_its_patients_is_frozen_and_opens_nothing(
    page: Page, chromium: Browser, local_product: LocalProduct, local_facts: Facts, patient: Person, say: Words
):
    desk = local_facts.staff_client()
    found = desk.get(f"/staff/visits?accession={patient.exam.accession}").json["visits"]
    account = open_account(local_product, local_facts, found[0]["patient"]["id"])
    owner = a_page(chromium, say)
    log_in(owner, local_facts, account, say)
    to_the_desk(page, local_facts, say)
    find_patient(page, patient.exam, say)
    page.locator("details.fold summary").filter(has_text=say("Freeze")).click()
    fold = page.locator("details.fold[open]")
    fold.get_by_label(say("Photo ID seen")).check()
    fold.get_by_label(say("Note")).fill(NOTE)
    fold.get_by_role("button", name=say("Freeze")).click()
    expect(page.get_by_text(say("It is frozen. Nobody can log in to it, and its links are ended."))).to_be_visible()
    wait_for(lambda: "/enter" in went_to(owner, f"{local_facts.portal_url}/exams"))
    owner.get_by_label(say("User ID")).fill(account["userId"])
    owner.get_by_label(say("Password"), exact=True).fill(PASSWORD)
    owner.get_by_role("button", name=say("Log In"), exact=True).click()
    expect(owner.get_by_text(say("That User ID and password do not match.")).first).to_be_visible()
    owner.context.close()
    page.goto(f"{local_facts.portal_url}/staff/audit")
    page.get_by_role("button", name=say("Search")).click()
    expect(page.locator("tbody tr").filter(has_text=f"photo-id: {NOTE}").first).to_be_visible()


def went_to(page: Page, url: str) -> str:
    """Give where *url* leads."""
    page.goto(url)
    return page.url


def test_a_study_that_nobody_ordered_is_matched_by_hand(page: Page, local_facts: Facts, say: Words):
    ris, exam = Ris(local_facts), an_exam()
    ris.order(exam)
    ris.complete(exam)
    lost = an_exam(mrn=exam.mrn)
    ris.store(images_of(lost))
    icode = ris.issue_icode(exam)
    to_the_desk(page, local_facts, say)
    page.goto(f"{local_facts.portal_url}/staff/unmatched")
    card = page.locator("section.card").filter(has_text=lost.accession)
    card.get_by_label(say("Accession number of the exam")).fill(exam.accession)
    card.get_by_role("button", name=say("Show the exam")).click()
    expect(page.get_by_role("heading", name=say("The exam"))).to_be_visible()
    page.get_by_label(say("How you know that it is this exam’s")).fill("same day, same scanner")
    page.get_by_role("button", name=say("Match them")).click()
    expect(page.get_by_text(say("The study is that exam’s now."))).to_be_visible()
    expect(page.get_by_text(lost.accession)).to_have_count(0)
    patient = local_facts.anyone().log_in("/icode-sessions", {"icode": icode})
    wait_for(lambda: patient.get("/exams").json["exams"][0]["imagesAvailable"])
