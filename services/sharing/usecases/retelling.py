"""Telling a queue what sharing's nouns are now: for a new subscriber, or a copy that was lost.

Addresses left with shares are not told again: the notifier alone keeps them.
"""

from datetime import datetime

from contracts.access import AccessEnded
from contracts.sharing import ShareChanged, ShareEnded
from contracts.topology import may_hear
from contracts.wire import Event
from services.chassis.db import Tx
from services.chassis.key_folder import find_published
from services.chassis.outbox import put_event
from services.sharing.parts import Parts
from services.sharing.store import shares
from services.sharing.store.tables import ShareRow
from services.sharing.usecases.telling import OWNER, holder_of, state_event


def retell(tx: Tx, parts: Parts, queue: str, since: datetime | None) -> int:
    """Tell *queue* the signing keys, each share made since (None: ever), and what was taken back; gives how many."""
    now = parts.clock.now()
    events: list[Event] = [*find_published(tx, "sharing", now)]
    for row in shares.find_made(tx, since):
        events += _events(tx, row, now)
    told = [event for event in events if may_hear(queue, type(event))]
    for event in told:
        put_event(tx, OWNER, event, now, to_queue=queue)
    return len(told)


def _events(tx: Tx, row: ShareRow, now: datetime) -> list[Event]:
    kind = ShareChanged if row.ended_at is None else ShareEnded
    events: list[Event] = [state_event(tx, kind, row, now, row.end_reason)]
    if row.access_version > 1:
        events.append(AccessEnded(id=holder_of(row.id), version=row.access_version, at=now, reason="retold"))
    return events
