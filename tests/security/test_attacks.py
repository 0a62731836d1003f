"""What somebody with bad intent sends: no fault of ours answers it, nothing opens, nothing is lost."""

import base64
import http.client
import re
import secrets
from urllib.parse import urlsplit

import pytest

from tests.flows.client import Client
from tests.flows.product import wait_for
from tests.flows.test_main_job import PHI, download
from tests.security.callers import PASSWORD, a_share

JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
DEEP = b"[" * 100_000
XSS = "<script>alert(1)</script>"
ODD_IDS = (
    "..", ".", "%2e%2e", "..%2f..%2fetc%2fpasswd", "..%5c..%5cwindows", "%00", "a%00b", "%0d%0aX-Evil:%201", "%ff%fe",
    "'%20OR%201=1--", "%22;DROP%20TABLE%20exam;--", "*", "%25s", "a" * 3000, "%F0%9F%92%A9", "-1", "null", "{exam}",
)  # fmt: skip
PATHS = (
    "/exams/{}", "/exams/{}/report", "/exams/{}/report.pdf", "/exams/{}/visit-summary", "/exams/{}/images",
    "/exams/{}/images/1.2.3.jpg", "/exams/OWN/images/{}.jpg", "/packages/{}", "/packages/{}/progress",
    "/downloads/{}", "/shares/{}/accesses", "/regions/{}/locations",
)  # fmt: skip


def no_fault(answer, *statuses):
    """Fail when *answer* is a fault of ours, or not one of *statuses* (none: any refusal)."""
    assert answer.status in (statuses or range(400, 500)), (answer.status, answer.body[:300])
    return answer


@pytest.mark.parametrize("path", PATHS)
def test_an_odd_id_is_nothings_id(world, path):
    own = world.clients["own code"]
    for odd in ODD_IDS:
        answer = own.get(path.replace("OWN", world.ids["exam"]).format(odd))
        assert answer.status in {308, 400, 404, 405, 414}, (odd, answer.status, answer.body[:200])
        assert "X-Evil" not in answer.headers


def test_an_odd_id_opens_no_inner_call(world):
    own = world.clients["own code"]
    for path in (
        "/exams/../report",
        "/exams/%2e%2e/images",
        "/staff/visits/%2e%2e/icodes",
        "/packages/%2e%2e/progress",
    ):
        no_fault(own.get(path), 403, 404, 405)
    for inner in ("/metrics", "/readyz", "/signing-keys", "/hl7v2", f"/identifiers/exams/{world.ids['exam']}"):
        no_fault(Client(world.facts.api, world.facts.system_token).get(inner), 404, 405)


@pytest.mark.parametrize(
    "spans",
    [
        "bytes=-0", "bytes=99999999999999999-", "bytes=99999999999999999999999-", "bytes=5-2", "bytes=--5", "bytes=a-b",
        "bytes=0-0," * 500 + "1-1", "bytes=", "lines=1-2", "bytes=-99999999999999999", "bytes=0-99999999999999999999",
    ],
)  # fmt: skip
def test_a_range_of_any_kind_gets_some_of_the_file_or_416(world, spans):
    package = {"id": world.ids["package"]}
    url, whole = download(world.clients["own code"], package)
    part = Client(world.facts.portal_url).get(url, headers={"Range": spans})
    assert part.status in {200, 206, 416}
    assert part.status == 416 or whole.body.endswith(part.body)


BODIES = {
    "deep": DEEP,
    "deep in an object": b'{"examIds":' + b'{"a":' * 20_000,
    "no JSON": b"\xff\xfe\x00",
    "a list": b"[]",
    "a number": b"1" * 5000,
    "a text": b'"x"',
    "null": b"null",
    "huge": b'{"icode":"' + b"x" * 900_000 + b'"}',
    "beyond the gateway": b"x" * 1_200_000,
    "lone surrogates": rb'{"icode":"\ud800","userId":"\ud800","password":"\udfff","token":"\ud800"}',
    "NUL": rb'{"icode":"\u0000","userId":"\u0000","password":"\u0000","token":"\u0000","refreshToken":"ri_\u0000"}',
    "wrong kinds": b'{"icode":1,"userId":[],"password":{},"token":true,"refreshToken":null,"examIds":"x","format":[]}',
    "form": b"icode=x&userId=x",
}
POSTS = (
    "/icode-sessions", "/sessions", "/staff/sessions", "/share-sessions", "/sessions/refresh", "/packages", "/shares",
    "/packages/{package}/downloads", "/staff/visits/{visit}/icodes",
)  # fmt: skip


@pytest.mark.parametrize("post", POSTS)
def test_a_body_of_any_kind_is_refused(world, post):
    service = {"/packages": "archiver", "/shares": "sharing", "/share-": "sharing", "/packages/": "archiver"}
    base = world.facts.services[next((one for start, one in service.items() if post.startswith(start)), "identity")]
    token = world.tokens["front desk" if post.startswith("/staff/visits") else "own code"]
    for name, body in BODIES.items():
        if post.endswith(("downloads", "icodes")) and name not in {"deep", "no JSON"}:
            continue  # these ask for no body, or take an empty one
        for kind in (JSON, {"Content-Type": "text/plain; charset=utf-16"}):
            answer = Client(base, token).ask("POST", post.format(**world.ids), body, headers=dict(kind))
            allowed = {*range(400, 500)} | ({201} if post.endswith("downloads") else set())
            assert answer.status in allowed, (name, answer.status, answer.body[:200])


def test_a_deep_body_is_refused_at_the_gateway_too(world):
    anyone, own = world.facts.anyone(), world.clients["own code"]
    for client, method, path in ((anyone, "POST", "/sessions/refresh"), (own, "DELETE", "/sessions/current")):
        no_fault(client.ask(method, path, DEEP, headers=dict(JSON)), 204, 400, 401)
    world.print_pass()  # she has logged out


def test_a_token_of_any_shape_is_refused(world):
    deep = base64.urlsafe_b64encode(b'{"alg":' + b"[" * 2500).decode().rstrip("=")
    for token in (f"{deep}.e30.x", f"e30.{deep}.x", "x", "...", "a.b.c", "\xff", "e30.e30.e30", "x" * 5000):
        for path in ("/exams", "/me", "/packages", "/shares", "/staff/visits"):
            no_fault(Client(world.facts.api, token).get(path), 401)


ENDS_OF_TIME = ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "0001-01-01", "9999-12-31", "10000-01-01")


@pytest.mark.parametrize("at", ENDS_OF_TIME)
def test_a_date_at_the_ends_of_time_is_refused(world, at):
    own = world.clients["own code"]
    cursor = base64.urlsafe_b64encode(f"{at} x".encode()).decode()
    sent = at.replace("+", "%2B")
    for path in (f"/exams?from={sent}", f"/exams?to={sent}", f"/exams?cursor={cursor}", f"/packages?cursor={cursor}"):
        no_fault(own.get(path), 200, 400, 422)
    ask = {"examIds": [world.ids["exam"]], "nickname": "x", "password": PASSWORD, "expiresAt": at}
    no_fault(own.post("/shares", ask | PHI), 422)
    no_fault(world.facts.staff_client().get(f"/staff/visits?dateOfBirth={sent}"), 200, 422)


def test_a_megabyte_of_password_is_refused_before_it_is_hashed(world):
    long = "x" * (1 << 20)
    for path, name in (("/sessions", "userId"), ("/staff/sessions", "userId"), ("/share-sessions", "token")):
        no_fault(world.facts.anyone().post(path, {name: "x", "password": long}), 413, 422)
        no_fault(world.facts.anyone().post(path, {name: "x", "password": "x" * 100_000}), 422)


def raw(base, lines, body=b""):
    """Send a request as it stands; give ``(status, headers, body)``."""
    at = urlsplit(base)
    connection = http.client.HTTPConnection(at.hostname, at.port, timeout=20)
    connection.connect()
    connection.sock.sendall(b"\r\n".join([*lines, b"", b""]) + body)
    answer = http.client.HTTPResponse(connection.sock)
    answer.begin()
    found = answer.status, answer.headers, answer.read()
    connection.close()
    return found


def test_headers_say_nothing_they_were_not_meant_to(world):
    bearer = f"Authorization: Bearer {world.tokens['own code']}".encode()
    for odd in (
        b"X-Request-Id: a\tb",
        b"X-Request-Id: " + b"x" * 5000,
        b"X-Request-Id: \xff\xfe",
        b"X-Request-Id: a\nb: c",
    ):
        status, headers, _ = raw(world.facts.portal_url, [b"GET /api/v1/exams HTTP/1.1", b"Host: x", bearer, odd])
        assert status in {200, 400}, odd
        assert status == 400 or re.fullmatch("[0-9a-f]{32}", headers["X-Request-Id"]), odd
        assert "b" not in headers
    for key in (b"\xff", b"x" * 300, b"", b"a\tb"):
        lines = [b"POST /api/v1/packages HTTP/1.1", b"Host: x", bearer, b"Content-Type: application/json"]
        lines += [b"Idempotency-Key: " + key, b"Content-Length: 2"]
        assert raw(world.facts.portal_url, lines, b"{}")[0] in {400, 422}, key


def test_whose_the_request_is_cannot_be_said_from_outside(world):
    """A header that only the gateway says to a service, or another name of the method or host, changes nothing."""
    more = {
        "X-Client-Address": "9.9.9.9",
        "X-Forwarded-For": "9.9.9.9",
        "X-Portal-Web": "1",
        "X-Forwarded-Host": "evil",
    }
    more |= {"X-HTTP-Method-Override": "DELETE", "X-Original-URL": "/staff/visits"}
    own = world.clients["own code"]
    path = f"/shares/{world.ids['share']}"
    assert own.get(f"{path}/accesses", headers=more).status == 200
    assert own.ask("GET", f"{path}?_method=DELETE", headers=more).json["endedAt"] is None
    assert own.get(path).json["endedAt"] is None
    assert own.ask("TRACE", "/exams").status == 405
    opened = a_share(world.anna, world.facts)[0]
    (access,) = own.get(f"/shares/{opened}/accesses").json["accesses"]
    assert "9.9" not in str(access["address"])
    for path in ("//exams", "/exams/", "/enter/"):
        answer = Client(world.facts.portal_url).get(path, headers={"Host": "evil.example"})
        place = urlsplit(answer.headers.get("Location", "/"))
        assert answer.status in {303, 308, 404}
        assert place.netloc in {"", "evil.example"}  # where whoever sent it is already


def test_a_ticket_is_not_guessed_and_a_refresh_token_not_used_again(world):
    anyone = world.facts.anyone()
    url, _ = download(world.clients["own code"], {"id": world.ids["package"]})
    secret = url.rpartition("/")[2]
    assert len(secret) >= 43
    for guess in (secret[:-1], secret + "A", secret.swapcase(), secrets.token_urlsafe(32), world.ids["package"]):
        no_fault(anyone.get(f"/downloads/{guess}"), 404)
    _, recipient = a_share(world.anna, world.facts)
    first = recipient.refresh_token
    second = recipient.refreshed()
    second.refreshed()
    no_fault(anyone.post("/sessions/refresh", {"refreshToken": first}), 401)
    no_fault(anyone.post("/sessions/refresh", {"refreshToken": second.refresh_token}), 401)
    ended = Client(world.facts.api, second.token)
    wait_for(lambda: ended.get("/exams").status == 401, 5)  # the family ended with its tokens, everywhere
    for other in (world.tokens["own code"], "ri_x", "rs_x", "ri_" + first[3:]):
        no_fault(anyone.post("/sessions/refresh", {"refreshToken": other}), 401)
