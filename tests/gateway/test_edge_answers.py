"""What the edge answers itself: the composed list, progress, limits, and what every answer carries."""

import pytest

from gateway.edge.progress import ProgressBoard
from gateway.edge.upstream import Upstream

BEARER = {"Authorization": "Bearer t"}
PACKAGE = {"id": "p1", "examIds": ["e1"], "format": "zip", "state": "preparing", "progress": 0.4, "sha256": None}


@pytest.fixture(autouse=True)
def _known(services):
    services.valid.add("t")
    services.packages["p1"] = dict(PACKAGE)


def test_the_list_holds_each_exams_packages(client):
    listed = client.get("/api/v1/exams?from=2026-01-01", headers=BEARER).json["exams"]
    packages = {exam["id"]: [package["id"] for package in exam["packages"]] for exam in listed}
    assert packages == {"e3": [], "e1": ["p1"], "e2": []}
    assert listed[1]["packages"][0] == {"id": "p1", "format": "zip", "state": "preparing", "progress": 0.4}


def test_exams_hears_the_query(client, services):
    client.get("/api/v1/exams?from=2026-01-01&modality=CT", headers=BEARER)
    assert services.last("exams", "/exams")[2] == "/exams?from=2026-01-01&modality=CT"


def test_one_exam_holds_its_packages_too(client):
    assert client.get("/api/v1/exams/e1", headers=BEARER).json["packages"][0]["id"] == "p1"


def test_without_the_archiver_it_is_the_list_without_packages(app_with):
    answer = app_with(archiver_url="http://127.0.0.1:9").test_client().get("/api/v1/exams", headers=BEARER)
    assert answer.status_code == 200
    assert all("packages" not in exam for exam in answer.json["exams"])


def test_without_exams_it_is_503(app_with):
    answer = app_with(exams_url="http://127.0.0.1:9").test_client().get("/api/v1/exams", headers=BEARER)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


def test_a_refusal_of_exams_is_the_lists_answer(client):
    answer = client.get("/api/v1/exams", headers={"Authorization": "Bearer other"})
    assert (answer.status_code, answer.content_type) == (401, "application/problem+json")


def test_progress_ends_with_the_package_that_is_ready(client, services):
    services.packages["p1"] = PACKAGE | {"state": "ready", "progress": 1.0}
    answer = client.get("/api/v1/packages/p1/progress", headers=BEARER)
    assert answer.content_type == "text/event-stream; charset=utf-8"
    blocks = answer.text.strip().split("\n\n")
    assert blocks[0] == ": hello"
    assert blocks[1].startswith("id: ready-100-0\ndata: {")
    assert len(blocks) == 2


def test_progress_tells_each_change_once(services):
    board = ProgressBoard(Upstream(services.urls), 1, monotonic=iter(range(0, 10_000, 2)).__next__)
    events = board.events("p1", "t", BEARER, None)
    assert next(events) == b": hello\n\n"
    assert b"id: preparing-40-0" in next(events)
    services.packages["p1"]["progress"] = 0.6
    assert b"id: preparing-60-0" in next(events)
    services.packages["p1"]["state"] = "failed"
    assert b"id: failed-60-0" in next(events)
    assert list(events) == []


def test_a_stream_that_stays_quiet_says_that_it_is_there(services):
    board = ProgressBoard(Upstream(services.urls), 1, monotonic=iter(range(0, 10_000, 20)).__next__)
    events = board.events("p1", "t", BEARER, "preparing-40-0")
    assert [next(events), next(events)] == [b": hello\n\n", b": still here\n\n"]
    events.close()


def test_those_who_watch_one_package_share_one_question_a_second(services):
    board = ProgressBoard(Upstream(services.urls), 4, monotonic=lambda: 5.0)
    watching = [board.events("p1", "t", BEARER, None) for _ in range(3)]
    for events in watching:
        next(events)
        next(events)
    assert len([one for one in services.asked if one[0] == "archiver"]) == 1
    for events in watching:
        events.close()


def test_at_most_half_of_the_threads_stream(app_with, services):
    app = app_with(threads=2)
    assert app.extensions["portal-edge"].progress.take_place()
    answer = app.test_client().get("/api/v1/packages/p1/progress", headers=BEARER)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


def test_a_place_is_free_again_when_a_stream_is_closed(app_with, services):
    services.packages["p1"] = PACKAGE | {"state": "ready"}
    client = app_with(threads=2).test_client()
    for _ in range(3):
        answer = client.get("/api/v1/packages/p1/progress", headers=BEARER)
        assert answer.status_code == 200
        answer.close()


def test_progress_of_a_package_of_others_is_404(client):
    assert client.get("/api/v1/packages/p9/progress", headers=BEARER).status_code == 404


def test_codes_are_limited_more_strictly_than_reading(app_with):
    client = app_with(secrets_per_minute=2, reads_per_minute=100).test_client()
    answers = [client.post("/api/v1/icode-sessions", json={"icode": "x"}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [401, 401, 429]
    assert answers[1].headers["RateLimit-Policy"] == '"secret";q=2;w=60'
    assert answers[1].headers["RateLimit"].startswith('"secret";r=0;t=')
    assert answers[2].json["type"] == "/problems/too-many-requests"
    assert 1 <= int(answers[2].headers["Retry-After"]) <= 60
    assert client.get("/api/v1/exams", headers=BEARER).status_code == 200


def test_the_limit_is_each_addresss_own(app_with, monkeypatch):
    monkeypatch.setenv("PORTAL_TRUSTED_PROXIES", "127.0.0.0/8, ::1/128")
    client = app_with(secrets_per_minute=1).test_client()
    senders = [{"X-Forwarded-For": who} for who in ("8.8.8.8", "8.8.8.8", "8.8.4.4")]
    tries = [client.post("/api/v1/icode-sessions", json={}, headers=one).status_code for one in senders]
    assert tries == [401, 429, 401]


def test_a_page_explains_a_limit_in_words(app_with, services):
    client = app_with(reads_per_minute=1).test_client()
    client.get("/enter")
    answer = client.get("/enter")
    assert answer.status_code == 429
    assert "Too many tries" in answer.text


def test_every_answer_carries_the_policy_and_no_sniffing(client):
    for path in ("/enter", "/api/v1/service", "/nope", "/static/portal.js"):
        headers = client.get(path).headers
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "Strict-Transport-Security" not in headers


def test_https_is_kept_where_the_portal_is_reached_by_it(app_with, monkeypatch):
    monkeypatch.setenv("PORTAL_PUBLIC_URL", "https://portal.example")
    assert "max-age" in app_with().test_client().get("/enter").headers["Strict-Transport-Security"]


def test_what_is_not_there_is_a_problem_for_programs_and_a_page_for_people(client):
    assert client.get("/api/v1/nope").content_type == "application/problem+json"
    page = client.get("/nope")
    assert (page.status_code, page.content_type) == (404, "text/html; charset=utf-8")
    assert "Get Help" in page.text


def test_which_version_speaks(client):
    assert set(client.get("/api/v1/service").json) == {"version", "minimumClient"}
