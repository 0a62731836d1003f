"""Watching what identity does: how often it compares a secret, and what it asks its database."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from argon2 import extract_parameters
from sqlalchemy import event

from services.chassis.passwords import MEMORY_KIB, PASSES, SecretHasher
from services.identity.app import make_web
from tests.identity.conftest import House

IN_A_LIST = re.compile(r"IN \((SELECT 1 FROM \(SELECT 1\) WHERE 1!=1|[^()]*(\([^()]*\)[^()]*)*)\)( AND \(1 != 1\))?")
"""A list of values, whose length says nothing of the work; an empty one too."""


class WatchedHasher(SecretHasher):
    """Notes each comparison: the figures of the argon2 work, and whether it was with a kept secret."""

    def __init__(self, memory_kib: int = MEMORY_KIB, passes: int = PASSES) -> None:
        super().__init__(memory_kib, passes)
        self.work: list[tuple[int, int, int]] = []
        self._of_somebody: list[bool] = []

    def hash(self, secret: str) -> str:
        made = super().hash(secret)
        self.work.append(_figures(made))
        return made

    def is_right(self, kept: str | None, secret: str) -> bool:
        self.work.append(_figures(kept or self._nobodys))
        self._of_somebody.append(kept is not None)
        return super().is_right(kept, secret)

    @property
    def looked_at(self) -> int:
        """Count the comparisons with a secret that somebody has."""
        return sum(self._of_somebody)


def _figures(kept: str) -> tuple[int, int, int]:
    made = extract_parameters(kept)
    return made.memory_cost, made.time_cost, made.parallelism


def watched(house: House, *figures: int) -> WatchedHasher:
    """Let *house* compare secrets by a hasher of those figures that is watched, and give it."""
    hasher = WatchedHasher(*figures)
    house.service = replace(house.service, parts=replace(house.parts, hasher=hasher))
    house.client = make_web(house.parts).test_client()
    return hasher


@dataclass
class Work:
    """What one request cost."""

    status: int
    slug: str
    hashing: list[tuple[int, int, int]]
    statements: list[str] = field(repr=False)


@contextmanager
def statements(house: House) -> Iterator[list[str]]:
    """Give the list into which each statement that *house* sends to its database is put, without its values."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        sent.append(IN_A_LIST.sub("IN (…)", statement))

    event.listen(house.parts.db.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(house.parts.db.engine, "before_cursor_execute", note)


def work_of(house: House, method: str, path: str, **more: Any) -> Work:
    """Make a request and give what it cost; *house* has a watched hasher."""
    hasher = house.parts.hasher
    hasher.work.clear()
    with statements(house) as sent:
        answer = house.client.open(path, method=method, **more)
    slug = str((answer.json or {}).get("type", "")).rpartition("/")[2]
    return Work(answer.status_code, slug, list(hasher.work), sent)
