"""An I-Code after its 90 days: Get Help, what staff check and grant, 90 days more (guide, 07); in both languages."""

from datetime import UTC, datetime, timedelta

from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from services.chassis.db import Database
from services.identity.store.icodes import ICodeRow
from tests.browser.conftest import Visit
from tests.browser.walking import ROWS, a_page, enter, to_the_desk
from tests.browser.words import Words
from tests.flows.product import LocalProduct


def let_90_days_pass(product: LocalProduct, icode: str) -> None:
    """Have the code been issued 90 days ago."""
    database = Database(product.database_url("identity"))
    with database.begin() as tx:
        row = tx.scalars(select(ICodeRow).where(ICodeRow.locator == icode[:5])).one()
        row.issued_at, row.expires_at = row.issued_at - timedelta(days=90), datetime.now(UTC)
    database.close()


def test_an_expired_code_is_reactivated_by_a_request_that_staff_grant_S69_S70(
    page: Page, new_visit: Visit, say: Words, chromium: Browser, local_product: LocalProduct
):
    asker = f"Quilla {new_visit.exam.accession}"
    let_90_days_pass(local_product, new_visit.icode)
    page.goto(f"{new_visit.facts.portal_url}/enter")
    page.get_by_label("I-Code", exact=True).fill(new_visit.icode)
    page.get_by_role("button", name=say("View my exams")).click()
    told = page.get_by_role("alert").filter(has_text=say("This I-Code has expired."))
    told.get_by_role("link", name=say("Get Help")).click()
    expect(page.get_by_label(say("My I-Code has expired"))).to_be_checked()
    page.get_by_label(f"I-Code {say('(optional)')}", exact=True).fill(new_visit.icode)
    page.get_by_label(say("Your name")).fill(asker)
    page.get_by_label(say("Email or phone")).fill("quilla@example.org")
    page.get_by_role("button", name=say("Send")).click()
    expect(page.get_by_role("heading", name=say("We have your request"))).to_be_visible()
    staff = a_page(chromium, say)
    to_the_desk(staff, new_visit.facts, say)
    staff.goto(f"{new_visit.facts.portal_url}/staff/help-requests")
    request = staff.locator("section", has_text=asker)
    expect(request).to_contain_text(say("Expired %(day)s", day="").strip())
    request.get_by_label(say("Called back the number on file")).check()
    request.get_by_role("button", name=say("Grant")).click()
    expect(staff.locator("section", has_text=asker)).to_have_count(0)
    staff.goto(f"{new_visit.facts.portal_url}/staff/help-requests?state=granted")
    expect(staff.locator("section", has_text=asker)).to_contain_text(say("Called back the number on file"))
    staff.context.close()
    enter(page, new_visit.facts, new_visit.icode, say)
    expect(page.locator(ROWS)).to_have_count(1)


def test_the_front_desk_finds_the_visit_and_issues_a_code_that_ends_the_old_one_S1_S10(
    page: Page, new_visit: Visit, say: Words
):
    to_the_desk(page, new_visit.facts, say)
    page.get_by_label(say("Accession number")).fill(new_visit.exam.accession)
    page.get_by_role("button", name=say("Search")).click()
    row = page.get_by_role("row").filter(has_text=new_visit.exam.accession)
    expect(row).to_contain_text(new_visit.exam.family)
    assert new_visit.exam.family not in page.url
    row.get_by_role("button", name=say("Issue I-Code")).click()
    code = page.locator("#issued").inner_text()
    page.get_by_role("link", name=say("Print the Portal Pass")).click()
    expect(page.get_by_role("article", name="Portal Pass")).to_contain_text(code)
    page.locator("details.menu summary").click()
    page.locator("details.menu").get_by_role("button", name=say("Log out")).click()
    page.goto(f"{new_visit.facts.portal_url}/enter")
    page.get_by_label("I-Code", exact=True).fill(new_visit.icode)
    page.get_by_role("button", name=say("View my exams")).click()
    expect(page.get_by_role("alert")).to_be_visible()
    enter(page, new_visit.facts, code, say)
