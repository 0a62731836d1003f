"""Who walks through all pages in the tests: everybody that the portal knows, each logged in, with things to see."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from typing import Any

from playwright.sync_api import Browser, Page

from deploy.local.places import ROOT
from services.chassis.db import Database
from services.notifier.domain import hash_address
from services.notifier.store import addresses
from tests.browser.newcomers import add_second_factor, inviter, visit_of
from tests.flows.client import Client
from tests.flows.conftest import images_of
from tests.flows.product import Facts, LocalProduct, wait_for
from tests.flows.ris import FeedExam, Ris, an_exam

PHI = {"phiAcknowledged": True}
PASSWORD = "a long password"
REPORT = "IMPRESSION:\nNothing of note.\nFINDINGS:\nThe lungs are clear."
PEOPLE = ("nobody", "icode", "account", "share", "staff")
CAREFUL = "careful"
"""Has an account with a second step too, and an address from which mail comes back."""


@dataclass
class Cast:
    """The running product, what its people need to get in, and what each of them has."""

    facts: Facts
    exam: FeedExam
    icode: str
    account: dict[str, str]
    share_url: str
    invite: Callable[[], str]
    """Gives an invitation for somebody who has no account."""
    careful: dict[str, str]
    """The account with a second step: ``userId``, ``password``, ``recoveryCode``."""
    clients: dict[str, Client] = field(default_factory=dict)
    has: dict[str, dict[str, str]] = field(default_factory=dict)
    """By person: the ids that the addresses of their pages are made of."""

    def log_in(self, page: Page, person: str) -> None:
        """Come in as *person* by the portal's own forms; as nobody: not at all."""
        ways = {"icode": self._enter, "account": self._log_in, "share": self._open, "staff": self._to_the_desk}
        ways[CAREFUL] = self._log_in_carefully
        if person in ways:
            ways[person](page)

    def _enter(self, page: Page) -> None:
        page.goto(f"{self.facts.portal_url}/enter")
        page.locator("#icode").fill(self.icode)
        page.locator("#icode").press("Enter")
        page.wait_for_url("**/exams")

    def _log_in(self, page: Page) -> None:
        self.give_password(page, self.account)
        page.wait_for_url("**/exams")

    def give_password(self, page: Page, account: dict[str, str]) -> None:
        """Give *account*'s User ID and password."""
        page.goto(f"{self.facts.portal_url}/enter")
        page.locator("#uid").fill(account["userId"])
        page.locator("#pw").fill(account["password"])
        page.locator("#pw").press("Enter")

    def _log_in_carefully(self, page: Page) -> None:
        self.give_password(page, self.careful)
        page.locator("main details summary").click()
        page.locator("#spare-code").fill(self.careful["recoveryCode"])
        page.locator("#spare-code").press("Enter")
        page.wait_for_url("**/exams")

    def _open(self, page: Page) -> None:
        page.goto(self.share_url)
        page.locator("input[name=password]").fill(PASSWORD)
        page.locator("input[name=password]").press("Enter")
        page.wait_for_url("**/shared")

    def _to_the_desk(self, page: Page) -> None:
        page.goto(f"{self.facts.portal_url}/staff")
        page.locator("input[name=userId]").fill(self.facts.staff["userId"])
        page.locator("input[name=password]").fill(self.facts.staff["password"])
        page.locator("input[name=password]").press("Enter")
        page.wait_for_url("**/staff/visits")


def open_account(
    product: LocalProduct, facts: Facts, patient_id: str, email: str = "quilla@example.org"
) -> dict[str, str]:
    """Open an account of that patient, as an operator does; its User ID and password."""
    account = {"userId": f"u{patient_id[:12].lower()}", "password": PASSWORD}
    command = [sys.executable, "-m", "services.identity", "open-account", "--user-id", account["userId"]]
    command += ["--email", email, "--patients", patient_id]
    env = os.environ | {
        "PORTAL_STARTED_BY_LAUNCHER": "true",
        "PORTAL_PUBLIC_URL": facts.portal_url,
        "PORTAL_IDENTITY_DATABASE_URL": product.database_url("identity"),
        "PORTAL_IDENTITY_KEYS_DIR": str(product.folder / "keys" / "identity"),
    }
    subprocess.run(command, input=PASSWORD, text=True, env=env, cwd=ROOT, check=True, capture_output=True)
    return account


def assemble(product: LocalProduct, facts: Facts) -> Cast:
    """Give the product a patient with exams of every kind, an account, shares, packages, and requests to staff."""
    ris, exam = Ris(facts), an_exam()
    _feed(ris, exam)
    desk = facts.staff_client()
    visit = visit_of(desk, exam)
    issued = desk.post(f"/staff/visits/{visit['id']}/icodes", {}).json
    account = open_account(product, facts, visit["patient"]["id"])
    by_account = facts.anyone().log_in("/sessions", account)
    by_code = facts.anyone().log_in("/icode-sessions", {"icode": issued["icode"]})
    exam_id = wait_for(lambda: [row for row in by_code.get("/exams").json["exams"] if row["imagesAvailable"]])[0]["id"]
    shared, also_shared = share(by_account, exam_id), share(by_code, exam_id)
    opening = {"token": shared["url"].partition("#")[2], "password": PASSWORD}
    people = {"account": by_account, "icode": by_code, "share": facts.anyone().log_in("/share-sessions", opening)}
    _end(by_account, share(by_account, exam_id)["id"])
    careful, factor_id = _careful(product, facts, ris)
    invitee = _registered(ris)
    invitee_id = visit_of(desk, invitee)["patient"]["id"]
    invite = inviter(desk, invitee_id)
    cast = Cast(facts, exam, issued["icode"], account, shared["url"], invite, careful, people | {"staff": desk})
    cast.has = {person: {"exam_id": exam_id} for person in people} | {"nobody": {}, "staff": {}}
    cast.has[CAREFUL] = {"factor_id": factor_id}
    cast.has["account"] |= {"share_id": shared["id"]}
    cast.has["icode"] |= {"share_id": also_shared["id"]}
    cast.has["staff"] |= {"visit_id": visit["id"], "icode_id": issued["id"], "accession": exam.accession}
    cast.has["staff"] |= {"patient_id": visit["patient"]["id"]}
    cast.has["staff"] |= {"invitee_id": invitee_id, "invitee_accession": invitee.accession}
    _ask_staff(facts, issued["icode"])
    _make_packages(cast, exam_id, people)
    region = facts.anyone().get("/regions").json["regions"][0]["id"]
    place = facts.anyone().get(f"/regions/{region}/locations").json["locations"][0]["id"]
    for has in cast.has.values():
        has |= {"region": region, "location": place, "code": "en", "uid": "none"}
    cast.has["account"]["tab"], cast.has["icode"]["tab"] = "images", "report"
    cast.has["nobody"]["token"] = wait_for(lambda: _tokens_to_unsubscribe(facts))[0]
    return cast


def _tokens_to_unsubscribe(facts: Facts) -> list[str]:
    links = [message_from_bytes(mail)["List-Unsubscribe"] or "" for mail in facts.mails()]
    return [link.strip("<>").rpartition("/")[2] for link in links if link]


def _registered(ris: Ris) -> FeedExam:
    """Register a visit of somebody without an account, with the phone number that step 1 asks for."""
    exam = an_exam(phone="212-555-0147")
    ris.order(exam)
    return exam


def _careful(product: LocalProduct, facts: Facts, ris: Ris) -> tuple[dict[str, str], str]:
    """Open an account that a code from an app belongs to, and whose mail comes back; and the app's id there."""
    exam, email = an_exam(), "careful@example.org"
    ris.order(exam)
    patient_id = visit_of(facts.staff_client(), exam)["patient"]["id"]
    account = open_account(product, facts, patient_id, email)
    owner = facts.anyone().log_in("/sessions", account)
    factor_id, codes = add_second_factor(owner)
    post = Database(product.database_url("notifier"))
    with post.begin() as tx:
        addresses.mark_refused(tx, hash_address(email), datetime.now(UTC))
    post.close()
    wait_for(lambda: owner.get("/me/messages").json["isAddressRefused"])
    return account | {"recoveryCode": codes[0]}, factor_id


def _ask_staff(facts: Facts, icode: str) -> None:
    """Leave a help request and a request for an appointment."""
    asker = {"name": "Quilla Canaryname", "contact": "quilla@example.org", "message": "It worked in May."}
    asked = facts.anyone().post("/help-requests", asker | {"reason": "code-expired", "icode": icode, "language": "es"})
    assert asked.status in {201, 202}, asked.body
    child = {"firstName": "Ada", "lastName": "Canaryname", "dateOfBirth": "2017-03-02", "phone": "212-555-0123"}
    wanted = {"locationId": "NY-NYC-01", "examWanted": "Ultrasound of the heart", "language": "en"}
    asked = facts.anyone().post("/guest-appointments", child | wanted)
    assert asked.status in {201, 202}, asked.body


def _make_packages(cast: Cast, exam_id: str, people: dict[str, Client]) -> None:
    for name, client in people.items():
        cast.has[name]["package_id"] = client.post("/packages", _zip_of(exam_id)).json["id"]
    wait_for(lambda: all(_is_ready(client, cast.has[name]["package_id"]) for name, client in people.items()), 60)


def _feed(ris: Ris, exam: FeedExam) -> None:
    """Send *exam* with pictures and a report, one held by Texas, one to come and one never ordered, of one person."""
    held = an_exam(mrn=exam.mrn, location="TX-HOU-01", procedure="MR BRAIN W/O CONTRAST", modality="MR")
    to_come = an_exam(mrn=exam.mrn, procedure="US ABDOMEN COMPLETE", modality="US")
    ris.store(images_of(an_exam(mrn=exam.mrn), most=1))
    for one in (exam, held):
        ris.order(one)
        ris.store(images_of(one))
        ris.complete(one)
        ris.sign(one, timedelta(minutes=30), REPORT)
    ris.schedule(to_come, timedelta(days=6))


def share(client: Client, exam_id: str) -> dict[str, Any]:
    """Share that exam with all that may be shared of it; the answer to whom it was made."""
    until = (datetime.now(UTC) + timedelta(days=30)).isoformat()
    ask = {"examIds": [exam_id], "nickname": "Dr. Grey", "password": PASSWORD, "expiresAt": until}
    made = client.post("/shares", ask | PHI | {"includeReport": True, "includeVisitSummary": True})
    assert made.status == 201, made.body
    given: dict[str, Any] = made.json
    return given


def _end(client: Client, share_id: str) -> None:
    answer = client.ask("DELETE", f"/shares/{share_id}")
    assert answer.status in {200, 204}, answer.body


def _zip_of(exam_id: str) -> dict[str, Any]:
    return {"examIds": [exam_id], "format": "zip"} | PHI


def _is_ready(client: Client, package_id: str) -> bool:
    return bool(client.get(f"/packages/{package_id}").json["state"] == "ready")


def pages_of(browser: Browser, cast: Cast) -> dict[str, Page]:
    """Give each person's own browser with one page, logged in."""
    pages = {}
    for person in (*PEOPLE, CAREFUL):
        page = browser.new_context(accept_downloads=False).new_page()
        page.set_default_timeout(15_000)
        cast.log_in(page, person)
        pages[person] = page
    return pages
