"""Who opens an account, or comes in by a second step, as far as each page of it."""

import secrets
from collections.abc import Callable
from typing import Any

import pyotp
from playwright.sync_api import Page

from tests.flows.client import Client
from tests.flows.product import wait_for
from tests.flows.ris import FeedExam

PASSWORD = "a long password"
SELECTED = ("month", "sex", "locationId")


def tell_about_oneself(page: Page, url: str, *, year: str = "1979", invitation: str = "") -> None:
    """Fill step 1 as somebody whom nobody knows, or as whoever was invited."""
    name = "Quilla" if invitation else f"Nova{secrets.token_hex(4)}"
    page.goto(f"{url}/register/1")
    given = {"firstName": name, "lastName": "Canaryname", "month": "2", "day": "11", "year": year, "sex": "F"}
    given |= {"zip": "10016", "phone": "212-555-0147", "locationId": "NY-NYC-01"}
    for field, value in given.items():
        at = page.locator(f"#r-{field}")
        at.select_option(value) if field in SELECTED else at.fill(value)
    if invitation:
        page.locator("details.fold summary").click()
        page.locator("#r-invitationCode").fill(invitation)
    page.locator("main form button[type=submit]").click()


def choose_user_id(page: Page) -> None:
    """Fill step 3; the code for step 4 is on its way then."""
    mark = secrets.token_hex(4)
    page.locator("#r-userId").fill(f"nova.{mark}")
    page.locator("#r-email").fill(f"nova.{mark}@example.org")
    page.locator("#r-password").fill(PASSWORD)
    page.locator("main form button[type=submit]").click()
    page.wait_for_url("**/register/4")


def visit_of(desk: Client, exam: FeedExam) -> dict[str, Any]:
    """Give *exam*'s visit as the front desk finds it, once it does."""
    visits = wait_for(lambda: desk.get(f"/staff/visits?accession={exam.accession}").json["visits"])
    found: dict[str, Any] = visits[0]
    return found


def inviter(desk: Client, patient_id: str) -> Callable[[], str]:
    """Give what makes an invitation for that patient, each ending the one before."""

    def invite() -> str:
        ask = {"verifiedBy": "photo-id", "note": "at the front desk"}
        answer = desk.post(f"/staff/patients/{patient_id}/invitations", ask)
        assert answer.status == 201, answer.body
        return str(answer.json["invitationCode"])

    return invite


def add_second_factor(client: Client) -> tuple[str, list[str]]:
    """Have that account ask for an app's code at every log-in; the factor's id, and the recovery codes."""
    begun = client.post("/me/second-factors", {"kind": "totp", "name": "Phone", "password": PASSWORD})
    assert begun.status == 201, begun.body
    code = pyotp.TOTP(begun.json["secret"]).now()
    confirmed = client.post(f"/me/second-factors/{begun.json['id']}/confirmation", {"code": code})
    assert confirmed.status in {200, 201}, confirmed.body
    return str(begun.json["id"]), list(confirmed.json["recoveryCodes"])
