"""A headless Chromium, and an exam with real images in the running product for it to walk to."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.flows.conftest import images_of
from tests.flows.product import Facts, wait_for
from tests.flows.ris import FeedExam, Ris, an_exam

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
REPORT = "FINDINGS:\nThe lungs are clear.\nIMPRESSION:\nNothing of note."


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


@dataclass(frozen=True)
class Visit:
    """An exam in the running product, and the I-Code of its visit."""

    facts: Facts
    exam: FeedExam
    icode: str


@pytest.fixture(scope="session")
def visit(local_facts: Facts) -> Visit:
    """A completed exam with images and a report, at a site without a rule."""
    ris, exam = Ris(local_facts), an_exam()
    ris.order(exam)
    ris.store(images_of(exam))
    ris.complete(exam)
    ris.sign(exam, timedelta(minutes=30), REPORT)
    icode = ris.issue_icode(exam)
    client = local_facts.anyone().log_in("/icode-sessions", {"icode": icode})
    wait_for(lambda: [row for row in client.get("/exams").json["exams"] if row["imagesAvailable"]])
    return Visit(local_facts, exam, icode)
