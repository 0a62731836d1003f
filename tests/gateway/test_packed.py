"""Static text goes out packed to whoever takes it so; pages never do."""

import gzip

import pytest

from gateway.portal import packed

CSS = "/static/portal.css"
GZIP = {"Accept-Encoding": "gzip, br"}


def test_it_is_what_the_file_is_once_unpacked(client):
    plain, small = client.get(CSS), client.get(CSS, headers=GZIP)
    assert small.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(small.data) == plain.data
    assert len(small.data) < len(plain.data) / 3
    assert int(small.headers["Content-Length"]) == len(small.data)
    assert "Content-Encoding" not in plain.headers
    assert "Accept-Encoding" in plain.headers["Vary"]
    assert "Accept-Encoding" in small.headers["Vary"]


def test_what_a_browser_has_is_not_sent_again(client):
    etag = client.get(CSS, headers=GZIP).headers["ETag"]
    assert etag.startswith("W/")
    assert client.get(CSS, headers=GZIP | {"If-None-Match": etag}).status_code == 304


@pytest.mark.parametrize("path", ["/enter", "/static/icon-192.png", "/static/none.css"])
def test_a_page_a_picture_and_what_is_not_there_go_out_as_they_are(client, path):
    assert "Content-Encoding" not in client.get(path, headers=GZIP).headers


def test_a_file_is_packed_once(client, monkeypatch):
    client.get(CSS, headers=GZIP)
    monkeypatch.setattr(packed.gzip, "compress", None)
    assert client.get(CSS, headers=GZIP).status_code == 200
