"""Writes a picture of each screen: ``make screenshots``, or ``python -m tests.browser.screenshots FOLDER``.

It starts the demo of ``./portal up`` in a folder of its own and walks through it: in both languages on a desktop, the
main screens on a phone too, and some of them dark.
"""

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect, sync_playwright

from services.chassis.db import Database
from tests.browser.builds import go_on, nobody_works, take_build
from tests.browser.conftest import CHROMIUM, FLAGS
from tests.browser.newcomers import tell_about_oneself
from tests.browser.walking import PASSWORD, a_page, enter, log_in, open_share, share, to_the_desk
from tests.browser.words import Words
from tests.flows.client import Client
from tests.flows.product import Facts, LocalProduct, wait_for

DESKTOP, PHONE = 1280, 390
DRAWN = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
Walk = Callable[[Page], None]


@dataclass(frozen=True)
class Shot:
    """One screen: what it is called, how one comes to it, and whether it is taken on a phone and dark too."""

    name: str
    walk: Walk
    on_phone: bool = False
    is_dark_too: bool = False


@dataclass(frozen=True)
class Studio:
    """The running demo, and what its people have there."""

    facts: Facts
    exams: dict[str, str]
    """The account's exams by kind: ``mr``, ``ct``, ``us``."""
    ready_id: str
    under_way_id: str
    share_url: str

    def at(self, path: str, then: str = "") -> Walk:
        """Open a page; *then* click that."""

        def walk(page: Page) -> None:
            page.goto(self.facts.portal_url + path.format(**self.exams))
            if then:
                page.locator(then).first.click()

        return walk

    def of_nobody(self) -> list[Shot]:
        """What is seen before anybody logs in."""
        return [
            Shot("01-regions", self.at("/")),
            Shot("02-region", self.at("/r/texas"), on_phone=True),
            Shot("03-pop-up", self.at("/r/texas", "[data-dialog=connect]")),
            Shot("04-location", self.at("/r/texas/locations"), on_phone=True),
            Shot("05-three-ways-in", self.at("/enter"), on_phone=True, is_dark_too=True),
            Shot("06-register-1", self.at("/register/1"), on_phone=True),
            Shot("07-register-2", lambda page: tell_about_oneself(page, self.facts.portal_url), on_phone=True),
            Shot("08-register-done", self.at("/register/done")),
            Shot("09-password-reset", self.at("/password-reset")),
            Shot("10-get-help", self.at("/get-help"), on_phone=True),
            Shot("11-guest-appointment", self.at("/guest-appointment")),
            Shot("12-recipient-password", lambda page: _goto(page, self.share_url), on_phone=True),
            Shot("13-not-found", self.at("/nothing-here")),
        ]

    def of_account(self) -> list[Shot]:
        """What the account's owner sees."""
        panel = "/packages/"
        return [
            Shot("20-exams", self.at("/exams"), on_phone=True),
            Shot("21-visit-summary", self.at("/exams/{mr}/visit"), on_phone=True),
            Shot("22-report", self.at("/exams/{mr}/report"), on_phone=True, is_dark_too=True),
            Shot("22-report-word", self.at("/exams/{mr}/report", ".term"), on_phone=True),
            Shot("23-images", self.at("/exams/{mr}/images"), on_phone=True, is_dark_too=True),
            Shot("24-compare", self.at("/exams/{mr}/images?series=1&image=1&with=1.3")),
            Shot("25-download", self.at("/exams/{ct}/download"), on_phone=True),
            Shot("26-need-help", self.at("/exams/{ct}/download", "[data-dialog=need-help]")),
            Shot("27-preparing", self.at(panel + self.under_way_id), on_phone=True),
            Shot("28-ready", self.at(panel + self.ready_id), on_phone=True, is_dark_too=True),
            Shot("29-share", self.at("/share/new?exam={mr}"), on_phone=True),
            Shot("30-link", lambda page: _share(page, self.facts)),
            Shot("31-share-history", self.at("/share"), on_phone=True),
            Shot("32-my-account", self.at("/me"), on_phone=True),
            Shot("33-activity", self.at("/me/activity"), on_phone=True),
            Shot("34-devices", self.at("/me/devices")),
        ]

    def of_texan(self) -> list[Shot]:
        """What an I-Code's holder sees whose report Texas holds back."""

        def walk(page: Page) -> None:
            page.goto(f"{self.facts.portal_url}/exams")
            page.locator("a.exam__go").first.click()
            page.locator("#tab-report").click()

        return [Shot("40-icode", self.at("/exams")), Shot("41-report-held", walk, on_phone=True)]

    def of_recipient(self) -> list[Shot]:
        """What a recipient sees."""
        return [Shot("50-shared", self.at("/shared"), on_phone=True), Shot("51-images", self.at("/exams/{mr}/images"))]

    def of_staff(self) -> list[Shot]:
        """What staff see."""
        return [
            Shot("60-visits", lambda page: _search(page, self.facts, "NY24110071")),
            Shot("61-issued", lambda page: _issue(page, self.facts)),
            Shot("62-portal-pass", lambda page: page.locator("a[href*='/pass/']").first.click()),
            Shot("63-help-requests", self.at("/staff/help-requests")),
            Shot("64-accounts", self.at("/staff/accounts")),
            Shot("65-unmatched", self.at("/staff/unmatched")),
            Shot("66-audit", self.at("/staff/audit")),
            Shot("67-guests", self.at("/staff/guest-appointments")),
        ]


def _goto(page: Page, url: str) -> None:
    page.goto("about:blank")
    page.goto(url)


def _share(page: Page, facts: Facts) -> None:
    page.goto(f"{facts.portal_url}/exams")
    share(page, Words(page.locator("html").get_attribute("lang") or "en"))


def _issue(page: Page, facts: Facts) -> None:
    _search(page, facts, "MD24110098")
    page.locator("form[action$='/icodes'] button").first.click()


def _search(page: Page, facts: Facts, accession: str) -> None:
    page.goto(f"{facts.portal_url}/staff/visits")
    page.locator("#s-accession").fill(accession)
    page.locator("#s-accession").press("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)


@contextmanager
def set_up(product: LocalProduct, facts: Facts) -> Iterator[Studio]:
    """Have the account hold a ready package and one at 40 percent, and share its first exam; staff have a request."""
    owner = facts.anyone().log_in("/sessions", facts.more["account"])
    rows = owner.get("/exams").json["exams"]
    exams = {row["modality"].lower(): row["id"] for row in rows}
    ready_id = owner.post("/packages", _package(exams["mr"])).json["id"]
    wait_for(lambda: owner.get(f"/packages/{ready_id}").json["state"] == "ready", 60)
    asker = {"name": "Jane Rivera", "contact": "jane.rivera@example.org", "message": "It worked in May."}
    facts.anyone().post("/help-requests", asker | {"reason": "code-expired", "icode": facts.more["icode"]})
    archive = Database(product.database_url("archiver"))
    with nobody_works(product):
        under_way_id = owner.post("/packages", _package(exams["ct"])).json["id"]
        go_on(archive, take_build(archive, under_way_id), 0.4)
        archive.close()
        yield Studio(facts, exams, ready_id, under_way_id, _shared(owner, exams["mr"]))


def _package(exam_id: str) -> dict[str, Any]:
    return {"examIds": [exam_id], "format": "zip", "phiAcknowledged": True}


def _shared(owner: Client, exam_id: str) -> str:
    ask = {"examIds": [exam_id], "nickname": "Dr. Lindqvist", "password": PASSWORD, "expiresAt": "2099-12-31T00:00:00Z"}
    allowed = {"includeReport": True, "includeVisitSummary": True, "phiAcknowledged": True}
    return str(owner.post("/shares", ask | allowed).json["url"])


def take(browser: Browser, studio: Studio, folder: Path) -> None:
    """Take all of them, in both languages."""
    for say in (Words("en"), Words("es")):
        for come_in, shots in _people(studio, say):
            page = a_page(browser, say, width=DESKTOP)
            come_in(page)
            for shot in shots:
                _take(page, shot, folder / say.language)
            page.context.close()


def _people(studio: Studio, say: Words) -> list[tuple[Walk, list[Shot]]]:
    facts = studio.facts
    return [
        (lambda page: None, studio.of_nobody()),
        (lambda page: log_in(page, facts, facts.more["account"], say), studio.of_account()),
        (lambda page: enter(page, facts, facts.more["icodes"]["texas"], say), studio.of_texan()),
        (lambda page: open_share(page, studio.share_url, say), studio.of_recipient()),
        (lambda page: to_the_desk(page, facts, say), studio.of_staff()),
    ]


def _take(page: Page, shot: Shot, folder: Path) -> None:
    page.set_viewport_size({"width": DESKTOP, "height": 900})
    shot.walk(page)
    _save(page, folder / f"{shot.name}.png")
    if shot.is_dark_too:
        page.emulate_media(color_scheme="dark")
        _save(page, folder / f"{shot.name}-dark.png")
        page.emulate_media(color_scheme="light")
    if shot.on_phone:
        page.set_viewport_size({"width": PHONE, "height": 844})
        _save(page, folder / f"{shot.name}-phone.png", is_whole=True)


def _save(page: Page, path: Path, *, is_whole: bool = False) -> None:
    page.wait_for_load_state("networkidle")
    page.evaluate(DRAWN)
    page.screenshot(path=path, full_page=is_whole)


def main() -> None:
    """Start the demo, take the pictures, end it."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "var/screenshots")
    with tempfile.TemporaryDirectory(prefix="portal-") as name, sync_playwright() as playwright:
        product = LocalProduct(Path(name) / "demo", bus="local", demo=True)
        facts = product.start()
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            with set_up(product, facts) as studio:
                take(browser, studio, folder)
        finally:
            browser.close()
            product.stop()
    print(folder)  # noqa: T201 - where they are


if __name__ == "__main__":
    main()
