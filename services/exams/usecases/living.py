"""Signs of life, and forgetting what is kept only for a while."""

from contracts.exams import Beat
from services.chassis.outbox import put_event
from services.exams.parts import SERVICE, Parts
from services.exams.store import feed

BEAT_EVERY_S = 5.0


def beat(parts: Parts) -> None:
    """Tell that exams lives and its relay works; without it the archiver fails closed on reports."""
    now = parts.clock.now()
    with parts.db.begin() as tx:
        put_event(tx, SERVICE, Beat(id=SERVICE, version=int(now.timestamp()), at=now), now)


def forget(parts: Parts) -> None:
    """Forget HL7 messages that nobody resends any more.

    Objects are not deleted yet; when they are, no sooner than 48 hours after the last manifest that names them.
    """
    with parts.db.begin() as tx:
        feed.delete_old(tx, parts.clock.now())
