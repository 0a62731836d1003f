"""The main tasks by keyboard alone: nothing is clicked, every step is reached by Tab and done by Enter or Space."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.walking import PASSWORD
from tests.browser.words import PHI, Words

MOST_STOPS = 80
_FOCUSED = """() => {
  const el = document.activeElement, box = el.getBoundingClientRect(), style = getComputedStyle(el);
  const around = el.closest('label, .phi, .format, .exam'), ring = one => one && getComputedStyle(one).outlineStyle !== 'none';
  const x = Math.max(box.left, 0) + 4, y = Math.min(Math.max(box.top, 0) + Math.min(box.height, innerHeight) / 2, innerHeight - 1);
  const over = document.elementFromPoint(x, y);
  const name = [el.getAttribute('aria-label'), el.labels?.[0]?.innerText, el.innerText].find(Boolean) ?? '';
  const href = el.getAttribute('href') ?? '';
  const seen = el === document.body || (ring(el) || ring(around)) && (!over || el.contains(over) || over.contains(el) || around?.contains(over));
  return {name: name.trim(), href, id: el.id, seen, html: el.outerHTML.slice(0, 120)};
}"""  # noqa: E501


def go_to(page: Page, is_it: Callable[[dict[str, str]], bool]) -> None:
    """Press Tab until what has the focus is it; all that has it on the way is seen to have it."""
    passed = []
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        now = page.evaluate(_FOCUSED)
        assert now["seen"], f"the focus is not seen: {now['html']}"
        if is_it(now):
            return
        passed.append(now["name"])
    raise AssertionError(f"not reached by Tab: {passed}")


def named(text: str) -> Callable[[dict[str, str]], bool]:
    return lambda now: now["name"].startswith(text)


def with_id(field: str) -> Callable[[dict[str, str]], bool]:
    return lambda now: now["id"] == field


def press(page: Page, text: str, key: str = "Enter") -> None:
    go_to(page, named(text))
    page.keyboard.press(key)


def type_into(page: Page, field: str, text: str) -> None:
    go_to(page, with_id(field))
    page.keyboard.type(text)


def come_in(page: Page, visit: Visit, say: Words) -> None:
    page.goto(f"{visit.facts.portal_url}/r/new-york")
    press(page, say("Portal"))
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Enter")  # the pop-up's first link has the focus
    page.wait_for_url("**/locations")
    go_to(page, lambda now: "/locations/NY-NYC" in now["href"])
    page.keyboard.press("Enter")
    page.wait_for_url("**/enter")
    type_into(page, "icode", visit.icode)
    page.keyboard.press("Enter")
    page.wait_for_url("**/exams")


def test_from_the_regional_page_to_the_download_link_S14_S43(page: Page, new_visit: Visit, say: Words):
    come_in(page, new_visit, say)
    go_to(page, lambda now: now["href"].startswith("/exams/"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/visit")
    go_to(page, named(say("Visit Summary")))
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name=say("Report"))).to_be_focused()
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    page.wait_for_url("**/images")
    press(page, say("Download"))
    page.wait_for_url("**/download")
    press(page, say("Need Help"))
    expect(page.get_by_role("dialog", name=say("Need Help: file types"))).to_be_visible()
    page.keyboard.press("Escape")
    press(page, say(PHI), "Space")
    press(page, say("Download"))
    expect(page.get_by_role("heading", name=say("Images ready for download"))).to_be_visible(timeout=60_000)
    expect(page.locator("#dl-t")).to_be_focused()
    with page.expect_download() as caught:
        press(page, say.begins("here: start the download of %(file)s").pattern.lstrip("^").replace("\\", ""))
    assert caught.value.suggested_filename.startswith(new_visit.exam.accession)


def test_a_link_is_made_and_copied_S47_S55(page: Page, visit: Visit, say: Words):
    come_in(page, visit, say)
    press(page, say("Share"))
    page.wait_for_url("**/share/new*")
    go_to(page, lambda now: 'name="examIds"' in now["html"])
    page.keyboard.press("Space")
    type_into(page, "nick", "Dr. Grey")
    type_into(page, "sp", PASSWORD)
    press(page, say("1 month"))
    expect(page.get_by_label(say("Expiration Date"))).to_have_value(re.compile(r"^20\d\d-"))
    for field in ("ir", "iv"):
        go_to(page, with_id(field))
        page.keyboard.press("Space")
    press(page, say(PHI), "Space")
    press(page, say("Generate Link"))
    page.wait_for_url("**/made")
    press(page, say("Copy the link"))
    expect(page.locator("#say")).to_have_text(say("Link copied. The password is not in it."))


def test_the_menu_opens_by_keys_closes_by_escape_and_logs_out(page: Page, visit: Visit, say: Words):
    come_in(page, visit, say)
    menu = page.locator("details.menu summary")
    go_to(page, lambda now: now["html"].startswith("<summary"))
    page.keyboard.press("Enter")
    expect(page.locator(".menu__pop")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".menu__pop")).to_be_hidden()
    expect(menu).to_be_focused()
    page.keyboard.press("Enter")
    press(page, say("Log out"))
    page.wait_for_url("**/enter**")


def test_mistakes_are_led_to_from_the_summary_that_has_the_focus(page: Page, visit: Visit, say: Words):
    page.goto(f"{visit.facts.portal_url}/enter")
    type_into(page, "icode", "ZZZZZ-0000-0000")
    page.keyboard.press("Enter")
    expect(page.locator(".summary")).to_be_focused()
    assert page.title().startswith(say("Error:"))
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_label("I-Code", exact=True)).to_be_focused()
