"""What somebody tries who wants into a share that is not for them, or more out of one that is."""

import base64
import json
import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from contracts.sharing import ShareLocked
from tests.gateway.test_sharing_pages import FORM
from tests.gateway.upstreams import Services, all_served
from tests.servers import NOON
from tests.sharing.conftest import PASSWORD, standing_house

ADDRESSES = 1000
SCRIPT = '"><script>alert(1)</script>'


@pytest.fixture
def house(request, clock):
    return standing_house(request, clock)


def token_of(share):
    return share["url"].partition("#")[2]


def tried(house, token, password, address="203.0.113.1"):
    body = {"token": token, "password": password}
    somebody = house.client.application.test_client()
    return somebody.post("/share-sessions", json=body, headers={"X-Client-Address": address})


def test_a_link_is_not_guessed_from_another_nor_from_what_is_known_of_it_S58(house):
    share = house.share()
    token, links = token_of(share), house.service.parts.links
    assert len(base64.urlsafe_b64decode(token)) * 8 >= 128
    near = [token[:-1], token + "A", token.swapcase(), token[:-1] + ("A" if token[-1] != "A" else "B"), f" {token}"]
    known = [share["id"], links.token(share["id"], 2), links.token("0" * 32, 1), "", "../" + token, token + "\x00"]
    for guess in (*near, *known, *(secrets.token_urlsafe(24) for _ in range(20))):
        answer = house.client.post("/share-sessions", json={"token": guess, "password": PASSWORD})
        assert answer.status_code in {401, 422}, guess
        assert "accessToken" not in answer.text
    assert house.client.get("/shares", headers=house.anna()).json["shares"][0]["opens"] == 0
    house.open(share)


def test_a_password_is_not_found_from_a_thousand_addresses_S50_S58(house):
    """Ten tries in the link's whole life, whoever makes them and however long they wait."""
    share = house.share()
    token = token_of(share)
    for number in range(ADDRESSES):
        answer = house.client.post(
            "/share-sessions",
            json={"token": token, "password": f"guess number {number}"},
            headers={"X-Client-Address": f"10.{number // 250}.{number % 250}.1"},
        )
        assert answer.status_code == 401
        assert answer.json["remainingAttempts"] == max(0, 9 - number)
        house.clock.advance(timedelta(seconds=17))
    assert len(house.told(ShareLocked)) == 1
    assert house.open(share, status=410)["type"].endswith("share-closed")


def test_a_thousand_parallel_tries_are_no_more_than_ten_S50(house):
    share = house.share()
    token = token_of(share)

    def attempt(number):
        return tried(house, token, f"guess number {number}", f"10.0.{number % 250}.1").status_code

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(attempt, range(100)))
    assert answers.count(401) <= 10
    assert set(answers) <= {401, 429}


def test_no_token_of_before_brings_back_what_was_taken_S52(house):
    share = house.share(mayDownload=True, includeReport=True)
    first = house.open(share)
    patch = {"mayDownload": False, "includeReport": False}
    house.client.patch(f"/shares/{share['id']}", json=patch, headers=house.anna())
    replayed = {"Authorization": f"Bearer {first['accessToken']}"}
    assert house.client.get("/me", headers=replayed).status_code == 401
    second = house.client.post("/sessions/refresh", json={"refreshToken": first["refreshToken"]}).json
    assert second["viewer"]["share"]["mayDownload"] is False
    again = house.client.post("/sessions/refresh", json={"refreshToken": first["refreshToken"]}).json
    assert again["viewer"]["share"]["includeReport"] is False
    assert house.client.get("/me", headers=replayed).status_code == 401


def test_a_token_whose_permissions_were_written_anew_opens_nothing_S52(house):
    opened = house.open(house.share(mayDownload=False))
    head, payload, signature = opened["accessToken"].split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    claims["grants"] |= {"mayDownload": True, "includeReport": True, "exams": ["mri", "ct", "anothers"]}
    written = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    for token in (f"{head}.{written}.{signature}", f"{head}.{written}."):
        assert house.client.get("/me", headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_a_share_is_not_widened_to_another_exam_afterwards_S11(house):
    share = house.share()
    answer = house.client.patch(f"/shares/{share['id']}", json={"examIds": ["mri", "ct"]}, headers=house.anna())
    assert answer.status_code in {200, 422}
    assert house.client.get(f"/shares/{share['id']}", headers=house.anna()).json["examIds"] == ["mri"]


@pytest.mark.parametrize("how", ["ended", "expired"])
def test_what_is_over_opens_by_no_token_that_it_ever_gave_O8_S51(house, how):
    share = house.share(expiresAt=(NOON + timedelta(minutes=1)).isoformat())
    opened = house.open(share)
    if how == "ended":
        house.client.delete(f"/shares/{share['id']}", headers=house.anna())
    else:
        house.clock.advance(timedelta(minutes=1))
    assert house.client.get("/me", headers={"Authorization": f"Bearer {opened['accessToken']}"}).status_code == 401
    assert house.client.post("/sessions/refresh", json={"refreshToken": opened["refreshToken"]}).status_code == 401
    house.open(share, status=410)
    house.open(share, password="another password", status=401)


@pytest.mark.parametrize("field", ["nickname", "name", "notifyEmail", "notifyPhone"])
@pytest.mark.parametrize("text", ["a\r\nBcc: evil@example.org", "a\nb", "a\x00b", "\u202egnp.exe", "a\u2028b"])
def test_nothing_typed_into_a_share_becomes_a_header(house, field, text):
    if field == "name":
        share = house.share()
        assert house.open(share, name=text, status=422)["errors"][0]["field"] == "name"
        return
    refused = house.share(status=422, **{field: text})
    assert [error["field"] for error in refused["errors"]] == [field]


@pytest.fixture
def browser():
    from gateway.app import create_app
    from gateway.settings import GatewaySettings
    from tests.gateway.conftest import KEY, Browser, SetClock

    with all_served(Services()) as services:
        urls = {f"{name}_url": url for name, url in services.urls.items()}
        browser = Browser(create_app(GatewaySettings(**urls, cookie_key=KEY), now=SetClock()).test_client())
        browser.services = services
        yield browser


def test_what_was_typed_into_a_share_is_text_on_every_page_of_it(browser):
    browser.enter().post("/share/new", "/share/new", FORM | {"examIds": "e2", "nickname": SCRIPT})
    browser.services.shares["s1"] |= {"opens": 1, "nickname": SCRIPT}
    below = ("made", "end", "password", "change", "preview", "preview/exams/e2/visit", "preview/exams/e2/images")
    for page in ("/share", *(f"/share/s1/{one}" for one in below)):
        text = browser.get(page).text
        assert "<script>alert" not in text, page
        assert "&lt;script&gt;alert" in text, page


@pytest.mark.parametrize(
    "odd", ["//evil.example", "https:%2F%2Fevil.example", "%5Cevil.example", "%0d%0aLocation:%20x"]
)
def test_no_page_of_a_share_leads_elsewhere(browser, odd):
    browser.enter()
    for path in (f"/share/{odd}/made", f"/share/{odd}/preview", f"/unsubscribe/{odd}", f"/s?next={odd}"):
        answer = browser.get(path)
        assert answer.headers.get("Location", "/").startswith(("/", "http://localhost/")), path
        assert "evil.example" not in answer.headers.get("Location", "/").split("?")[0].lstrip("/").split("/")[0]
    wrong = browser.post("/s", "/s", {"token": "Qm7v", "password": "right", "next": odd})
    assert wrong.location == "/shared"
