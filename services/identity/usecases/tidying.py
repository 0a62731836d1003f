"""Deleting what nobody needs any more (rules: Keeping)."""

from datetime import datetime, timedelta

from services.chassis import refresh
from services.chassis.db import Tx
from services.identity.domain.challenges import CHALLENGE_LIFETIME
from services.identity.domain.registrations import REGISTRATION_LIFETIME
from services.identity.domain.second_factors import CONFIRM_WITHIN
from services.identity.domain.validation_codes import CODE_LIFETIME
from services.identity.store import (
    guest_appointments,
    help_requests,
    icodes,
    identity_questions,
    invitations,
    registrations,
    tries,
)
from services.identity.usecases import (
    audit_search,
    challenges,
    devices,
    email_changes,
    password_resets,
    pushes,
    second_factors,
)
from services.identity.usecases.validation_codes import delete_old_codes

KEEP_TRIES = timedelta(days=30)
"""A password's row of wrong tries is longer than a day; a month without a try ends it."""
KEEP_CODES = timedelta(days=365)
"""After its 90 days a code can be reactivated (S70); a year later its locator is free again."""

KEEP_REQUESTS = timedelta(days=730)
"""Rules, Keeping: help requests 2 years; what guests asked for, as long."""
KEEP_QUESTIONS = timedelta(days=730)
"""That they stay the same tells nobody what a record holds; ten wrong tries are kept for good."""


def tidy(tx: Tx, now: datetime) -> None:
    """Delete sessions that are over, counts of tries that nobody made lately, codes and requests long gone."""
    refresh.delete_old(tx, now)
    audit_search.forget_addresses(tx, now)
    tries.delete_untouched(tx, now - KEEP_TRIES)
    icodes.delete_long_gone(tx, now - KEEP_CODES)
    help_requests.delete_made_before(tx, now - KEEP_REQUESTS)
    guest_appointments.delete_made_before(tx, now - KEEP_REQUESTS)
    delete_old_codes(tx, now)
    challenges.delete_old(tx, now - CHALLENGE_LIFETIME)
    second_factors.delete_unconfirmed(tx, now - CONFIRM_WITHIN)
    pushes.forget_over(tx, now)
    devices.delete_old(tx, now)
    password_resets.delete_old(tx, now - CODE_LIFETIME)
    email_changes.delete_old(tx, now - CODE_LIFETIME)
    registrations.delete_begun_before(tx, now - REGISTRATION_LIFETIME)
    invitations.delete_expired_before(tx, now - REGISTRATION_LIFETIME)  # one used late is still looked at
    identity_questions.delete_untouched(tx, now - KEEP_QUESTIONS)
