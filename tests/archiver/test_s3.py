"""The road from the request to the last byte with S3 in place of folders."""

import hashlib

import pytest

from contracts.archiver import PackageDownloaded
from services.archiver.chores import sweep_bytes, sweep_orphans, sweep_windows
from services.archiver.domain import DOWNLOAD_WINDOW
from tests.archiver.exams_world import CT_WITH_FINDINGS
from tests.archiver.house import a_house, an_account

OWNER = an_account()


@pytest.fixture
def house(tmp_path, sqlite_url, clock, s3_bucket, monkeypatch):
    """An archiver whose objects and files lie in one bucket."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3_bucket.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3_bucket.secret_access_key)
    url = f"s3://{s3_bucket.name}?endpoint={s3_bucket.endpoint}"
    house = a_house(tmp_path, sqlite_url, clock, PORTAL_OBJECTS_URL=url, files_url=url, orphan_age_s=0)
    house.add_exam("exam-1", CT_WITH_FINDINGS)
    yield house
    house.parts.db.close()


@pytest.mark.parametrize("package_format", ["zip", "iso"])
def test_a_package_is_made_sent_and_deleted(house, package_format):
    package_id = house.ready_package(OWNER, "exam-1", package_format=package_format)
    path = house.post(OWNER, f"/packages/{package_id}/downloads").json["url"].removeprefix("/api/v1")
    response = house.client.get(path)
    assert hashlib.sha256(response.data).hexdigest() == house.look(OWNER, package_id).sha256
    assert house.client.get(path, headers={"Range": "bytes=5-14"}).data == response.data[5:15]
    assert len(house.told(PackageDownloaded)) == 1
    house.parts.files.put("builds/left.0.zip", b"left")
    sweep_orphans(house.parts)
    assert house.files() == [house.build_of(package_id).object_key]
    house.clock.advance(DOWNLOAD_WINDOW)
    sweep_windows(house.parts)
    sweep_bytes(house.parts)
    assert house.files() == []
    assert house.client.get(path).status_code == 410
