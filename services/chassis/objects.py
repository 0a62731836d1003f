"""The object store: a folder on one machine, S3 when deployed. Objects are immutable: a key is written once."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qs, urlsplit


class ObjectMissing(Exception):
    """Raised when there is no object of that key."""


class ObjectStoreDown(Exception):
    """Raised when the store does not answer, or has no room: a foreign fault, to be tried again."""


@dataclass(frozen=True)
class StoredObject:
    """What a listing tells of an object."""

    key: str
    size_bytes: int
    modified_at: datetime


class ObjectWriter(Protocol):
    """An object being written: seen by nobody before ``close``."""

    def write(self, data: bytes | memoryview) -> None:
        """Append *data*. Raises ObjectStoreDown."""

    def close(self) -> None:
        """Make the object durable and visible. Raises ObjectStoreDown."""

    def abort(self) -> None:
        """Forget what was written."""


class ObjectStore(Protocol):
    """Where objects lie. Every method may raise ObjectStoreDown."""

    def put(self, key: str, data: bytes) -> None:
        """Write a whole object, durably; the same key with the same data may be written again."""

    def writer(self, key: str) -> ObjectWriter:
        """Begin an object whose size is not known yet."""

    def read(self, key: str) -> bytes:
        """Give a whole object. Raises ObjectMissing."""

    def read_range(self, key: str, start: int, length: int) -> bytes:
        """Give up to *length* bytes from *start*. Raises ObjectMissing."""

    def stream(self, key: str, start: int, length: int, chunk_bytes: int) -> Iterator[bytes]:
        """Give *length* bytes from *start*, in pieces. Raises ObjectMissing."""

    def size(self, key: str) -> int | None:
        """Give an object's size in bytes; None when there is none."""

    def delete(self, key: str) -> None:
        """Delete an object; none there is no fault."""

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """Give the objects whose keys begin with *prefix* (whole path segments), in no order."""

    def abandon_writers(self, older_than: datetime) -> int:
        """Delete what writers that died left unseen before *older_than* (UTC); give how many."""

    def check(self) -> None:
        """Raise ObjectStoreDown unless the store answers."""


def open_store(url: str) -> ObjectStore:
    """Give the store at *url*: ``file:///folder`` or ``s3://bucket?endpoint=…`` (keys from AWS_… names)."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        from services.chassis.folder_store import FolderStore

        return FolderStore(Path(parts.path))
    if parts.scheme == "s3":
        from services.chassis.s3_store import S3Store

        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        return S3Store(parts.netloc, parts.path.strip("/"), query.get("endpoint"), query.get("region", "us-east-1"))
    raise ValueError("an object store is file:///folder or s3://bucket?endpoint=…")
