"""Telling a queue what identity's nouns are now: for a service whose copy was lost."""

from contracts.access import AccessEnded
from contracts.wire import Event
from services.chassis.db import Tx
from services.chassis.key_folder import find_published
from services.chassis.outbox import put_event
from services.identity.parts import Parts
from services.identity.store import accounts, holders, patients
from services.identity.usecases.contacts import account_contact, patient_contact


def retell(tx: Tx, parts: Parts, queue: str) -> int:
    """Tell *queue* the signing keys, the holders that lost access, and all contacts; gives how many events."""
    now = parts.clock.now()
    events: list[Event] = [*find_published(tx, "identity", now)]
    events += [
        AccessEnded(id=row.id, version=row.version, at=now, reason="retold") for row in holders.find_narrowed(tx)
    ]
    events += [patient_contact(tx, row, now) for row in patients.find_told(tx)]
    events += [account_contact(tx, row, now) for row in accounts.find_live(tx)]
    for event in events:
        put_event(tx, "identity", event, now, to_queue=queue)
    return len(events)
