"""A stored object as a file that is read here and there, for libraries that want one."""

import io

from services.chassis.objects import ObjectStore


class StoredFile(io.RawIOBase):
    """Reads *size* bytes of the object at *key*, range by range. Wrap it in ``io.BufferedReader`` for small reads."""

    def __init__(self, store: ObjectStore, key: str, size: int) -> None:
        super().__init__()
        self._store, self._key, self._size, self._at = store, key, size, 0

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def tell(self) -> int:
        """Give the position from the beginning."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to *offset* from the beginning, the position or the end; give the new position."""
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill *buffer* from the position on; give how many bytes that were, 0 at the end."""
        wanted = min(len(buffer), max(0, self._size - self._at))
        data = self._store.read_range(self._key, self._at, wanted) if wanted else b""
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)
