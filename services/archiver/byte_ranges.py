"""Byte ranges: which of a file's bytes a request asks for (RFC 9110 §14), and which have been sent so far. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_ONE = re.compile(r"(\d{0,18})-(\d{0,18})")
Span = tuple[int, int]
"""First byte, and the byte after the last."""


class RangeNotSatisfiable(Exception):
    """Raised when a range lies wholly behind the file's end."""


@dataclass(frozen=True)
class Answer:
    """The bytes to send: *start* up to and not including *end*; partial or all."""

    start: int
    end: int
    is_partial: bool

    @property
    def length(self) -> int:
        """How many bytes that is."""
        return self.end - self.start


def choose(header: str | None, size: int) -> Answer:
    """Give what a request with the Range *header* gets of a file of *size* bytes.

    Anything but one well-formed range in bytes gets the whole file, as RFC 9110 §14.2 allows. Raises
    RangeNotSatisfiable.
    """
    whole = Answer(0, size, is_partial=False)
    if header is None:
        return whole
    unit, _, spec = header.partition("=")
    match = _ONE.fullmatch(spec.strip())
    if unit.strip().lower() != "bytes" or match is None:
        return whole
    first, last = match.groups()
    if not first and not last:
        return whole
    if not first:
        return _part(max(0, size - int(last)), size, size)
    end = int(last) + 1 if last else size
    return whole if end <= int(first) < size and last else _part(int(first), end, size)


def _part(start: int, end: int, size: int) -> Answer:
    end = min(end, size)
    if start >= end:
        raise RangeNotSatisfiable
    return Answer(start, end, is_partial=True)


def add(spans: Sequence[Span], start: int, end: int) -> list[Span]:
    """Give *spans* (sorted, apart from one another) together with one more, joined where they touch."""
    joined: list[Span] = []
    for one_start, one_end in sorted([*spans, (start, end)] if start < end else spans):
        if joined and one_start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], one_end))
        else:
            joined.append((one_start, one_end))
    return joined


def covered(spans: Sequence[Span]) -> int:
    """Give how many bytes *spans* (apart from one another) hold."""
    return sum(end - start for start, end in spans)
