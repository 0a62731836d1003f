"""What the right code at the end of a registration does: an account, unless the patient has one or may have none."""

from datetime import datetime

from contracts.messages import About
from services.chassis import audit
from services.chassis.db import Tx
from services.chassis.outbox import put_event
from services.identity.domain.ages import adult_at
from services.identity.domain.languages import portal_language
from services.identity.parts import Parts
from services.identity.store import accounts, demographics, invitations, patients
from services.identity.store.registrations import RegistrationRow
from services.identity.usecases.account_letters import tell_owner
from services.identity.usecases.accounts import NewAccount, open_account
from services.identity.usecases.help_letters import message


def open_once(tx: Tx, parts: Parts, row: RegistrationRow, now: datetime) -> None:
    """Open the account that *row* asks for and tell the contact on file, or tell the owner of the one there is.

    Whoever registers sees the same in either case, and when the record became one that may have no account. Raises
    UserIdTaken when somebody takes the User ID at this instant.
    """
    proven = row.patient_id or ""
    records = sorted({proven, *patients.find_merged_into(tx, [proven]).values()})
    eligible = [one for one in records if _may_have_account(tx, parts, one, row, now)]  # each locked
    held_by = accounts.find_live_holders_of(tx, records)
    for account_id in held_by:
        account = accounts.find_account(tx, account_id)
        if account is not None and account.frozen_at is None:  # a frozen one may be whose it should not be
            tell_owner(tx, account_id, "account-exists", now)
    if held_by or eligible != records:
        slug = "account-exists" if held_by else "account-not-possible"
        audit.record(tx, "identity", "account.open", now, actor="nobody", patient_id=proven, slug=slug)
        return
    ask = NewAccount(row.user_id or "", row.email or "", row.password_hash or "", portal_language(row.language))
    open_account(tx, ask, [proven], now, by=row.proven_by)
    put_event(tx, "identity", message("account-opened", now, about=About(kind="patient", id=proven)), now)


def _may_have_account(tx: Tx, parts: Parts, patient_id: str, row: RegistrationRow, now: datetime) -> bool:
    """Whether a record is that of a living adult by now, not protected unless staff had a reason to invite."""
    invitation = invitations.find_invitation(tx, row.invitation_id or "")
    is_despite_protection = invitation is not None and invitation.is_despite_protection
    record = demographics.lock_eligible(tx, patient_id, is_despite_protection=is_despite_protection)
    return record is not None and adult_at(record.birth_date, parts.time_zone(row.location_id), now) is None
