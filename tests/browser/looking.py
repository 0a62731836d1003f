"""What is looked for on every page: axe-core's rules, and what it has no rule for."""

from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from playwright.sync_api import Page

AXE_SCRIPT = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
BY_WIDTH = ("target-size", "scrollable-region-focusable", "aria-hidden-focus", "page-has-heading-one")
BY_COLOR = ("color-contrast", "link-in-text-block")
"""The rules whose answer hangs on the width or the scheme, when the rest was asked at another."""
HEIGHTS = {1280: 900, 640: 450, 320: 640}
"""Of a window, by its width."""
HEAVIEST_BYTES = 100_000
"""A page before its images, nothing compressed."""

_AXE = """only => axe.run({runOnly: only, resultTypes: ['violations']}).then(found => found.violations.flatMap(
  one => one.nodes.map(node => `${one.id} (${one.impact}): ${node.target.join(' ')}: ${node.failureSummary}`)))"""

_OWN = """() => {
  const faults = [], root = document.documentElement;
  if (root.scrollWidth > innerWidth) {
    const beyond = [...document.querySelectorAll('body *')]
      .filter(el => el.getBoundingClientRect().right > innerWidth + 1);
    faults.push(`scrolls sideways: ${root.scrollWidth} px, by ${beyond.slice(-1)[0]?.outerHTML.slice(0, 120)}`);
  }
  const heads = [...document.querySelectorAll('h1')].filter(el => el.checkVisibility());
  if (heads.length !== 1) faults.push(`${heads.length} h1`);
  const ids = [...document.querySelectorAll('[id]')].map(el => el.id);
  for (const id of new Set(ids)) if (ids.filter(one => one === id).length > 1) faults.push(`id ${id} twice`);
  for (const el of document.querySelectorAll('a[href], button, select, summary, input:not([type=hidden]), textarea')) {
    if (!el.checkVisibility({visibilityProperty: true, opacityProperty: true}) || el.disabled) continue;
    const is_in_text = el.matches('a') && getComputedStyle(el).display === 'inline';  // WCAG 2.5.8: exempt
    const box = (el.matches('input[type=radio], input[type=checkbox]') && el.labels[0] || el).getBoundingClientRect();
    if (!is_in_text && box.width && (box.width < 23.5 || box.height < 23.5) && box.right > 0)
      faults.push(`target of ${Math.round(box.width)} x ${Math.round(box.height)}: ${el.outerHTML.slice(0, 120)}`);
  }
  return faults;
}"""

_STOPS = """() => {
  const faults = [], modal = document.querySelector('dialog:modal') ?? document;
  const wanted = 'a[href], button, select, summary, input:not([type=hidden]), textarea, [tabindex="0"]';
  for (const el of modal.querySelectorAll(wanted)) {
    if (el.disabled || el.tabIndex < 0 || !el.checkVisibility({visibilityProperty: true})) continue;
    el.focus();
    if (document.activeElement !== el) continue;
    const style = getComputedStyle(el), box = el.getClientRects()[0] ?? el.getBoundingClientRect();
    const ring = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
    const around = el.closest('label, .phi, .format, .exam');
    const ringed = ring || (around && getComputedStyle(around).outlineStyle !== 'none');
    const at = `${el.outerHTML.slice(0, 120)}`;
    if (!ringed) faults.push(`no ring: ${at}`);
    const [left, top] = [Math.max(box.left, 0), Math.max(box.top, 0)];
    const [wide, high] = [Math.min(box.right, innerWidth) - left, Math.min(box.bottom, innerHeight) - top];
    if (wide < 1 || high < 1) { faults.push(`focus outside the window: ${at}`); continue; }
    const deep = box.height > innerHeight ? high / 2 : Math.min(high / 2, 20);  // higher than the window: its middle
    const over = document.elementFromPoint(left + Math.min(wide / 2, 40), top + deep);
    if (over && !el.contains(over) && !over.contains(el) && !around?.contains(over))
      faults.push(`focus covered by ${over.outerHTML.slice(0, 60)}: ${at}`);
  }
  return faults;
}"""

_AT_REST = "() => document.getAnimations().filter(one => one instanceof CSSTransition).forEach(one => one.finish())"
"""Ends what is on its way to another color."""

_WEIGHT = """() => performance.getEntriesByType('navigation').concat(performance.getEntriesByType('resource'))
  .filter(one => !/\\.jpg|state\\.json/.test(one.name))
  .reduce((sum, one) => sum + one.decodedBodySize, 0)"""


@dataclass(frozen=True)
class Setting:
    """How a page is looked at; 640 px is 1280 at 200 % zoom."""

    language: str
    scheme: str
    width: int

    def __str__(self) -> str:
        return f"{self.language}-{self.scheme}-{self.width}"


def set_up(page: Page, setting: Setting, portal_url: str) -> None:
    """Have *page*'s browser prefer *setting*."""
    _prefer(page, setting)
    page.context.add_cookies([{"name": "lang", "value": setting.language, "url": portal_url}])


def show_as(page: Page, setting: Setting) -> None:
    """Show *page* as *setting* has it but for its language."""
    _prefer(page, setting)
    page.evaluate(_AT_REST)


def _prefer(page: Page, setting: Setting) -> None:
    page.set_viewport_size({"width": setting.width, "height": HEIGHTS[setting.width]})
    page.emulate_media(color_scheme=setting.scheme, reduced_motion="reduce")


def look(page: Page, setting: Setting, secrets: tuple[str, ...]) -> list[str]:
    """Give what is wrong with the page as it is shown; *secrets*: words that may not be in a title."""
    page.evaluate(AXE_SCRIPT)
    faults = look_at_all(page)
    if page.locator("html").get_attribute("lang") != setting.language:
        faults.append("another language")
    title = page.title()
    faults += [f"{word} in the title" for word in secrets if word.lower() in title.lower()]
    if "RadNet" not in title or title.startswith("|"):
        faults.append(f"title: {title}")
    weight = page.evaluate(_WEIGHT)
    return faults + ([f"weighs {weight} bytes"] if weight > HEAVIEST_BYTES else [])


def look_at_all(page: Page) -> list[str]:
    """Give what is wrong by any rule, with a page that was looked at."""
    return list(page.evaluate(_AXE, {"type": "tag", "values": TAGS})) + _own_faults(page)


def look_again(page: Page, *rules: str) -> list[str]:
    """Give what is wrong by those *rules*, and what axe has none for, with a page that was looked at."""
    return list(page.evaluate(_AXE, {"type": "rule", "values": rules})) + _own_faults(page)


def _own_faults(page: Page) -> list[str]:
    page.keyboard.press("Tab")  # from here on focus is shown as to somebody at a keyboard
    found: Any = page.evaluate(_OWN) + page.evaluate(_STOPS)
    return list(found)
