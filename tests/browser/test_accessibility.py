"""Every page of the portal, as its routes have them, for everybody who may open it: nothing shuts anybody out.

Each is seen in both languages, light and dark, at 1280, 320 and 640 px (1280 at 200 %). ``make axe``: every page and
state in every one of those 12 settings. What people take home on paper is printed as well.
"""

import base64
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from playwright.sync_api import Page

from contracts.topology import SERVICES
from gateway.app import create_app
from gateway.settings import GatewaySettings
from tests.browser import states_of_accounts, states_of_patients, states_of_staff, states_of_visitors
from tests.browser.cast import PEOPLE, Cast, assemble, pages_of
from tests.browser.looking import BY_COLOR, BY_WIDTH, Setting, look, look_again, look_at_all, set_up, show_as
from tests.browser.states import State, Walk, at

IN_FULL = bool(os.environ.get("AXE_IN_FULL"))
WIDE, NARROW = Setting("en", "light", 1280), Setting("es", "dark", 320)
LANGUAGES = ("en", "es")
VARIABLE = re.compile(r"<(?:[^<>]*:)?(\w+)>")
STATES = [
    *states_of_visitors.STATES, *states_of_patients.STATES, *states_of_accounts.STATES, *states_of_staff.STATES,
]  # fmt: skip
SHEETS = [
    ("recovery codes", "careful", states_of_accounts.recovery_codes, "#codes li"),
    ("an invitation", "staff", states_of_staff.invitation, "#invitation, .numbered b"),
    ("a Portal Pass", "staff", states_of_staff.portal_pass, ".pass__code, .pass h2"),
    ("a report", "icode", at(states_of_patients.REPORT, "exam_id"), ".sheet h2, .sheet dd, .sheet p:not(.no-print)"),
    ("a visit summary", "icode", at(states_of_patients.VISIT, "exam_id"), "#panel h2, .line b, .facts dd"),
    ("a link made", "account", at("/share/{}/made", "share_id"), "#url, .facts dd"),
]
NO_PAGES = (".json", ".jpg", ".pdf", ".webmanifest", "/file")


def rules() -> list[str]:
    """Give the addresses of the portal's pages, with their variables, as the gateway has them."""
    addresses = {f"{name}_url": "http://127.0.0.1" for name in SERVICES}
    key = base64.urlsafe_b64encode(bytes(32)).decode()
    found = create_app(GatewaySettings(cookie_key=key, **addresses)).url_map.iter_rules()
    own = [rule for rule in found if "." in rule.endpoint and not rule.endpoint.startswith(("edge.", "openapi."))]
    return sorted({rule.rule for rule in own if "GET" in (rule.methods or ()) and not rule.rule.endswith(NO_PAGES)})


@pytest.fixture(scope="module")
def cast(local_product, local_facts) -> Iterator[Cast]:
    cast = assemble(local_product, local_facts)
    with states_of_patients.packages_in_states(local_product, cast):
        yield cast


@pytest.fixture(scope="module")
def pages(chromium, cast) -> Iterator[dict[str, Page]]:
    opened = pages_of(chromium, cast)
    yield opened
    for page in opened.values():
        page.context.close()


def opens(page: Page, url: str) -> bool:
    """Whether *url* is a page of its own for this person; one that leads elsewhere is looked at there."""
    answer = page.request.get(url, max_redirects=0)
    return answer.status == 200 and answer.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("rule", rules())
def test_nothing_is_wrong_with(rule: str, cast: Cast, pages: dict[str, Page]):
    names = VARIABLE.findall(rule)
    known = [person for person in PEOPLE if set(names) <= cast.has[person].keys()]
    assert known, f"nobody in the cast has {names}"
    urls = {person: cast.facts.portal_url + address(rule, cast.has[person]) for person in known}
    seen_by = [person for person in known if opens(pages[person], urls[person])]
    faults = []
    for person, setting in visits(seen_by):
        page = pages[person]
        set_up(page, setting, cast.facts.portal_url)
        page.goto(urls[person])
        faults += faults_of(page, setting, cast)
    if IN_FULL and seen_by:
        for language in LANGUAGES:
            page = pages[seen_by[0]]
            set_up(page, replace(WIDE, language=language), cast.facts.portal_url)
            page.goto(urls[seen_by[0]])
            faults += faults_in_all_settings(page, language, cast)
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(("state", "number"), [(state, at) for at, state in enumerate(STATES)], ids=str)
def test_nothing_is_wrong_where_people_come_to(state: State, number: int, cast: Cast, pages: dict[str, Page]):
    page, faults = pages[state.person], []
    for setting in [replace(WIDE, language=one) for one in LANGUAGES] if IN_FULL else [(WIDE, NARROW)[number % 2]]:
        set_up(page, setting, cast.facts.portal_url)
        state.walk(page, cast, cast.has[state.person])
        faults += faults_in_all_settings(page, setting.language, cast) if IN_FULL else faults_of(page, setting, cast)
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(("name", "person", "walk", "essential"), SHEETS, ids=[name for name, *_ in SHEETS])
def test_it_prints_on_one_light_sheet(
    name: str, person: str, walk: Walk, essential: str, cast: Cast, pages: dict[str, Page], tmp_path: Path
):
    page = pages[person]
    set_up(page, Setting("es", "dark", 1280), cast.facts.portal_url)
    walk(page, cast, cast.has[person])
    words = page.locator(essential).all_inner_texts()
    page.emulate_media(media="print")
    try:
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert page.locator("header.top, footer, nav, button, .btn").locator("visible=true").count() == 0
        page.pdf(path=tmp_path / "sheet.pdf", prefer_css_page_size=True)
    finally:
        page.emulate_media(media="null")
    done = subprocess.run(["pdftotext", tmp_path / "sheet.pdf", "-"], capture_output=True, check=True)
    printed = done.stdout.decode()
    assert printed.count("\f") == 1
    assert words
    assert [one for one in words if "".join(one.split()) not in "".join(printed.split())] == []


def faults_of(page: Page, setting: Setting, cast: Cast) -> list[str]:
    """Give what is wrong in *setting*, and after it at 640 px."""
    faults = [f"{setting}: {fault}" for fault in look(page, setting, secrets_of(cast))]
    if setting == NARROW:
        show_as(page, replace(setting, width=640))
        faults += [f"640: {fault}" for fault in look_again(page, *BY_WIDTH)]
    return faults


def faults_in_all_settings(page: Page, language: str, cast: Cast) -> list[str]:
    """Give what is wrong in each setting of *language*, with a page shown as the first of them has it."""
    first, *others = [Setting(language, *one) for one in product(("light", "dark"), (1280, 640, 320))]
    faults = [f"{first}: {fault}" for fault in look(page, first, secrets_of(cast))]
    for setting in others:
        show_as(page, setting)
        is_other_end = (setting.scheme, setting.width) == (NARROW.scheme, NARROW.width)
        found = look_at_all(page) if is_other_end else look_again(page, *BY_WIDTH, *BY_COLOR)
        faults += [f"{setting}: {fault}" for fault in found]
    return faults


def secrets_of(cast: Cast) -> tuple[str, ...]:
    return cast.exam.family, cast.exam.accession, "Dr. Grey"


def address(rule: str, has: dict[str, str]) -> str:
    return VARIABLE.sub(lambda found: has[found[1]], rule)


def visits(people: list[str]) -> list[tuple[str, Setting]]:
    """Give who looks at a page in which settings: the last and the first of *people*, or all but that one in turn."""
    if IN_FULL:
        return [(person, (WIDE, NARROW)[at % 2]) for at, person in enumerate(people[1:])]
    return [(people[-1], WIDE), (people[0], NARROW)] if people else []
