"""What pages become by what people do: how one comes to it; what there is stands in states_of_*.py."""

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page, expect

from tests.browser.cast import Cast

Walk = Callable[[Page, Cast, dict[str, str]], None]
"""The last: the ids of the person's things."""
MISTAKES = ".summary, .error:not([hidden]), [role=alert]"


@dataclass(frozen=True)
class State:
    """How *person* comes to see it."""

    name: str
    person: str
    walk: Walk

    def __str__(self) -> str:
        return self.name


def at(path: str, *ids: str) -> Walk:
    """Open that address, with the person's *ids* in it."""

    def walk(page: Page, cast: Cast, has: dict[str, str]) -> None:
        page.goto(cast.facts.portal_url + path.format(*(has[name] for name in ids)))

    return walk


def sent(to: Walk, fields: dict[str, str] | None = None, among: str = "main form", shows: str = MISTAKES) -> Walk:
    """Go *to* a page, fill *fields* (by selector) and send the form that *among* is or is in.

    It is sent whatever the browser itself would object to.
    """

    def walk(page: Page, cast: Cast, has: dict[str, str]) -> None:
        to(page, cast, has)
        for selector, value in (fields or {}).items():
            page.locator(selector).first.fill(value)
        with page.expect_navigation():
            page.locator(among).first.evaluate("one => (one.form ?? one).submit()")
        expect(page.locator(shows).first).to_be_visible()

    return walk


def opened(to: Walk, click: str, shows: str) -> Walk:
    """Go *to* a page and open what a click on it opens."""

    def walk(page: Page, cast: Cast, has: dict[str, str]) -> None:
        to(page, cast, has)
        page.locator(click).first.click()
        expect(page.locator(shows).first).to_be_visible()

    return walk


def unfolded(to: Walk) -> Walk:
    """Go *to* a page and open all that is folded on it."""

    def walk(page: Page, cast: Cast, has: dict[str, str]) -> None:
        to(page, cast, has)
        page.locator("main details").evaluate_all("found => found.forEach(one => { one.open = true; })")

    return walk
