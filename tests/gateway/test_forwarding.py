"""What passes the edge and what does not, in both directions."""

import http.client
import json
import threading
from urllib.parse import urlsplit

import pytest

from gateway.edge.client_address import find_client_address
from gateway.edge.headers import inward, outward
from gateway.edge.limits import Limits
from tests.gateway.upstreams import token


def test_a_service_hears_who_calls_and_never_a_cookie(client, services):
    sent = {
        "Cookie": "portal=x", "X-Client-Address": "6.6.6.6", "X-Portal-Web": "web", "X-Forwarded-For": "6.6.6.6",
        "Connection": "X-Secret-Hop", "X-Secret-Hop": "1", "Authorization": "Bearer a.b.c", "Idempotency-Key": "k1",
        "X-Request-Id": "abcdef1234567890",
    }  # fmt: skip
    client.get("/api/v1/shares?limit=2", headers=sent)
    _, _, path, heard, _ = services.last("sharing", "/shares")
    assert path == "/shares?limit=2"
    assert (heard["Authorization"], heard["Idempotency-Key"]) == ("Bearer a.b.c", "k1")
    assert (heard["X-Client-Address"], heard["X-Request-Id"]) == ("127.0.0.1", "abcdef1234567890")
    assert not {"Cookie", "X-Portal-Web", "X-Forwarded-For", "X-Secret-Hop"} & set(heard)


def test_headers_named_by_connection_pass_neither_in_nor_out():
    sent = [("Connection", "close, X-A"), ("X-A", "1"), ("TE", "trailers"), ("X-B", "2")]
    assert set(inward(sent, "r", "a")) == {"X-B", "X-Request-Id", "X-Client-Address"}
    assert outward(dict(sent), "/api/v1") == [("X-B", "2"), ("Cache-Control", "no-store")]


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("10.0.0.1", "8.8.8.8, 10.0.0.2", "8.8.8.8"),
        ("9.9.9.9", "8.8.8.8", "9.9.9.9"),
        ("10.0.0.1", "1.1.1.1, 8.8.8.8", "8.8.8.8"),
        ("10.0.0.1", "nonsense", "10.0.0.1"),
        ("10.0.0.1", None, "10.0.0.1"),
        (None, "8.8.8.8", "unknown"),
    ],
)
def test_only_a_trusted_proxy_is_believed_about_the_client(peer, forwarded, address):
    import ipaddress

    assert find_client_address(peer, forwarded, (ipaddress.ip_network("10.0.0.0/8"),)) == address


def test_all_addresses_of_one_ipv6_line_are_counted_as_one():
    limits = Limits(reads=100, secrets=2)
    addresses = ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:db8:1:2::3", "2001:db8:1:3::1", "::ffff:192.0.2.7")
    over = [limits.count("secret", address, 0).is_over for address in (*addresses, "192.0.2.7", "192.0.2.7")]
    assert over == [False, False, True, False, False, False, True]


def test_a_segment_cannot_climb_out_of_its_place(client, services):
    client.get("/api/v1/packages/..%2F..%2Fadmin%3Fx")
    assert all("admin" not in path or "%2F" in path for _, _, path, _, _ in services.asked)


def test_a_services_refusal_passes_untouched(client):
    answer = client.post("/api/v1/icode-sessions", json={"icode": "wrong"})
    assert (answer.status_code, answer.content_type) == (401, "application/problem+json")
    assert answer.json["type"] == "/problems/icode-refused"
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_location_of_a_service_becomes_one_of_the_public_face(client, services):
    services.valid.add("t")
    body = {"examIds": ["e1"], "format": "zip", "phiAcknowledged": True}
    answer = client.post("/api/v1/packages", json=body, headers={"Authorization": "Bearer t"})
    assert (answer.status_code, answer.headers["Location"]) == (202, "/api/v1/packages/p1")


def test_a_service_that_cannot_be_reached_is_503_with_when_to_try_again(app_with):
    answer = app_with(sharing_url="http://127.0.0.1:9").test_client().get("/api/v1/shares")
    assert (answer.status_code, answer.json["type"]) == (503, "/problems/unavailable")
    assert answer.headers["Retry-After"] == "5"


def test_a_download_streams_with_its_headers_and_its_range(client, services):
    whole = client.get("/api/v1/downloads/t1")
    assert whole.data == services.file
    assert whole.headers["ETag"] == '"sha"'
    assert not {"Set-Cookie", "Server"} & set(dict(whole.headers))
    part = client.get("/api/v1/downloads/t1", headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.data) == (206, services.file[10:20])
    assert part.headers["Content-Range"] == f"bytes 10-19/{len(services.file)}"


def test_head_tells_the_length_and_sends_nothing(client, services):
    answer = client.head("/api/v1/downloads/t1")
    assert (answer.data, answer.headers["Content-Length"]) == (b"", str(len(services.file)))
    assert services.last("archiver", "/downloads")[1] == "HEAD"


def test_a_client_that_goes_away_closes_the_connection_behind_it(gateway, services):
    services.opened.clear()
    services.closed.clear()
    where = urlsplit(gateway)
    connection = http.client.HTTPConnection(where.hostname, where.port, timeout=10)
    connection.request("GET", "/api/v1/downloads/endless")
    assert len(connection.getresponse().read(100_000)) == 100_000
    assert services.opened.wait(10)
    connection.close()
    assert services.closed.wait(10)


def test_a_body_larger_than_the_limit_is_refused_before_it_reaches_a_service(app_with, services):
    answer = app_with(body_limit_bytes=2048).test_client().post("/api/v1/icode-sessions", data=b"x" * 4096)
    assert (answer.status_code, answer.content_type) == (413, "application/problem+json")


def test_a_body_without_a_length_streams_through(gateway, services):
    where = urlsplit(gateway)
    connection = http.client.HTTPConnection(where.hostname, where.port, timeout=10)
    body = json.dumps({"icode": "7K2MQ-4XW9-P3TB"}).encode()
    headers = {"Content-Type": "application/json"}
    connection.request("POST", "/api/v1/icode-sessions", iter([body[:5], body[5:]]), headers, encode_chunked=True)
    assert connection.getresponse().status in {201, 400}  # werkzeug's own server ends chunked bodies its way
    connection.close()


def test_refresh_goes_to_the_issuer_that_the_token_names(client, services):
    client.post("/api/v1/sessions/refresh", json={"refreshToken": "rs_1"})
    assert services.asked[-1][0] == "sharing"
    client.post("/api/v1/sessions/refresh", json={"refreshToken": "ri_1"})
    assert services.asked[-1][0] == "identity"
    assert json.loads(services.asked[-1][4]) == {"refreshToken": "ri_1"}


def test_log_out_and_me_go_by_the_access_tokens_issuer(client, services):
    bearer = {"Authorization": f"Bearer {token('sharing', 1, 'share')}"}
    client.delete("/api/v1/sessions/current", headers=bearer)
    assert services.asked[-1][:3] == ("sharing", "DELETE", "/sessions/current")
    client.get("/api/v1/me", headers=bearer)
    assert services.asked[-1][0] == "sharing"


@pytest.mark.parametrize("body", [{"refreshToken": "zz_1"}, {}, {"refreshToken": 5}])
def test_a_token_of_nobody_is_401(client, services, body):
    assert client.post("/api/v1/sessions/refresh", json=body).status_code == 401
    assert services.asked == []


def test_a_cookie_opens_nothing_of_the_public_face(browser, services):
    browser.enter()
    assert browser.get("/exams").status_code == 200
    assert browser.get("/api/v1/packages").status_code == 401


def test_the_public_keys_of_both_issuers_are_gathered_and_kept(client, services):
    expected = {"keys": [{"kid": "i1", "kty": "OKP"}, {"kid": "s1", "kty": "OKP"}]}
    assert client.get("/.well-known/jwks.json").json == expected
    asked = len(services.asked)
    assert client.get("/.well-known/jwks.json").json == expected
    assert len(services.asked) == asked


def test_many_forward_at_once(gateway, services):
    answers = []

    def ask():
        where = urlsplit(gateway)
        connection = http.client.HTTPConnection(where.hostname, where.port, timeout=30)
        connection.request("GET", "/api/v1/downloads/t1")
        answers.append(connection.getresponse().read() == services.file)
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [True] * 8
