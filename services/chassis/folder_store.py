"""The object store on one machine: a folder. A file is written beside its name, made durable, then renamed."""

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from services.chassis.db import new_id
from services.chassis.objects import ObjectMissing, ObjectStoreDown, ObjectWriter, StoredObject

_KEY = re.compile(r"[A-Za-z0-9_.=-]+(/[A-Za-z0-9_.=-]+)*")
_PART = ".part"


class FolderStore:
    """Objects as files below *folder*. Several processes may use it at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._parts = folder / _PART
        self._parts.mkdir(mode=0o700, parents=True, exist_ok=True)

    def _path(self, key: str) -> Path:
        if not _KEY.fullmatch(key) or ".." in key or key.startswith(_PART):
            raise ValueError("not an object key")
        return self.folder / key

    def put(self, key: str, data: bytes) -> None:
        """See ObjectStore."""
        writer = self.writer(key)
        try:
            writer.write(data)
            writer.close()
        except BaseException:
            writer.abort()
            raise

    def writer(self, key: str) -> ObjectWriter:
        """See ObjectStore."""
        return _FolderWriter(self._parts / f"{new_id()}", self._path(key))

    def read(self, key: str) -> bytes:
        """See ObjectStore."""
        with _named_faults():
            return self._path(key).read_bytes()

    def read_range(self, key: str, start: int, length: int) -> bytes:
        """See ObjectStore."""
        return b"".join(self.stream(key, start, length, length))

    def stream(self, key: str, start: int, length: int, chunk_bytes: int) -> Iterator[bytes]:
        """See ObjectStore. The file is open from the first piece on, so a deletion does not cut it."""
        with _named_faults():
            file = self._path(key).open("rb", buffering=0)
        with file, _named_faults():
            file.seek(start)
            left = length
            while left > 0 and (piece := file.read(min(chunk_bytes, left))):
                left -= len(piece)
                yield piece

    def size(self, key: str) -> int | None:
        """See ObjectStore."""
        try:
            return self._path(key).stat().st_size
        except FileNotFoundError:
            return None

    def delete(self, key: str) -> None:
        """See ObjectStore."""
        self._path(key).unlink(missing_ok=True)

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """See ObjectStore."""
        top = self._path(prefix.rstrip("/"))
        for path in [top] if top.is_file() else top.rglob("*"):
            try:
                stat = path.stat()
            except FileNotFoundError:  # deleted while we looked
                continue
            if path.is_file():
                modified_at = datetime.fromtimestamp(stat.st_mtime, UTC)
                yield StoredObject(path.relative_to(self.folder).as_posix(), stat.st_size, modified_at)

    def abandon_writers(self, older_than: datetime) -> int:
        """See ObjectStore."""
        count = 0
        for path in self._parts.iterdir():
            try:
                if path.stat().st_mtime < older_than.timestamp():
                    path.unlink()
                    count += 1
            except FileNotFoundError:
                continue
        return count

    def check(self) -> None:
        """See ObjectStore."""
        if not os.access(self._parts, os.W_OK):
            raise ObjectStoreDown


@contextmanager
def _named_faults() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise ObjectMissing from error
    except OSError as error:
        raise ObjectStoreDown(errno.errorcode.get(error.errno or 0, "EIO")) from error


class _FolderWriter:
    """Writes to *part*, renames to *path* at close. What failed to reach the disk is thrown away, never re-synced."""

    def __init__(self, part: Path, path: Path) -> None:
        self._part, self._target = part, path
        self._file = part.open("xb", buffering=0)

    def write(self, data: bytes | memoryview) -> None:
        """See ObjectWriter."""
        view = memoryview(data)
        try:
            while view:
                view = view[self._file.write(view) :]
        except OSError as error:
            raise ObjectStoreDown(errno.errorcode.get(error.errno or 0, "EIO")) from error

    def close(self) -> None:
        """See ObjectWriter."""
        try:
            os.fsync(self._file.fileno())
            self._file.close()
            is_new_folder = not self._target.parent.exists()
            self._target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._part.replace(self._target)
            _sync_folder(self._target.parent)
            if is_new_folder:
                _sync_folder(self._target.parent.parent)
        except OSError as error:
            raise ObjectStoreDown(errno.errorcode.get(error.errno or 0, "EIO")) from error

    def abort(self) -> None:
        """See ObjectWriter."""
        self._file.close()
        self._part.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Make the names in *folder* durable."""
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
