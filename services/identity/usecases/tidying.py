"""Deleting what nobody needs any more (rules: Keeping)."""

from datetime import datetime, timedelta

from services.chassis import refresh
from services.chassis.db import Tx
from services.identity.store import guest_appointments, help_requests, icodes, tries
from services.identity.usecases.validation_codes import delete_old_codes

KEEP_TRIES = timedelta(days=30)
"""A password's row of wrong tries is longer than a day; a month without a try ends it."""
KEEP_CODES = timedelta(days=365)
"""After its 90 days a code can be reactivated (S70); a year later its locator is free again."""

KEEP_REQUESTS = timedelta(days=730)
"""Rules, Keeping: help requests 2 years; what guests asked for, as long."""


def tidy(tx: Tx, now: datetime) -> None:
    """Delete sessions that are over, counts of tries that nobody made lately, codes and requests long gone."""
    refresh.delete_old(tx, now)
    tries.delete_untouched(tx, now - KEEP_TRIES)
    icodes.delete_long_gone(tx, now - KEEP_CODES)
    help_requests.delete_made_before(tx, now - KEEP_REQUESTS)
    guest_appointments.delete_made_before(tx, now - KEEP_REQUESTS)
    delete_old_codes(tx, now)
