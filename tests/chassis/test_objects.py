import os
from datetime import UTC, datetime, timedelta

import pytest

from services.chassis.objects import ObjectMissing, open_store


@pytest.fixture(params=["folder", "s3"])
def store(request, tmp_path, monkeypatch):
    """The object store, once of each kind that the product runs on."""
    if request.param == "folder":
        return open_store(f"file://{tmp_path}/objects")
    bucket = request.getfixturevalue("s3_bucket")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", bucket.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", bucket.secret_access_key)
    return open_store(f"s3://{bucket.name}?endpoint={bucket.endpoint}")


def test_what_was_put_is_read_whole_and_in_ranges(store):
    store.put("dicom/a/1", b"0123456789")
    assert store.read("dicom/a/1") == b"0123456789"
    assert store.read_range("dicom/a/1", 3, 4) == b"3456"
    assert b"".join(store.stream("dicom/a/1", 2, 100, 3)) == b"23456789"
    assert store.size("dicom/a/1") == 10


def test_an_object_is_unseen_until_its_writer_closes(store):
    writer = store.writer("files/x.zip")
    writer.write(b"half")
    assert store.size("files/x.zip") is None
    writer.write(b" and half")
    writer.close()
    assert store.read("files/x.zip") == b"half and half"


def test_an_aborted_object_never_appears(store):
    writer = store.writer("files/y.zip")
    writer.write(b"half")
    writer.abort()
    assert store.size("files/y.zip") is None


def test_a_missing_object_has_a_name_of_its_own(store):
    with pytest.raises(ObjectMissing):
        store.read("none/such")
    assert store.size("none/such") is None
    store.delete("none/such")


def test_objects_are_listed_below_a_prefix_and_deleted(store):
    store.put("files/a", b"1")
    store.put("files/b/c", b"22")
    store.put("other/d", b"3")
    assert {one.key: one.size_bytes for one in store.list("files")} == {"files/a": 1, "files/b/c": 2}
    store.delete("files/a")
    assert [one.key for one in store.list("files")] == ["files/b/c"]


@pytest.mark.parametrize("key", ["../up", "/etc/passwd", "a/../b", ".part/x", "a b", "", "a//b"])
def test_a_folder_takes_no_key_that_leads_out_of_it(tmp_path, key):
    store = open_store(f"file://{tmp_path}/objects")
    with pytest.raises(ValueError, match="key"):
        store.put(key, b"x")


def test_what_dead_writers_left_is_swept(tmp_path):
    store = open_store(f"file://{tmp_path}/objects")
    store.writer("files/z").write(b"left behind")
    now = datetime.now(UTC)
    assert store.abandon_writers(now - timedelta(hours=1)) == 0
    part = next((tmp_path / "objects" / ".part").iterdir())
    os.utime(part, (0, 0))
    assert store.abandon_writers(now - timedelta(hours=1)) == 1
    assert not part.exists()
