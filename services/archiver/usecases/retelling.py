"""Telling a queue what packages are now: for a new subscriber, or a copy that was lost."""

from datetime import datetime

from contracts.archiver import (
    PackageCancelled,
    PackageEvent,
    PackageExpired,
    PackageFailed,
    PackageReady,
    PackageRequested,
)
from contracts.topology import may_hear
from contracts.wire import Event
from services.archiver.store import packages
from services.archiver.usecases import telling
from services.chassis.db import Tx
from services.chassis.outbox import put_event

_TELLS_STATE: dict[str, type[PackageEvent]] = {
    "queued": PackageRequested,
    "ready": PackageReady,
    "failed": PackageFailed,
    "cancelled": PackageCancelled,
    "expired": PackageExpired,
}


def retell(tx: Tx, queue: str, since: datetime | None, now: datetime) -> None:
    """Tell *queue* alone every package that changed since (UTC; None: ever), and where to write about it."""
    for package, build in packages.find_changed(tx, since):
        events: list[Event] = [telling.event_of(tx, _TELLS_STATE[package.state], package, build, now)]
        if package.contact_version:
            events.insert(0, telling.contact_of(package, now))
        for event in events:
            if may_hear(queue, type(event)):
                put_event(tx, telling.OWNER, event, now, to_queue=queue)
