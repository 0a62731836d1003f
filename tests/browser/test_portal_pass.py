"""The front desk prints a Portal Pass, and the patient comes in by what is on it, in a real browser."""

import io
import re

import pytest
import segno
from playwright.sync_api import BrowserContext, Page, expect

from tests.flows.product import Facts, wait_for
from tests.flows.ris import FeedExam, Ris, an_exam


@pytest.fixture
def exam(local_facts: Facts) -> FeedExam:
    """An exam just registered, which the front desk finds."""
    exam = an_exam()
    Ris(local_facts).order(exam)
    staff = local_facts.staff_client()
    wait_for(lambda: staff.get(f"/staff/visits?accession={exam.accession}").json["visits"])
    return exam


@pytest.fixture
def page(person: BrowserContext) -> Page:
    """A page whose script must not fail."""
    page = person.new_page()
    page.on("pageerror", lambda error: pytest.fail(f"a script failed: {error}"))
    page.set_default_timeout(15_000)
    return page


def issue(page: Page, facts: Facts, exam: FeedExam) -> str:
    """Log in at the front desk and issue the visit's code."""
    page.goto(f"{facts.portal_url}/staff")
    page.get_by_label("User ID").fill(facts.staff["userId"])
    page.get_by_label("Password", exact=True).fill(facts.staff["password"])
    page.get_by_role("button", name="Log In").click()
    page.get_by_label("Accession number").fill(exam.accession)
    page.get_by_role("button", name="Search").click()
    page.get_by_role("button", name="Issue I-Code").click()
    return page.locator("#issued").inner_text()


def test_the_front_desk_prints_the_pass_and_its_qr_code_opens_the_exams_S1_S2(
    page: Page, local_facts: Facts, exam: FeedExam
):
    code = issue(page, local_facts, exam)
    page.get_by_role("link", name="Print the Portal Pass").click()
    sheet = page.get_by_role("article", name="Portal Pass")
    for said in (code, "Use your I-Code", "Use su I-Code", "Create an Account", "Cree una cuenta", exam.family):
        expect(sheet).to_contain_text(said)
    expect(page.get_by_role("button", name="Print this Pass")).to_be_visible()
    drawn = io.BytesIO()
    way_in = f"{local_facts.portal_url}/enter#{code}"
    segno.make_qr(way_in, error="m").save(drawn, kind="svg", xmldecl=False, omitsize=True, nl=False)
    path = re.search(r' d="([^"]+)"', drawn.getvalue().decode())
    assert path is not None
    expect(sheet.locator("svg path").first).to_have_attribute("d", path[1])
    with page.expect_response(re.compile(r"/pass/\w+\.pdf$")) as answered:
        page.evaluate("fetch(document.querySelector('a[href$=\".pdf\"]').href)")
    assert answered.value.headers["content-type"] == "application/pdf"


def test_the_pass_prints_on_one_letter_page_S1(page: Page, local_facts: Facts, exam: FeedExam):
    issue(page, local_facts, exam)
    page.get_by_role("link", name="Print the Portal Pass").click()
    expect(page.get_by_role("article", name="Portal Pass")).to_be_visible()
    assert page.pdf(prefer_css_page_size=True).count(b"/Type /Page\n") == 1


def test_the_code_in_the_fragment_fills_the_field_and_leaves_the_address_S1(
    page: Page, local_facts: Facts, exam: FeedExam
):
    code = Ris(local_facts).issue_icode(exam)
    page.goto(f"{local_facts.portal_url}/enter#{code}")
    expect(page.get_by_label("I-Code", exact=True)).to_have_value(code)
    expect(page).to_have_url(f"{local_facts.portal_url}/enter")
    page.get_by_role("button", name="View my exams").click()
    page.wait_for_url("**/exams")
