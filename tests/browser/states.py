"""What pages become by what people do: mistakes, refusals, open dialogs, packages and reports in their states."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.cast import PHI, Cast
from tests.flows.product import LocalProduct, signal_all

Walk = Callable[[Page, Cast, dict[str, str]], None]
"""The last: the ids of the person's things."""


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


def filled(path: str, fields: dict[str, str], among: str) -> Walk:
    """Fill *fields* (by selector) and send the form that *among* is in, whatever the browser itself would object to."""

    def walk(page: Page, cast: Cast, has: dict[str, str]) -> None:
        page.goto(cast.facts.portal_url + path)
        for selector, value in fields.items():
            page.locator(selector).fill(value)
        page.locator(among).first.evaluate("field => field.form.submit()")
        expect(page.locator(".summary, .error, [role=alert]").first).to_be_visible()

    return walk


def opened(path: str, click: str, shows: str, *ids: str) -> Walk:
    """Open what a click on that page opens."""

    def walk(page: Page, cast: Cast, has: dict[str, str]) -> None:
        at(path, *ids)(page, cast, has)
        page.locator(click).first.click()
        expect(page.locator(shows)).to_be_visible()

    return walk


def shown_by_script(script: str) -> Walk:
    """Show on the exam's page what its own script shows at its time."""

    def walk(page: Page, cast: Cast, has: dict[str, str]) -> None:
        at("/exams/{}/visit", "exam_id")(page, cast, has)
        page.evaluate(script)

    return walk


def wrong_password(page: Page, cast: Cast, has: dict[str, str]) -> None:
    """Try to open the share with another password."""
    page.goto("about:blank")
    page.goto(cast.share_url)
    page.locator("input[name=password]").fill("not the password")
    page.locator("input[name=password]").press("Enter")
    expect(page.locator(".error")).to_be_visible()


VISIT, REPORT, IMAGES, PACKAGE = "/exams/{}/visit", "/exams/{}/report", "/exams/{}/images", "/packages/{}"
STATES = (
    State("an I-Code that opens nothing", "nobody", filled("/enter", {"#icode": "ZZZZZ-0000-0000"}, "#icode")),
    State("a wrong password", "nobody", filled("/enter", {"#uid": "nobody.here", "#pw": "not it"}, "#pw")),
    State("a share's wrong password", "nobody", wrong_password),
    State("Get Help with nothing filled in", "nobody", filled("/get-help", {}, "#hn")),
    State("a guest with nothing filled in", "nobody", filled("/guest-appointment", {}, "#g-phone")),
    State("no such page", "nobody", at("/nothing-here")),
    State("the pop-up", "nobody", opened("/r/new-york", "[data-dialog=connect]", "#connect")),
    State("no such exam", "account", at("/exams/none/visit")),
    State("the visit of a report held back", "account", at(VISIT, "held_id")),
    State("a report held back", "account", at(REPORT, "held_id")),
    State("an exam to come", "account", at(VISIT, "coming_id")),
    State("no images yet", "account", at(IMAGES, "coming_id")),
    State("a package waiting", "account", at(PACKAGE, "queued_id")),
    State("a package cancelled", "account", at(PACKAGE, "cancelled_id")),
    State("a package downloaded", "share", at(PACKAGE, "package_id")),
    State("a share with nothing filled in", "account", filled("/share/new", {}, "#nick")),
    State("the menu", "account", opened("/exams", ".menu summary", ".menu__pop")),
    State("Need Help", "icode", opened("/exams/{}/download", "[data-dialog=need-help]", "#need-help", "exam_id")),
    State("the session's end", "icode", shown_by_script("document.querySelector('#session').showModal()")),
    State("the toast", "account", shown_by_script("document.querySelector('#toast').hidden = false")),
    State("visits found", "staff", at("/staff/visits?accession={}", "accession")),
    State("a help request refused without a note", "staff", filled("/staff/help-requests", {}, "[id^=w-]")),
)


@contextmanager
def packages_in_states(product: LocalProduct, cast: Cast) -> Iterator[None]:
    """Let the account have one package that waits and one cancelled, and the recipient have downloaded theirs."""
    workers = product.worker_pids()
    signal_all(workers, signal.SIGSTOP)
    try:
        own, exams = cast.clients["account"], cast.clients["account"].get("/exams").json["exams"]
        cast.has["account"] |= {
            "held_id": next(row["id"] for row in exams if (row["report"] or {}).get("status") == "held"),
            "coming_id": next(row["id"] for row in exams if row["status"] == "scheduled"),
        }
        cancelled = own.post("/packages", _ask(cast, "exam_id")).json["id"]
        assert own.ask("DELETE", f"/packages/{cancelled}").status in {200, 202, 204}
        cast.has["account"] |= {
            "cancelled_id": cancelled,
            "queued_id": own.post("/packages", _ask(cast, "held_id")).json["id"],
        }
        _download(cast)
        yield
    finally:
        signal_all(workers, signal.SIGCONT)


def _ask(cast: Cast, exam: str) -> dict[str, Any]:
    return {"examIds": [cast.has["account"][exam]], "format": "iso"} | PHI


def _download(cast: Cast) -> None:
    recipient = cast.clients["share"]
    ticket = recipient.post(f"/packages/{cast.has['share']['package_id']}/downloads").json
    url = str(ticket["url"])
    assert recipient.get(url if url.startswith("http") else cast.facts.portal_url + url).status == 200
