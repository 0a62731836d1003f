"""The object store when deployed: S3 through obstore. Multipart uploads are unseen until complete."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import S3Store as Bucket

from services.chassis.objects import ObjectMissing, ObjectStoreDown, ObjectWriter, StoredObject

PART_BYTES = 16 * 1024 * 1024
"""A part is memory; 10,000 of these reach 156 GiB."""


@contextmanager
def _named_faults() -> Iterator[None]:
    try:
        yield
    except (NotFoundError, FileNotFoundError) as error:
        raise ObjectMissing from error
    except (BaseError, OSError) as error:
        raise ObjectStoreDown(type(error).__name__) from error


class S3Store:
    """Objects of *bucket* below *prefix*. Unfinished uploads are aborted by the bucket's lifecycle rule (deploy/)."""

    def __init__(self, bucket: str, prefix: str, endpoint: str | None, region: str) -> None:
        options: dict[str, Any] = {"region": region}
        if endpoint:
            options |= {"endpoint": endpoint, "virtual_hosted_style_request": False}
        client: Any = {"allow_http": bool(endpoint and endpoint.startswith("http://")), "timeout": "60s"}
        os.environ.setdefault("NO_PROXY", "127.0.0.1")
        self._bucket = Bucket(bucket, prefix=prefix or None, client_options=client, **options)

    def put(self, key: str, data: bytes) -> None:
        """See ObjectStore."""
        with _named_faults():
            obstore.put(self._bucket, key, data)

    def writer(self, key: str) -> ObjectWriter:
        """See ObjectStore."""
        with _named_faults():
            return _S3Writer(obstore.open_writer(self._bucket, key, buffer_size=PART_BYTES, max_concurrency=2))

    def read(self, key: str) -> bytes:
        """See ObjectStore."""
        with _named_faults():
            return bytes(obstore.get(self._bucket, key).bytes())

    def read_range(self, key: str, start: int, length: int) -> bytes:
        """See ObjectStore."""
        with _named_faults():
            return bytes(obstore.get_range(self._bucket, key, start=start, length=length))

    def stream(self, key: str, start: int, length: int, chunk_bytes: int) -> Iterator[bytes]:
        """See ObjectStore."""
        with _named_faults():
            if length <= 0:
                return
            options: Any = {"range": (start, start + length)}
            for piece in obstore.get(self._bucket, key, options=options).stream(min_chunk_size=chunk_bytes):
                yield bytes(piece)

    def size(self, key: str) -> int | None:
        """See ObjectStore."""
        try:
            with _named_faults():
                return int(obstore.head(self._bucket, key)["size"])
        except ObjectMissing:
            return None

    def delete(self, key: str) -> None:
        """See ObjectStore."""
        with suppress(ObjectMissing), _named_faults():
            obstore.delete(self._bucket, key)

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """See ObjectStore."""
        with _named_faults():
            for batch in obstore.list(self._bucket, prefix=prefix):
                for meta in batch:
                    yield StoredObject(meta["path"], meta["size"], meta["last_modified"])

    def abandon_writers(self, older_than: datetime) -> int:
        """Leave it to the bucket's lifecycle rule: obstore cannot list open uploads."""
        del older_than
        return 0

    def check(self) -> None:
        """See ObjectStore."""
        self.size("ready-probe")


class _S3Writer:
    """A multipart upload."""

    def __init__(self, upload: Any) -> None:
        self._upload = upload

    def write(self, data: bytes | memoryview) -> None:
        """See ObjectWriter."""
        with _named_faults():
            self._upload.write(bytes(data))

    def close(self) -> None:
        """See ObjectWriter."""
        with _named_faults():
            self._upload.close()

    def abort(self) -> None:
        """Drop the upload; what was sent is never completed."""
        self._upload = None
