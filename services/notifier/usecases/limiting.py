"""So that nobody's address is flooded: what is beyond an address's limit waits until there is room."""

from datetime import datetime
from typing import cast

from contracts.messages import Template
from services.chassis.db import Tx
from services.notifier.domain import limits_of
from services.notifier.store import mails
from services.notifier.store.tables import MailRow


def find_room(tx: Tx, mail: MailRow, template: str, now: datetime) -> datetime | None:
    """Give when there is room for *mail* at its address; None: now. One that was tried before keeps its room."""
    if mail.taken_at is not None:
        return None
    waits = []
    for limit in limits_of(cast("Template", template)):
        only = template if limit.is_per_template else None
        newest = mails.find_newest_taken(tx, mail.to_hash, now - limit.within, only, limit.most)
        if len(newest) == limit.most:
            waits.append(newest[-1] + limit.within)
    return max(waits, default=None)
