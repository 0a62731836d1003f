"""What pages become by what people do: mistakes, refusals, open dialogs, packages and reports in their states."""

import secrets
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.cast import PHI, Cast
from tests.browser.newcomers import choose_user_id, tell_about_oneself
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


def sent(page: Page) -> None:
    """Send the page's own form, whatever the browser itself would object to; its mistakes are shown."""
    page.locator("main form").first.evaluate("form => form.submit()")
    expect(page.locator(".summary").first).to_be_visible()


def step_1_of_a_minor(page: Page, cast: Cast, has: dict[str, str]) -> None:
    """Be refused as somebody of ten years."""
    tell_about_oneself(page, cast.facts.portal_url, year=str(datetime.now(UTC).year - 10))
    expect(page.locator("main [role=alert]")).to_be_visible()


def step_2(page: Page, cast: Cast, has: dict[str, str]) -> None:
    """Come to the questions, as somebody whom nobody knows."""
    tell_about_oneself(page, cast.facts.portal_url)
    page.wait_for_url("**/register/2")


def step_2_wrong(page: Page, cast: Cast, has: dict[str, str]) -> None:
    """Answer them."""
    step_2(page, cast, has)
    for question in page.locator("main fieldset").all():
        question.locator("input[type=radio]").first.check()
    page.locator("main form button[type=submit]").click()
    expect(page.locator(".summary")).to_be_visible()


def step_3(page: Page, cast: Cast, has: dict[str, str]) -> None:
    """Come to the User ID by an invitation."""
    tell_about_oneself(page, cast.facts.portal_url, invitation=cast.invite())
    page.wait_for_url("**/register/3")


def step_4(page: Page, cast: Cast, has: dict[str, str]) -> None:
    """Come to the validation code."""
    step_3(page, cast, has)
    choose_user_id(page)


def new_password(page: Page, cast: Cast, has: dict[str, str]) -> None:
    """Come to where the new password is chosen."""
    page.goto(f"{cast.facts.portal_url}/password-reset")
    page.locator("main form input[name=who]").fill(f"nobody.{secrets.token_hex(4)}")
    page.locator("main form button[type=submit]").click()
    page.wait_for_url("**/password-reset/code")


def second_step(page: Page, cast: Cast, has: dict[str, str]) -> None:
    """Come to the second step of a log-in."""
    page.goto(f"{cast.facts.portal_url}/enter")
    page.locator("#uid").fill(cast.careful["userId"])
    page.locator("#pw").fill(cast.careful["password"])
    page.locator("#pw").press("Enter")
    page.wait_for_url("**/enter/second-factor")
    page.locator("main details summary").first.click()


def then_sent(walk: Walk) -> Walk:
    """Send the form that *walk* leads to with nothing filled in."""

    def further(page: Page, cast: Cast, has: dict[str, str]) -> None:
        walk(page, cast, has)
        sent(page)

    return further


def visits_found(page: Page, cast: Cast, has: dict[str, str]) -> None:
    """Find the visit at the front desk."""
    page.goto(f"{cast.facts.portal_url}/staff/visits")
    page.locator("#s-accession").fill(has["accession"])
    page.locator("#s-accession").press("Enter")
    expect(page.locator("tbody tr").first).to_be_visible()


VISIT, REPORT, IMAGES, PACKAGE = "/exams/{}/visit", "/exams/{}/report", "/exams/{}/images", "/packages/{}"
STATES = (
    State("an I-Code that opens nothing", "nobody", filled("/enter", {"#icode": "ZZZZZ-0000-0000"}, "#icode")),
    State("a wrong password", "nobody", filled("/enter", {"#uid": "nobody.here", "#pw": "not it"}, "#pw")),
    State("a share's wrong password", "nobody", wrong_password),
    State("Get Help with nothing filled in", "nobody", filled("/get-help", {}, "#hn")),
    State("step 1 of a registration with nothing filled in", "nobody", then_sent(at("/register/1"))),
    State("step 1 of a minor's registration", "nobody", step_1_of_a_minor),
    State("step 2 of a registration", "nobody", step_2),
    State("step 2 with nothing chosen", "nobody", then_sent(step_2)),
    State("step 2 with wrong answers", "nobody", step_2_wrong),
    State("step 3 of a registration", "nobody", step_3),
    State("step 3 with nothing filled in", "nobody", then_sent(step_3)),
    State("step 4 of a registration", "nobody", step_4),
    State("step 4 without the code", "nobody", then_sent(step_4)),
    State("a forgotten password of nobody", "nobody", then_sent(at("/password-reset"))),
    State("a new password", "nobody", new_password),
    State("a new password without the code", "nobody", then_sent(new_password)),
    State("a User ID reminder with no address", "nobody", then_sent(at("/user-id-reminder"))),
    State("a second step", "nobody", second_step),
    State("a second step without a code", "nobody", then_sent(second_step)),
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
    State("visits found", "staff", visits_found),
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
