"""A headless Chromium, and an exam with real images in the running product for it to walk to."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.walking import a_page, feed, icode_of
from tests.browser.words import Words
from tests.flows.product import Facts
from tests.flows.ris import FeedExam, an_exam

CHROMIUM = shutil.which("chromium-headless-shell") or "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The run's browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def person(chromium: Browser) -> Iterator[BrowserContext]:
    """One person's browser: cookies and downloads of their own, a clipboard that may be read."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    yield context
    context.close()


@pytest.fixture(params=["en", "es"])
def say(request: pytest.FixtureRequest) -> Words:
    """The words of the language that the person's browser prefers: each of both in turn."""
    return Words(request.param)


@pytest.fixture
def page(chromium: Browser, say: Words) -> Iterator[Page]:
    """A page in a browser of that language, with a clipboard; its scripts must not fail."""
    opened = a_page(chromium, say)
    opened.context.grant_permissions(["clipboard-read", "clipboard-write"])
    faults: list[str] = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    yield opened
    opened.context.close()
    assert faults == []


@dataclass(frozen=True)
class Visit:
    """An exam in the running product, and the I-Code of its visit."""

    facts: Facts
    exam: FeedExam
    icode: str


@pytest.fixture(scope="session")
def visit(local_facts: Facts) -> Visit:
    """A completed exam with images and a report, at a site without a rule."""
    exam = feed(local_facts, an_exam())
    return Visit(local_facts, exam, icode_of(local_facts, exam))


@pytest.fixture
def new_visit(local_facts: Facts) -> Visit:
    """Such an exam that nobody has asked anything of yet."""
    exam = feed(local_facts, an_exam())
    return Visit(local_facts, exam, icode_of(local_facts, exam))
