"""Patience in hearing, the same on either bus: a database that is down is waited for, and is no attempt.

On an urgent queue a foreign fault is retried in place, since what takes access away must not be overtaken.
"""

import threading
import time

from services.chassis import log, metrics
from services.chassis.db import DATABASE_DOWN
from services.chassis.inbox import Inbox, Outcome

ALARM_AFTER_S = 60
"""An urgent message that fails for this long raises the alarm."""
WAIT_S = 1.0


def deliver_patiently(
    inbox: Inbox, body: bytes | str, attempt: int, stop: threading.Event, *, in_place: bool
) -> Outcome | None:
    """Deliver *body*, waiting out faults that are no attempt; None when *stop* came first and nothing is decided."""
    began = time.monotonic()
    while not stop.is_set():
        try:
            outcome = inbox.deliver(body, 1 if in_place else attempt)
        except DATABASE_DOWN as error:
            log.get().warning("database-down", exc_info=error)
        else:
            if not (in_place and outcome.kind == "retry"):
                metrics.URGENT_STUCK.labels(inbox.service).set(0)
                return outcome
        if in_place:
            _note_stuck(inbox.service, time.monotonic() - began)
        stop.wait(WAIT_S)
    return None


def _note_stuck(service: str, seconds: float) -> None:
    metrics.URGENT_STUCK.labels(service).set(seconds)
    if seconds >= ALARM_AFTER_S:
        log.get().critical("urgent-message-stuck", age_s=round(seconds))
