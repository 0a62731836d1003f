"""The packages and downloads API (design/api.md) over HTTP."""

import base64
import hashlib
import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from contracts.archiver import PackageDownloaded
from tests.archiver.exams_world import CT_WITH_FINDINGS
from tests.archiver.house import a_share, an_account, an_icode

OWNER = an_account()


def ask(house, caller=OWNER, *, headers=None, **changes):
    body = {"examIds": ["exam-1"], "format": "zip", "phiAcknowledged": True} | changes
    return house.client.post("/packages", json=body, headers=house.headers(caller) | (headers or {}))


@pytest.fixture
def ready(house):
    """A house with one ready package; its id."""
    house.add_exam("exam-1")
    package_id = ask(house).json["id"]
    house.work()
    house.package_id = package_id
    return house


def ticket(house, caller=OWNER):
    response = house.post(caller, f"/packages/{house.package_id}/downloads")
    assert response.status_code == 201, response.text
    return response.json["url"].removeprefix("/api/v1")


def slug(response):
    assert response.content_type == "application/problem+json"
    return response.json["type"].rpartition("/")[2]


# --- packages ---------------------------------------------------------------------------------------------------


def test_a_package_is_accepted_and_looked_at_S34(house):
    house.add_exam("exam-1")
    response = ask(house)
    assert response.status_code == 202
    assert response.headers["Location"] == f"/api/v1/packages/{response.json['id']}"
    assert response.json["state"] == "queued"
    assert response.json["etaSeconds"] >= 1
    assert response.json["ahead"] == 0
    house.work()
    found = house.get(OWNER, f"/packages/{response.json['id']}").json
    assert found["state"] == "ready"
    assert found["fileName"] == "ACC-exam-1-CT-Chest.zip"
    assert found["expiresAt"] == "2026-03-03T12:00:00Z"
    assert found["size"] == len(house.bytes_of(found["id"]))


def test_the_list_has_ones_own_packages_newest_first_page_by_page_S36(house):
    house.add_exam("exam-1")
    ids = []
    for package_format in ("zip", "iso"):
        ids.append(ask(house, format=package_format).json["id"])
        house.clock.advance(timedelta(seconds=1))
    ask(house, an_icode())
    first = house.get(OWNER, "/packages?limit=1").json
    second = house.get(OWNER, f"/packages?limit=1&cursor={first['next']}").json
    assert [one["id"] for one in first["packages"] + second["packages"]] == ids[::-1]
    assert second["next"] is None
    assert slug(house.get(OWNER, "/packages?cursor=!")) == "cursor-malformed"


def test_after_the_next_log_in_the_package_is_still_there_S36_S39(ready):
    later = replace(OWNER, session="another-session")
    (found,) = ready.get(later, "/packages").json["packages"]
    assert (found["id"], found["state"], found["examIds"]) == (ready.package_id, "ready", ["exam-1"])


def test_without_the_phi_box_it_is_422_S33(house):
    house.add_exam("exam-1")
    for answer in (ask(house, phiAcknowledged=False), ask(house, phiAcknowledged=None)):
        assert answer.status_code == 422
        assert answer.json["errors"][0]["field"] == "phiAcknowledged"
    assert slug(ask(house, phiAcknowledged=False)) == "phi-not-acknowledged"


def test_an_unknown_exam_is_looked_for_while_the_copy_lags(house):
    thread = threading.Timer(0.3, lambda: house.add_exam("exam-1"))
    thread.start()
    assert ask(house).status_code == 202
    thread.join()


@pytest.mark.parametrize("caller", [an_account("patient-2"), an_icode("visit-2")], ids=["account", "icode"])
def test_an_exam_outside_the_grants_is_404_like_one_that_is_not_S11(house, caller):
    house.add_exam("exam-1")
    outside, unknown = ask(house, caller), ask(house, caller, examIds=["exam-0"])
    assert outside.status_code == unknown.status_code == 404
    assert outside.data == unknown.data


def test_a_share_to_look_at_is_refused_S52(house):
    house.add_exam("exam-1")
    refused = ask(house, a_share("exam-1", may_download=False))
    assert (refused.status_code, slug(refused)) == (403, "download-not-allowed")


def test_staff_and_nobody_ask_for_nothing(house):
    assert house.client.get("/packages").status_code == 401
    assert house.client.post("/packages", json={}).status_code in {401, 422}


def test_another_holders_package_is_404_everywhere(ready):
    stranger = an_account(holder="account:2")
    path = f"/packages/{ready.package_id}"
    assert ready.get(stranger, path).status_code == 404
    assert ready.client.delete(path, headers=ready.headers(stranger)).status_code == 404
    assert ready.post(stranger, f"{path}/downloads").status_code == 404
    body = {"email": "me@example.org"}
    assert ready.client.put(f"{path}/notification", json=body, headers=ready.headers(stranger)).status_code == 404


def test_a_package_is_cancelled_O1(ready):
    path = f"/packages/{ready.package_id}"
    assert ready.client.delete(path, headers=ready.headers(OWNER)).status_code == 204
    assert ready.get(OWNER, path).json["state"] == "cancelled"
    assert slug(ready.post(OWNER, f"{path}/downloads")) == "package-expired"


def test_an_address_is_left_and_shown_masked_S35(ready):
    path = f"/packages/{ready.package_id}"
    body = {"email": "anna@example.org"}
    assert ready.client.put(f"{path}/notification", json=body, headers=ready.headers(OWNER)).status_code == 204
    assert ready.get(OWNER, path).json["notifyEmailMasked"] == "a***@example.org"
    refused = ready.client.put(f"{path}/notification", json={"email": "no address"}, headers=ready.headers(OWNER))
    assert refused.status_code == 422
    assert b"no address" not in refused.data


def test_the_same_idempotency_key_gives_the_same_answer(house):
    house.add_exam("exam-1")
    first = ask(house, headers={"Idempotency-Key": "k"})
    again = ask(house, headers={"Idempotency-Key": "k"})
    assert first.json["id"] == again.json["id"]
    assert slug(ask(house, headers={"Idempotency-Key": "k"}, format="iso")) == "idempotency-key-reused"


# --- downloads --------------------------------------------------------------------------------------------------


def test_the_whole_file_is_downloaded_S40_S43(ready):
    response = ready.client.get(ticket(ready))
    whole = ready.bytes_of(ready.package_id)
    assert (response.status_code, response.data) == (200, whole)
    digest = hashlib.sha256(whole).digest()
    assert response.headers["ETag"] == f'"{digest.hex()}"'
    assert response.headers["Repr-Digest"] == f"sha-256=:{base64.b64encode(digest).decode()}:"
    assert response.headers["Accept-Ranges"] == "bytes"
    assert response.content_length == len(whole)
    (told,) = ready.told(PackageDownloaded)
    assert told.id == ready.package_id
    assert ready.get(OWNER, f"/packages/{ready.package_id}").json["lastDownloadedAt"] == "2026-03-02T12:00:00Z"


def test_the_file_is_named_by_accession_and_description_O2(ready):
    disposition = ready.client.head(ticket(ready)).headers["Content-Disposition"]
    assert disposition == 'attachment; filename="ACC-exam-1-CT-Chest.zip"'


def test_ranges_come_piece_by_piece_and_only_all_of_them_are_a_download_S43(ready):
    path, whole = ticket(ready), ready.bytes_of(ready.package_id)
    middle = len(whole) // 2
    first = ready.client.get(path, headers={"Range": f"bytes=0-{middle}"})
    assert first.status_code == 206
    assert first.headers["Content-Range"] == f"bytes 0-{middle}/{len(whole)}"
    assert first.data == whole[: middle + 1]
    assert ready.told(PackageDownloaded) == []
    found = ready.get(OWNER, f"/packages/{ready.package_id}").json
    assert (found["bytesSent"], found["lastDownloadedAt"]) == (middle + 1, None)
    last = ready.client.get(path, headers={"Range": f"bytes=-{len(whole) - middle - 1}"})
    assert last.data == whole[middle + 1 :]
    assert len(ready.told(PackageDownloaded)) == 1


def test_head_sends_no_bytes_and_is_no_download_S43(ready):
    path = ticket(ready)
    response = ready.client.head(path)
    assert response.content_length == len(ready.bytes_of(ready.package_id))
    assert response.data == b""
    assert ready.told(PackageDownloaded) == []


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("bytes=0-0", 206),
        ("bytes=5-", 206),
        ("bytes=0-1,3-4", 200),
        ("bytes=4-2", 200),
        ("lines=1-2", 200),
        ("bytes=-", 200),
        ("bytes=-0", 416),
        ("bytes=999999999-", 416),
    ],
)
def test_a_range_header_is_honoured_ignored_or_refused(ready, header, status):
    response = ready.client.get(ticket(ready), headers={"Range": header})
    assert response.status_code == status
    if status == 416:
        assert response.headers["Content-Range"] == f"bytes */{len(ready.bytes_of(ready.package_id))}"


def test_if_range_with_another_etag_gives_all(ready):
    path = ticket(ready)
    etag = ready.client.head(path).headers["ETag"]
    assert ready.client.get(path, headers={"Range": "bytes=0-1", "If-Range": etag}).status_code == 206
    assert ready.client.get(path, headers={"Range": "bytes=0-1", "If-Range": '"other"'}).status_code == 200
    assert ready.client.get(path, headers={"If-None-Match": etag}).status_code == 304


def test_before_it_is_ready_there_is_no_address(house):
    house.add_exam("exam-1")
    package_id = ask(house).json["id"]
    refused = house.post(OWNER, f"/packages/{package_id}/downloads")
    assert (refused.status_code, slug(refused)) == (409, "package-not-ready")


def test_after_24_hours_it_is_gone_S41(ready):
    path = ticket(ready)
    assert ready.client.get(path, headers={"Range": "bytes=0-0"}).status_code == 206
    ready.clock.advance(timedelta(hours=24, seconds=-1))
    assert ready.client.get(path).status_code == 200
    ready.clock.advance(timedelta(seconds=1))
    assert slug(ready.client.get(path)) == "package-expired"
    assert ready.client.get(path).status_code == 410
    refused = ready.post(OWNER, f"/packages/{ready.package_id}/downloads")
    assert (refused.status_code, slug(refused)) == (410, "package-expired")


def test_a_ticket_is_first_used_within_60_seconds(ready):
    in_time, late = ticket(ready), ticket(ready)
    ready.clock.advance(timedelta(seconds=60))
    assert ready.client.get(in_time).status_code == 200
    ready.clock.advance(timedelta(seconds=1))
    assert ready.client.get(in_time).status_code == 200
    assert (ready.client.get(late).status_code, slug(ready.client.get(late))) == (410, "ticket-expired")


def test_an_invented_ticket_opens_nothing(ready):
    assert ready.client.get("/downloads/invented").status_code == 404


def test_with_exams_silent_a_package_with_a_report_rests(house):
    house.add_exam("exam-1", CT_WITH_FINDINGS)
    house.release_report("exam-1")
    house.package_id = house.ready_package(OWNER, "exam-1", include_report=True)
    path = ticket(house)
    assert house.client.get(path).status_code == 200
    house.clock.advance(timedelta(seconds=61))
    rests = house.client.get(path)
    assert (rests.status_code, slug(rests)) == (503, "reports-unverified")
    assert int(rests.headers["Retry-After"]) > 0
    house.beat()
    assert house.client.get(path).status_code == 200
