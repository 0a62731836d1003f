"""Create a new account in four steps (guide, 03) in both languages, with the code from the mail itself."""

import re
from datetime import datetime

import pytest
from babel.dates import format_date
from playwright.sync_api import Page, expect

from tests.browser.walking import ROWS
from tests.browser.words import Words
from tests.flows.product import Facts, wait_for
from tests.flows.registering import PASSWORD, mails_to
from tests.flows.test_registration import Person, a_person

KINDS = {"en": "CT scan", "es": "Tomografía (TC)"}
MONTHS = {"en": "MMMM y", "es": "MMMM 'de' y"}
STEPS = ("Tell us about yourself", "Verify your identity", "Create User ID and email", "Email verification")


@pytest.fixture
def patient(local_facts: Facts) -> Person:
    """An adult with one exam that is over, and no account."""
    return a_person(local_facts)


def test_four_steps_and_the_code_from_the_mail_lead_to_the_exams_S13_S17_S18_S19_S20_S21_S22(
    page: Page, local_facts: Facts, patient: Person, say: Words
):
    page.goto(f"{local_facts.portal_url}/enter")
    page.get_by_role("link", name=say("Create a new account")).click()
    tell_about(page, patient, say)
    expect_step(page, say, 2)
    answer_questions(page, patient, say)
    expect_step(page, say, 3)
    page.get_by_label(say("User ID")).fill(patient.user_id)
    page.get_by_label(say("Email address")).fill(patient.email)
    page.get_by_label(say("Password"), exact=True).fill(PASSWORD)
    go_on(page, say)
    expect_step(page, say, 4)
    expect(page.get_by_text("@example.net")).to_be_visible()
    expect(page.get_by_text(patient.email)).to_have_count(0)
    page.get_by_label(say("Validation code")).fill("000000")
    page.get_by_role("button", name=say("Create my account")).click()
    expect(page.get_by_role("alert").get_by_text(say("That code is wrong or too old."))).to_be_visible()
    page.get_by_label(say("Validation code")).fill(code_of(local_facts, patient.email))
    page.get_by_role("button", name=say("Create my account")).click()
    expect(page.get_by_role("heading", name=say("Account created"))).to_be_visible()
    page.get_by_role("link", name=say("Log In"), exact=True).click()
    page.get_by_label(say("User ID")).fill(patient.user_id)
    page.get_by_label(say("Password"), exact=True).fill(PASSWORD)
    page.get_by_role("button", name=say("Log In"), exact=True).click()
    page.wait_for_url("**/exams")
    expect(page.locator(ROWS)).to_have_count(1)


def tell_about(page: Page, patient: Person, say: Words) -> None:
    """Do step 1, first without the last name, which the page then names."""
    expect_step(page, say, 1)
    fill_about(page, patient, say)
    page.get_by_label(say("Last name")).fill(" ")
    go_on(page, say)
    page.get_by_role("alert").get_by_role("link", name=say("Enter your last name")).click()
    expect(page.get_by_label(say("Last name"))).to_be_focused()
    page.keyboard.type(patient.typed["lastName"])
    go_on(page, say)


def fill_about(page: Page, patient: Person, say: Words) -> None:
    """Fill step 1."""
    typed = patient.typed
    year, month, day = typed["dateOfBirth"].split("-")
    page.get_by_label(say("First name")).fill(typed["firstName"])
    page.get_by_label(say("Last name")).fill(typed["lastName"])
    page.get_by_label(say("Month")).select_option(str(int(month)))
    page.get_by_label(say("Day")).fill(str(int(day)))
    page.get_by_label(say("Year")).fill(year)
    page.get_by_label(say("Sex")).select_option(typed["sex"])
    page.get_by_label(say("ZIP code")).fill(typed["zip"])
    page.get_by_label(say("Phone")).fill(typed["phone"])
    page.get_by_label(say("Location of your visit")).select_option(typed["locationId"])


def answer_questions(page: Page, patient: Person, say: Words) -> None:
    """Choose what is right of each question's choices."""
    month = datetime.strptime(patient.knows["month"], "%B %Y")  # noqa: DTZ007 - a month, no instant
    knows = patient.knows | {"kind": KINDS[say.language]}
    knows["month"] = format_date(month, MONTHS[say.language], locale=say.language)
    for question in page.locator("fieldset.set").all():
        about = question.locator("input[name=question]").input_value()
        right = question.locator("label").filter(has_text=knows[about])
        none = question.locator("label").filter(has_text=re.compile("None of these|Ninguno de estos"))
        (right if right.count() else none).first.click()
    go_on(page, say)


def go_on(page: Page, say: Words) -> None:
    """Click Next."""
    page.get_by_role("button", name=say("Next"), exact=True).click()


def expect_step(page: Page, say: Words, number: int) -> None:
    """See that step *number* is shown, as the page and its line of steps say."""
    expect(page.get_by_role("heading", level=1)).to_have_text(say(STEPS[number - 1]))
    expect(page.locator(".stepper [aria-current=step]")).to_contain_text(f"{number}. ")


def code_of(facts: Facts, address: str) -> str:
    """Wait for the mail with the code, in whichever language, and give the code."""

    def find() -> str:
        bodies = [mail.get_body(("plain",)) for mail in mails_to(facts, address)]
        found = [re.search(r"\b[0-9]{6}\b", body.get_content()) for body in bodies if body is not None]
        return found[-1][0] if found and found[-1] else ""

    return str(wait_for(find))
