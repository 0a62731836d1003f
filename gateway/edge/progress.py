"""A package's progress as server-sent events: asked of the archiver once a second however many watch.

Streams hold a thread of the server each, so at most half of the threads may stream; polling always suffices.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.edge.upstream import Answer, Upstream, UpstreamDown, segment_of

POLL_S = 1.0
COMMENT_S = 15.0
LONGEST_S = 240.0
"""A stream ends before its access token's five minutes; the client comes back with a new one."""
UNDER_WAY = frozenset({"queued", "preparing"})


@dataclass
class _Watched:
    """One package as one token sees it."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    answer: Answer | None = None
    asked_at_s: float = float("-inf")
    watchers: int = 0


class ProgressBoard:
    """What is known of watched packages. *streams* is how many may be open at once."""

    def __init__(self, upstream: Upstream, streams: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._upstream = upstream
        self._places = threading.BoundedSemaphore(max(1, streams))
        self._watched: dict[tuple[str, str], _Watched] = {}
        self._lock = threading.Lock()
        self._monotonic = monotonic
        self._ending = threading.Event()

    def take_place(self) -> bool:
        """Take one of the places for streams; False when all are taken. Give it back when the stream is closed."""
        return self._places.acquire(blocking=False)

    def leave_place(self) -> None:
        """Give a place back."""
        self._places.release()

    def end(self) -> None:
        """End all streams: the server goes down."""
        self._ending.set()

    def ask(self, package_id: str, bearer: str, headers: Mapping[str, str]) -> Answer:
        """Give the archiver's answer about a package, at most a second old. Raises UpstreamDown."""
        watched = self._join(package_id, bearer)
        try:
            return self._fresh(watched, package_id, headers)
        finally:
            self._leave(package_id, bearer)

    def events(
        self, package_id: str, bearer: str, headers: Mapping[str, str], last_event_id: str | None
    ) -> Iterator[bytes]:
        """Give the stream until the package is neither queued nor preparing."""
        watched = self._join(package_id, bearer)
        seen, started = last_event_id, self._monotonic()
        quiet_since = started
        try:
            yield b": hello\n\n"
            while not self._ending.is_set() and self._monotonic() - started < LONGEST_S:
                package = self._package(watched, package_id, headers)
                if package is None:
                    return
                if (mark := _mark(package)) != seen:
                    seen, quiet_since = mark, self._monotonic()
                    yield f"id: {mark}\ndata: {json.dumps(package)}\n\n".encode()
                if package.get("state") not in UNDER_WAY:
                    return
                if self._monotonic() - quiet_since >= COMMENT_S:
                    quiet_since = self._monotonic()
                    yield b": still here\n\n"
                self._ending.wait(POLL_S)
        finally:
            self._leave(package_id, bearer)

    def _package(self, watched: _Watched, package_id: str, headers: Mapping[str, str]) -> dict[str, Any] | None:
        try:
            answer = self._fresh(watched, package_id, headers)
        except UpstreamDown:
            return None
        return answer.body if answer.is_ok and isinstance(answer.body, dict) else None

    def _fresh(self, watched: _Watched, package_id: str, headers: Mapping[str, str]) -> Answer:
        with watched.lock:
            if watched.answer is None or self._monotonic() - watched.asked_at_s >= POLL_S:
                watched.answer = self._upstream.ask("archiver", "GET", f"/packages/{segment_of(package_id)}", headers)
                watched.asked_at_s = self._monotonic()
            return watched.answer

    def _join(self, package_id: str, bearer: str) -> _Watched:
        with self._lock:
            watched = self._watched.setdefault((package_id, bearer), _Watched())
            watched.watchers += 1
            return watched

    def _leave(self, package_id: str, bearer: str) -> None:
        with self._lock:
            watched = self._watched[package_id, bearer]
            watched.watchers -= 1
            if not watched.watchers:
                del self._watched[package_id, bearer]


def _mark(package: Mapping[str, Any]) -> str:
    """Give what a change is known by: state, whole percent, place in the queue."""
    return f"{package.get('state')}-{round(100 * (package.get('progress') or 0))}-{package.get('ahead') or 0}"
