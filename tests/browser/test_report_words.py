"""Words in this report, in a real browser: looked up and left by keys alone in both languages, printed without them."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_guide_by_keys import go_to, named
from tests.browser.walking import enter, open_exam
from tests.browser.words import Words
from tests.flows.product import Facts
from tests.flows.ris import Ris, an_exam

REPORT = """IMPRESSION:
1. No acute intracranial abnormality.
2. Mild mucosal thickening in the left maxillary sinus.

FINDINGS: The ventricles and sulci are normal in size. There is no restricted diffusion, hemorrhage or mass effect.
The mastoid air cells are clear. The orbits are unremarkable."""
MEANS = {
    "en": ("Mass effect", "Pressure from something that pushes the parts beside it."),
    "es": ("Mass effect (efecto de masa)", "Presión de algo que empuja las partes que tiene al lado."),
}


@pytest.fixture(scope="module")
def icode(local_facts: Facts) -> str:
    exam, ris = an_exam(), Ris(local_facts)
    ris.order(exam)
    ris.complete(exam)
    ris.sign(exam, timedelta(minutes=30), REPORT)
    return ris.issue_icode(exam)


@pytest.fixture
def report(page: Page, local_facts: Facts, icode: str, say: Words) -> Page:
    enter(page, local_facts, icode, say)
    open_exam(page)
    page.get_by_role("tab", name=say("Report")).click()
    page.wait_for_url("**/report")
    return page


@pytest.mark.parametrize("width", [1280, 390])
def test_a_word_is_looked_up_and_left_by_keys_alone(report: Page, say: Words, width: int):
    report.set_viewport_size({"width": width, "height": 700})
    go_to(report, named("mass effect"))
    report.keyboard.press("Enter")
    entry = report.locator(".gloss > div:target")
    expect(entry).to_be_in_viewport(ratio=1)
    expect(entry.locator("dt")).to_have_text(MEANS[say.language][0])
    expect(entry.locator("dd")).to_contain_text(MEANS[say.language][1])
    assert top_of(report, ".gloss > div:target") >= bottom_of_what_sticks(report)
    report.keyboard.press("Tab")
    expect(report.get_by_role("link", name=say("Back to the report"))).to_be_focused()
    report.keyboard.press("Enter")
    there = report.get_by_role("link", name="mass effect", exact=True)
    expect(there).to_be_focused()
    expect(there).to_be_in_viewport(ratio=1)
    assert top_of(report, ".term:target") >= bottom_of_what_sticks(report)
    expect(report.get_by_role("link", name=say("Back to the report"))).to_be_hidden()


def test_the_report_s_text_says_that_it_is_english(report: Page, say: Words):
    text = report.get_by_text("Mild mucosal thickening").first
    assert text.evaluate("el => el.closest('[lang]').lang") == "en"
    own = report.get_by_role("heading", name=say("Impression"))
    assert own.evaluate("el => el.closest('[lang]').lang") == say.language


def test_the_report_prints_on_one_letter_page_without_the_words_S27(report: Page, say: Words):
    assert report.pdf(prefer_css_page_size=True).count(b"/Type /Page\n") == 1
    report.emulate_media(media="print")
    expect(report.get_by_role("heading", name=say("Words in this report"))).to_be_hidden()
    assert report.locator(".term").first.evaluate("el => getComputedStyle(el).textDecorationLine") == "none"


def top_of(page: Page, selector: str) -> float:
    return float(page.locator(selector).evaluate("el => el.getBoundingClientRect().top"))


def bottom_of_what_sticks(page: Page) -> float:
    """Give where the header, and on a phone the tabs below it, end."""
    return float(
        page.evaluate(
            """() => Math.max(...[...document.querySelectorAll('.top, .tabs')]
              .filter(el => getComputedStyle(el).position === 'sticky').map(el => el.getBoundingClientRect().bottom))"""
        )
    )
