"""What staff see as they work: visits, accounts and acts found, and not; what they hand out; a study to be matched."""

from playwright.sync_api import Page, expect

from tests.browser.cast import Cast
from tests.browser.states import State, at, sent, unfolded


def visits_found(page: Page, cast: Cast, has: dict[str, str]) -> None:
    """Find the visit at the front desk."""
    _find_visit(page, cast, has["accession"])


def _find_visit(page: Page, cast: Cast, accession: str) -> None:
    page.goto(f"{cast.facts.portal_url}/staff/visits")
    page.locator("#s-accession").fill(accession)
    page.locator("#s-accession").press("Enter")
    expect(page.locator("tbody tr").first).to_be_visible()


def code_issued(page: Page, cast: Cast, has: dict[str, str]) -> None:
    """Issue an I-Code to the patient who was invited."""
    _find_visit(page, cast, has["invitee_accession"])
    page.locator("form[action$='/icodes'] button").first.click()
    expect(page.locator("#issued")).to_be_visible()


def portal_pass(page: Page, cast: Cast, has: dict[str, str]) -> None:
    """See its Portal Pass."""
    code_issued(page, cast, has)
    page.locator("a[href*='/pass/']").first.click()
    expect(page.locator("article.pass")).to_be_visible()


def invitation(page: Page, cast: Cast, has: dict[str, str]) -> None:
    """Invite a patient who has no account."""
    INVITEE(page, cast, has)
    page.locator("#s-seen").check()
    page.locator("form[action$='/invitations'] button").click()
    expect(page.locator("#invitation")).to_be_visible()


def exam_beside_study(page: Page, cast: Cast, has: dict[str, str]) -> None:
    """Look up an exam for a study that nobody ordered."""
    page.goto(f"{cast.facts.portal_url}/staff/unmatched")
    page.locator("[id^=x-]").first.fill(has["accession"])
    page.locator("[id^=x-]").first.press("Enter")
    expect(page.locator("#s-note")).to_be_visible()


INVITEE = at("/staff/accounts?patient={}", "invitee_id")
VISITS, ACCOUNTS, UNMATCHED = at("/staff/visits"), at("/staff/accounts"), at("/staff/unmatched")
STATES = (
    State("visits found", "staff", visits_found),
    State("no visit found", "staff", sent(VISITS, {"#s-accession": "none"}, "#s-accession", ".empty")),
    State("no visit to look for", "staff", sent(VISITS, among="#s-accession")),
    State("an I-Code issued", "staff", code_issued),
    State("a Portal Pass", "staff", portal_pass),
    State("a help request refused without a note", "staff", sent(at("/staff/help-requests"), among="[id^=w-]")),
    State("help requests granted", "staff", at("/staff/help-requests?state=granted")),
    State("a patient's account", "staff", unfolded(at("/staff/accounts?patient={}", "patient_id"))),
    State("no account found", "staff", sent(ACCOUNTS, {"#s-userId": "nobody.here"}, "#s-userId", ".empty")),
    State("no account to look for", "staff", sent(ACCOUNTS, among="#s-userId")),
    State("a patient without an account", "staff", INVITEE),
    State("an invitation without a photo ID", "staff", sent(INVITEE, among="#s-seen")),
    State("an invitation", "staff", invitation),
    State("no exam for a study", "staff", sent(UNMATCHED, {"[id^=x-]": "none"}, "[id^=x-]")),
    State("an exam beside a study", "staff", exam_beside_study),
    State("a match without a note", "staff", sent(exam_beside_study)),
    State("acts found", "staff", sent(at("/staff/audit"), shows="tbody tr")),
)
