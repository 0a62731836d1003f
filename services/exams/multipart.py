"""Read a multipart/related body part by part while it comes in (RFC 2046 §5.1, RFC 2387; STOW-RS, PS3.18 §10.5).

A body may be 500 MB or more, chunked or not: at no time is more than two chunks of it in memory. It must not know what
is in a part.
"""

from collections.abc import Iterator
from email.message import Message
from typing import ClassVar, Protocol

from contracts.refusal import Refusal

CHUNK_BYTES = 1 << 20
MAX_HEADER_BYTES = 16 * 1024
_END = b"--"
_LOOK_AHEAD = 64  # what is looked at behind a boundary: blanks and a line end, or the two hyphens of the last


class NotMultipart(Refusal):
    """The body is no multipart/related of the type that is taken here."""

    slug: ClassVar[str] = "multipart-needed"
    kind = "unsupported"


class MultipartRefused(Refusal):
    """The body is not built as multipart/related is, or ends before its closing boundary."""

    slug: ClassVar[str] = "multipart-malformed"
    kind = "malformed"


class PartTooLarge(Refusal):
    """One part is larger than the limit; those after it can still be read."""

    slug: ClassVar[str] = "part-too-large"
    kind = "too-large"


class Readable(Protocol):
    """A body as it comes in."""

    def read(self, size: int, /) -> bytes:
        """Give up to *size* bytes, none at the end."""


class Writable(Protocol):
    """Where a part goes."""

    def write(self, data: bytes, /) -> object:
        """Take *data*."""


def parts(
    body: Readable, content_type: str, *, max_part_bytes: int, wanted_type: str = "application/dicom"
) -> Iterator["Part"]:
    """Give the parts of *body* one after the other; what is not read of one is skipped when the next is asked for.

    Raises NotMultipart, MultipartRefused; reading a part may raise MultipartRefused and PartTooLarge.
    """
    source = _Source(body, _boundary(content_type, wanted_type))
    for _preamble in source.until_boundary():
        pass
    while source.is_next_part():
        part = Part(source, source.read_headers(), max_part_bytes)
        yield part
        part.skip()


def _boundary(content_type: str, wanted_type: str) -> bytes:
    if any(ord(letter) < 32 or ord(letter) > 126 for letter in content_type):
        raise NotMultipart
    header = Message()
    header["Content-Type"] = content_type
    kind, boundary = header.get_param("type"), header.get_param("boundary")
    if header.get_content_type() != "multipart/related" or not isinstance(boundary, str):
        raise NotMultipart
    if kind is not None and str(kind).lower() != wanted_type:
        raise NotMultipart
    if not 1 <= len(boundary) <= 70 or boundary != boundary.strip():
        raise MultipartRefused
    return b"\r\n--" + boundary.encode("ascii")


class Part:
    """One part: its header fields, and its bytes, which can be read once."""

    def __init__(self, source: "_Source", headers: dict[str, str], max_bytes: int) -> None:
        self.headers = headers
        """By lower-case name."""
        self._left = source.until_boundary()
        self._max_bytes = max_bytes

    @property
    def content_type(self) -> str:
        """The part's media type in lower case, without parameters; empty when it has none."""
        return self.headers.get("content-type", "").split(";")[0].strip().lower()

    def chunks(self) -> Iterator[bytes]:
        """Give the part's bytes. Raises PartTooLarge once they pass the limit, MultipartRefused when the body ends."""
        size_bytes = 0
        for chunk in self._left:
            size_bytes += len(chunk)
            if size_bytes > self._max_bytes:
                raise PartTooLarge
            yield chunk

    def save_to(self, writer: Writable) -> int:
        """Write the part's bytes to *writer*; give their number. Raises as ``chunks`` does."""
        size_bytes = 0
        for chunk in self.chunks():
            writer.write(chunk)
            size_bytes += len(chunk)
        return size_bytes

    def skip(self) -> None:
        """Pass over what has not been read."""
        for _ in self._left:
            pass


class _Source:
    """The body, and how far it has been read: ``held[at:]`` has come in and was not given yet."""

    def __init__(self, body: Readable, delimiter: bytes) -> None:
        self._body = body
        self._delimiter = delimiter
        self._held = b"\r\n"  # so that a boundary at the very start is found like any other
        self._at = 0
        self._has_ended = False

    def until_boundary(self) -> Iterator[bytes]:
        """Give what comes before the next boundary, in chunks, and pass that boundary."""
        while True:
            found = self._next_boundary()
            if found is not None and self._is_sure(found):
                if found > self._at:
                    yield self._held[self._at : found]
                self._at = found + len(self._delimiter)
                return
            stop = found if found is not None else len(self._held) - len(self._delimiter) + 1
            if stop > self._at:
                chunk, self._at = self._held[self._at : stop], stop
                yield chunk
            self._read_more()

    def is_next_part(self) -> bool:
        """Tell whether a part follows the boundary just passed, and pass the end of its line."""
        if self._held.startswith(_END, self._at):
            return False
        self._at = self._held.index(b"\r\n", self._at) + 2
        return True

    def read_headers(self) -> dict[str, str]:
        """Give a part's header fields by lower-case name."""
        while (end := self._end_of_headers()) < 0:
            if len(self._held) - self._at > MAX_HEADER_BYTES:
                raise MultipartRefused
            self._read_more()
        block, self._at = self._held[self._at : end], end + 2
        headers: dict[str, str] = {}
        for line in block.decode("latin-1").split("\r\n")[:-1]:
            name, colon, value = line.partition(":")
            if not colon:
                raise MultipartRefused
            headers[name.strip().lower()] = value.strip()
        return headers

    def _end_of_headers(self) -> int:
        """Give where the empty line begins that ends the header fields, -1 while it has not come in."""
        if self._held.startswith(b"\r\n", self._at):
            return self._at
        found = self._held.find(b"\r\n\r\n", self._at)
        return found + 2 if found >= 0 else -1

    def _next_boundary(self) -> int | None:
        """Give where the next boundary is, or what may become one when more has come in."""
        found = self._held.find(self._delimiter, self._at)
        while found >= 0 and self._is_sure(found) and not self._is_boundary(found):
            found = self._held.find(self._delimiter, found + 1)
        return found if found >= 0 else None

    def _is_sure(self, found: int) -> bool:
        return self._has_ended or len(self._held) - found >= len(self._delimiter) + _LOOK_AHEAD

    def _is_boundary(self, found: int) -> bool:
        """Tell whether the delimiter stands alone: it is the last, or blanks and a line end follow."""
        after = found + len(self._delimiter)
        rest = self._held[after : after + _LOOK_AHEAD]
        return rest.startswith(_END) or rest.lstrip(b" \t").startswith(b"\r\n")

    def _read_more(self) -> None:
        if self._has_ended:
            raise MultipartRefused
        chunk = self._body.read(CHUNK_BYTES)
        self._has_ended = not chunk
        self._held = self._held[self._at :] + chunk
        self._at = 0
