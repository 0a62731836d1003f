"""Threads that must go on: each is begun again when it ends by a fault, with a pause, until all are told to stop."""

import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from services.chassis import log, metrics

PAUSE_S = 1.0
Loop = Callable[[threading.Event], None]


@dataclass(frozen=True)
class Chore:
    """Work of a service that recurs: each *every_s* seconds, *do* is called."""

    name: str
    every_s: float
    do: Callable[[], None]


@dataclass
class Supervisor:
    """Runs loops as threads."""

    service: str
    stop: threading.Event = field(default_factory=threading.Event)
    threads: list[threading.Thread] = field(default_factory=list)

    def add(self, name: str, loop: Loop) -> None:
        """Begin *loop* on a thread; it is begun again whenever it ends before the stop."""
        context = structlog.contextvars.get_contextvars() | {"service": self.service}
        thread = threading.Thread(
            target=self._keep, args=(name, loop, context), name=f"{self.service}-{name}", daemon=True
        )
        self.threads.append(thread)
        thread.start()

    def add_chore(self, chore: Chore) -> None:
        """Begin doing *chore* on a thread."""
        self.add(chore.name, lambda stop: _recur(chore, self.service, stop))

    def _keep(self, name: str, loop: Loop, context: dict[str, object]) -> None:
        structlog.contextvars.bind_contextvars(**context)
        while not self.stop.is_set():
            try:
                loop(self.stop)
            except Exception as error:  # whatever it is, the loop must go on
                log.get().warning("loop-began-again", chore=name, exc_info=error)
            self.stop.wait(PAUSE_S)

    def end(self, wait_s: float = 10.0) -> None:
        """Tell all loops to stop, and wait for each up to *wait_s* seconds."""
        self.stop.set()
        for thread in self.threads:
            thread.join(wait_s)


def _recur(chore: Chore, service: str, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            chore.do()
        except Exception as error:  # the next turn tries again
            metrics.CHORE_FAILURES.labels(service, chore.name).inc()
            log.get().warning("chore-failed", chore=chore.name, exc_info=error)
        stop.wait(chore.every_s)


def stop_on_signals(stop: threading.Event) -> None:
    """Let SIGTERM and SIGINT set *stop*; a second one ends the process at once."""

    def on_signal(number: int, _frame: object) -> None:
        if stop.is_set():
            raise SystemExit(128 + number)
        stop.set()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
