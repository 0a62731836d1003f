"""What those see who look at exams: packages and reports in their states, open dialogs, links that ended."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page
from sqlalchemy import update

from services.archiver.store.tables import PackageRow
from services.archiver.usecases import build as builds
from services.chassis.db import Database
from tests.browser.builds import go_on, take_build
from tests.browser.cast import PHI, Cast
from tests.browser.states import State, Walk, at, opened, sent, unfolded
from tests.flows.product import LocalProduct, signal_all


def shown_by_script(script: str) -> Walk:
    """Show on the exam's page what its own script shows at its time."""

    def walk(page: Page, cast: Cast, has: dict[str, str]) -> None:
        at("/exams/{}/visit", "exam_id")(page, cast, has)
        page.evaluate(script)

    return walk


VISIT, REPORT, IMAGES, PACKAGE = "/exams/{}/visit", "/exams/{}/report", "/exams/{}/images", "/packages/{}"
NEED_HELP = opened(at("/exams/{}/download", "exam_id"), "[data-dialog=need-help]", "#need-help")
STATES = (
    State("no such exam", "account", at("/exams/none/visit")),
    State("the visit of a report held back", "account", at(VISIT, "held_id")),
    State("a report held back", "account", at(REPORT, "held_id")),
    State("a word of a report", "icode", opened(at(REPORT, "exam_id"), ".term", ".gloss > :target")),
    State("an exam to come", "account", at(VISIT, "coming_id")),
    State("no images yet", "account", at(IMAGES, "coming_id")),
    State("a package waiting", "account", at(PACKAGE, "queued_id")),
    State("a package being prepared", "icode", at(PACKAGE, "under_way_id")),
    State("a package cancelled", "account", at(PACKAGE, "cancelled_id")),
    State("a package that failed", "account", at(PACKAGE, "failed_id")),
    State("a package that ends soon", "account", at(PACKAGE, "package_id")),
    State("a package downloaded", "share", at(PACKAGE, "package_id")),
    State("a share with nothing filled in", "account", sent(at("/share/new"), among="#nick")),
    State("links that were opened, and one that ended", "account", unfolded(at("/share"))),
    State("the menu", "account", opened(at("/exams"), ".menu summary", ".menu__pop")),
    State("Need Help", "icode", NEED_HELP),
    State("the session's end", "icode", shown_by_script("document.querySelector('#session').showModal()")),
    State("the toast", "account", shown_by_script("document.querySelector('#toast').hidden = false")),
)


@contextmanager
def packages_in_states(product: LocalProduct, cast: Cast) -> Iterator[None]:
    """Let packages wait, be prepared, be cancelled, have failed, end soon and, the recipient's, be downloaded."""
    workers = product.worker_pids()
    signal_all(workers, signal.SIGSTOP)
    archive = Database(product.database_url("archiver"))
    try:
        exams = cast.clients["account"].get("/exams").json["exams"]
        cast.has["account"] |= {
            "held_id": next(row["id"] for row in exams if (row["report"] or {}).get("status") == "held"),
            "coming_id": next(row["id"] for row in exams if row["status"] == "scheduled"),
        }
        _end_soon(archive, cast)
        _fail(archive, cast)
        _cancel(cast)
        cast.has["account"]["queued_id"] = _ask(cast, "account", "held_id")
        cast.has["icode"]["under_way_id"] = _ask(cast, "icode", "exam_id")
        go_on(archive, take_build(archive, cast.has["icode"]["under_way_id"]), 0.4, length=timedelta(hours=1))
        _download(cast)
        yield
    finally:
        archive.close()
        signal_all(workers, signal.SIGCONT)


def _ask(cast: Cast, person: str, *exams: str) -> str:
    ask = {"examIds": [cast.has[person][exam] for exam in exams], "format": "iso"} | PHI
    answer = cast.clients[person].post("/packages", ask)
    assert answer.status in {200, 201, 202}, answer.body
    return str(answer.json["id"])


def _end_soon(archive: Database, cast: Cast) -> None:
    end = datetime.now(UTC) + timedelta(hours=3)
    its_own = PackageRow.id == cast.has["account"]["package_id"]
    with archive.begin() as tx:
        tx.execute(update(PackageRow).where(its_own).values(expires_at=end))


def _fail(archive: Database, cast: Cast) -> None:
    cast.has["account"]["failed_id"] = _ask(cast, "account", "exam_id", "held_id")
    lease = take_build(archive, cast.has["account"]["failed_id"])
    with archive.begin() as tx:
        builds.fail(tx, lease, "too-many-tries", datetime.now(UTC))


def _cancel(cast: Cast) -> None:
    cast.has["account"]["cancelled_id"] = _ask(cast, "account", "exam_id")
    answer = cast.clients["account"].ask("DELETE", f"/packages/{cast.has['account']['cancelled_id']}")
    assert answer.status in {200, 202, 204}


def _download(cast: Cast) -> None:
    recipient = cast.clients["share"]
    ticket = recipient.post(f"/packages/{cast.has['share']['package_id']}/downloads").json
    url = str(ticket["url"])
    assert recipient.get(url if url.startswith("http") else cast.facts.portal_url + url).status == 200
