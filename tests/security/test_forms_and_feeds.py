"""What somebody with bad intent sends to the portal's forms and to the RIS's and PACS's doors."""

import json
from datetime import timedelta

import pytest

from deploy.local.demo_feed import stow_body
from tests.flows.client import Client
from tests.flows.conftest import images_of
from tests.flows.product import wait_for
from tests.flows.ris import Ris, an_exam
from tests.flows.test_main_job import PHI
from tests.security.callers import PASSWORD
from tests.security.test_attacks import JSON, no_fault

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
XSS = "<script>alert(1)</script>"


class Browser:
    """Keeps cookies, follows nothing, and posts a page's form with the form's own token."""

    def __init__(self, base):
        self.base, self.cookies = base, {}

    def ask(self, method, path, body=None, headers=None):
        sent = dict(headers or {}) | {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        answer = Client(self.base).ask(method, path, body, headers=sent)
        for line in answer.headers.getlist("Set-Cookie"):
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer

    def token(self, page, action):
        text = self.ask("GET", page).body.decode()
        return text[text.index(f'action="{action}"') :].partition('name="csrf" value="')[2].partition('"')[0]

    def post(self, action, fields, headers=None):
        body = "&".join(f"{name}={value}" for name, value in fields.items()).encode()
        return self.ask("POST", action, body, FORM | (headers or {}))

    def enter(self, icode):
        answer = self.post("/enter/icode", {"icode": icode, "csrf": self.token("/enter", "/enter/icode")})
        assert answer.headers["Location"] == "/exams", answer.body[:300]


def test_a_cookie_opens_no_api(world):
    browser = Browser(world.facts.portal_url)
    browser.enter(world.print_pass())
    assert browser.ask("GET", "/exams").status == 200
    for path in ("/exams", "/packages", "/shares", "/me", "/staff/visits"):
        assert browser.ask("GET", f"/api/v1{path}").status == 401
    posted = browser.ask("POST", "/api/v1/shares", b"{}", JSON)
    assert posted.status in {401, 422}  # a body is read before it is asked whose it is; nothing is made of it


def test_a_form_from_elsewhere_is_refused(world):
    """Every form of the portal: without its token, with another's, with one that cannot be a token, from elsewhere."""
    browser = Browser(world.facts.portal_url)
    browser.enter(world.print_pass())
    exam, package, share = (world.ids[name] for name in ("exam", "package", "share"))
    forms = ("/enter/icode", "/enter/account", "/s", "/staff", "/log-out", f"/exams/{exam}/download", "/share")
    forms += (f"/packages/{package}/notify", f"/packages/{package}/cancel", f"/shares/{share}/end")
    forms += (f"/shares/{share}/password",)
    other = browser.token("/enter", "/enter/icode")
    for form in forms:
        for token in ("", "%C3%A9", "x" * 64, "" if form == "/enter/icode" else other):
            assert browser.post(form, {"csrf": token}).status in {400, 404, 405}, (form, token)
    fields = {"csrf": other, "icode": "x"}
    for foreign in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        assert browser.post("/enter/icode", fields, foreign).status == 400, foreign
    assert browser.post("/enter/icode", fields, {"Origin": world.facts.portal_url}).status == 422
    assert browser.ask("GET", "/exams").status == 200  # nobody was logged out
    assert world.facts.staff_client()  # and staff get in
    assert world.clients["own code"].get(f"/packages/{package}").json["state"] == "ready"


@pytest.mark.parametrize(
    "way", ["//evil.example", "/%09/evil.example", "/%5Cevil.example", "/%0A/evil.example", "https:evil"]
)
def test_no_page_leads_elsewhere(world, way):
    answer = Client(world.facts.portal_url).get(f"/language/en?next={way}")
    assert (answer.status, answer.headers["Location"]) == (303, "/")


def test_what_a_ris_or_a_person_typed_is_shown_as_text(world):
    ris = Ris(world.facts)
    exam = an_exam(family=XSS, given='"><img src=x onerror=alert(1)>', procedure=f"CT {XSS}")
    ris.order(exam)
    ris.complete(exam)
    ris.store(images_of(exam, most=1))
    ris.sign(exam, timedelta(minutes=30), f"IMPRESSION: {XSS}")
    code = ris.issue_icode(exam)
    patient = world.facts.anyone().log_in("/icode-sessions", {"icode": code})
    row = wait_for(lambda: [one for one in patient.get("/exams").json["exams"] if one["imagesAvailable"]])[0]
    ask = {
        "examIds": [row["id"]],
        "nickname": XSS,
        "password": PASSWORD,
        "expiresAt": "2099-12-31",
        "mayDownload": True,
    }
    made = patient.post("/shares", ask | PHI).json
    link = {"token": made["url"].partition("#")[2], "password": PASSWORD, "name": XSS}
    assert world.facts.anyone().post("/share-sessions", link).status == 201
    browser = Browser(world.facts.portal_url)
    browser.enter(code)
    pages = [f"/exams/{row['id']}/{tab}" for tab in ("visit", "report", "images", "download")]
    for page in ("/exams", *pages, "/shares", f"/share?exam={row['id']}", f"/enter?x={XSS}", f"/s?closed={XSS}"):
        answer = browser.ask("GET", page)
        text = answer.body.decode()
        assert answer.status in {200, 303, 404}, page
        assert "<script>alert" not in text, page
        assert "<img src=x" not in text, page
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"], page


ODD_MESSAGES = (
    b"", b"MSH", b"MSH|^~\\&", b"MSH|^~\\&|" + b"|" * 5000, b"MSH|^~\\&|" + b"\x00" * 500, b"\xff" * 100, b"MSH|" * 500,
    b"MSH|^~\\&|RIS|R|P|R|20260101||ADT^A04|1|P|2.5.1\rPID|1||\x00|\x00", b"MSH|^~\\&|RIS|R|P|R|x||ZZZ^Z99|1|P|2.5.1",
    b"MSH|^~\\&|RIS|R|P|R|99999999999999||ADT^A04|1|P|2.5.1\rPID|||M^^^R||D^E||00010101\rPV1||O|NY-NYC-01",
    b"MSH|^~\\&|RIS|R|P|R|00010101000000+1400||ADT^A04|1|P|2.5.1\rPID|||M9^^^R||D^E||00010101\rPV1||O|NY-NYC-01",
    b"MSH|^~\\&|RIS|R|P|R|20260101||ORM^O01|1|P|2.5.1||||||UNICODE UTF-16\rPID|x", b"MSH" + b"^" * 100_000,
)  # fmt: skip


def test_a_malformed_message_is_answered_and_takes_nothing_with_it(world):
    system = world.facts.system()
    for number, message in enumerate(ODD_MESSAGES):
        answer = system.ask("POST", "/hl7v2", message, headers={"Content-Type": "application/hl7-v2"})
        assert answer.status in {200, 400}, (number, answer.status, answer.body[:200])
    assert world.clients["own code"].get(f"/exams/{world.ids['exam']}/report").status == 200
    Ris(world.facts).order(an_exam())


def odd_objects(good):
    """Give objects that are none, or are broken in their midst."""
    yield from (b"", b"DICM", b"\x00" * 132, b"\x00" * 128 + b"DICM", good[:300], good[: len(good) // 2])
    yield good[:200] + b"\xff" * 400 + good[600:]
    yield good.replace(b"1.2.840.10008.1.2", b"9.9.999.99999.9.9")
    yield b"\x00" * 128 + b"DICM" + b"\xff" * 5000


def test_a_broken_object_is_refused_and_those_beside_it_are_stored(world):
    exam = an_exam()
    good = images_of(exam, most=1)[0]
    system = world.facts.system()
    for number, odd in enumerate(odd_objects(good)):
        body, kind = stow_body([odd])
        answer = system.ask("POST", "/dicomweb/studies", body, headers={"Content-Type": kind})
        assert answer.status in {200, 202, 400, 409}, (number, answer.status, answer.body[:200])
    body, kind = stow_body([b"\x00" * 200, images_of(exam, most=2)[1]])
    answer = system.ask("POST", "/dicomweb/studies", body, headers={"Content-Type": kind})
    assert answer.status in {200, 202}, answer.body[:300]
    uid = json.loads(answer.body)["00081199"]["Value"][0]["00081155"]["Value"][0]
    assert uid
    for kind in ("", "multipart/related", "multipart/related; boundary=" + "x" * 500, "multipart/mixed", "text/html"):
        no_fault(system.ask("POST", "/dicomweb/studies", good, headers={"Content-Type": kind}))
    for uid in ("..", "%00", "1.2." + "3" * 500, XSS.replace("/", "")):
        body, kind = stow_body([good])
        no_fault(system.ask("POST", f"/dicomweb/studies/{uid}", body, headers={"Content-Type": kind}))
