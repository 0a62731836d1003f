"""What the browser keeps and tells: nothing after log-out, a warning before a session ends, no secret in an address."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server
from werkzeug.wsgi import LimitedStream

from deploy.local.servers import free_ports
from gateway.app import create_app
from gateway.settings import GatewaySettings
from tests.browser.conftest import Visit
from tests.browser.walking import ROWS, a_page, enter, open_exam
from tests.browser.words import ENGLISH, Words
from tests.flows.product import Facts

COOKIE_KEY = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"


@dataclass
class Later:
    """A gateway of its own before the same services, whose clock the test puts on."""

    facts: Facts
    ahead: timedelta = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.fixture
def later(local_facts: Facts) -> Iterator[Later]:
    port = free_ports(["gateway"])["gateway"]
    url = f"http://127.0.0.1:{port}"
    at = Later(Facts(**(vars(local_facts) | {"portal_url": url, "api": f"{url}/api/v1"})))
    services = {f"{name}_url": where for name, where in local_facts.services.items()}
    app = create_app(GatewaySettings(cookie_key=COOKIE_KEY, public_url=url, **services), at.now)

    def bounded(environ: Any, start_response: Any) -> Any:
        """Let a body end where it ends, as gunicorn does."""
        environ["wsgi.input"] = LimitedStream(environ["wsgi.input"], int(environ.get("CONTENT_LENGTH") or 0))
        return app(environ, start_response)

    server = make_server("127.0.0.1", port, bounded, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield at
    server.shutdown()
    thread.join()


def log_out(page: Page, say: Words) -> None:
    page.locator("details.menu summary").click()
    page.locator("details.menu").get_by_role("button", name=say("Log out")).click()
    page.wait_for_url("**/enter**")


def test_after_log_out_the_back_button_shows_nothing(page: Page, visit: Visit, say: Words):
    enter(page, visit.facts, visit.icode, say)
    open_exam(page)
    exam = page.url
    page.get_by_role("tab", name=say("Report")).click()
    expect(page.get_by_text("The lungs are clear.").first).to_be_visible()
    log_out(page, say)
    for _ in range(3):
        page.go_back()
        for seen in (visit.exam.accession, "The lungs are clear."):
            expect(page.get_by_text(seen)).to_have_count(0)
    page.goto(exam)
    page.wait_for_url("**/enter**")


def test_no_address_title_or_storage_holds_what_is_secret(page: Page, visit: Visit, say: Words):
    seen: list[str] = []
    page.on("request", lambda request: seen.append(request.url))
    enter(page, visit.facts, visit.icode, say)
    open_exam(page)
    for tab in ("Report", "Images", "Visit Summary"):
        page.get_by_role("tab", name=say(tab)).click()
        page.wait_for_load_state("networkidle")
        seen.append(page.title())
    kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])")
    secrets = (visit.icode, visit.exam.family, visit.exam.given, visit.exam.accession, visit.exam.mrn)
    assert [text for text in [*seen, kept] for secret in secrets if secret.lower() in text.lower()] == []


def test_no_page_asks_anything_of_anybody_else_and_its_policy_forbids_nothing_it_needs(page: Page, visit: Visit, say):
    asked, refused = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda line: refused.append(line.text) if "Content Security Policy" in line.text else None)
    enter(page, visit.facts, visit.icode, say)
    open_exam(page)
    page.get_by_role("tab", name=say("Images")).click()
    page.wait_for_load_state("networkidle")
    assert [url for url in asked if not url.startswith((visit.facts.portal_url, "data:"))] == []
    assert refused == []


def test_two_minutes_before_its_end_the_session_asks_and_is_extended_else_it_ends(
    page: Page, later: Later, visit: Visit, say: Words
):
    enter(page, later.facts, visit.icode, say)
    page.clock.install()
    open_exam(page)
    dialog = page.get_by_role("alertdialog", name=say("Are you still there?"))
    later.ahead = timedelta(minutes=13, seconds=1)
    page.clock.fast_forward("13:01")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_role("button", name=say("Stay logged in"))).to_be_focused()
    page.clock.run_for(65_000)
    expect(page.locator("#say")).not_to_be_empty()
    dialog.get_by_role("button", name=say("Stay logged in")).click()
    expect(dialog).to_be_hidden()
    page.reload()
    expect(page.locator(ROWS)).to_have_count(1)
    later.ahead = timedelta(minutes=26, seconds=30)
    page.clock.fast_forward("13:29")
    expect(dialog).to_be_visible()
    later.ahead += timedelta(minutes=3)
    page.clock.fast_forward("03:00")
    page.wait_for_url("**/enter?ended=1")
    expect(page.get_by_text(say("You were logged out to keep your records private."))).to_be_visible()
    page.go_back()
    expect(page.get_by_text(visit.exam.accession)).to_have_count(0)


def test_without_script_the_session_ends_by_itself(chromium: Browser, later: Later, visit: Visit):
    page = a_page(chromium, script=False)
    enter(page, later.facts, visit.icode, ENGLISH)
    later.ahead = timedelta(minutes=15, seconds=5)
    page.reload()
    page.wait_for_url("**/enter?ended=1")
    expect(page.get_by_text(ENGLISH("You were logged out to keep your records private."))).to_be_visible()
    page.context.close()
