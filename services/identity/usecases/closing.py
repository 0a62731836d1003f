"""The end of an account by its owner: it ends with its shares and sessions; the records stay the clinic's."""

import secrets
from datetime import datetime

from contracts.access import ACCOUNT_CLOSED
from contracts.identity import AccountClosed
from services.chassis import audit
from services.chassis.caller import Caller
from services.chassis.db import Tx
from services.chassis.outbox import put_event
from services.identity.domain.passwords import WrongPassword
from services.identity.parts import Parts
from services.identity.store import accounts, devices, email_changes, password_resets, recovery_codes, second_factors
from services.identity.store.challenges import end_challenges
from services.identity.usecases.access import end_access
from services.identity.usecases.account_letters import write_to
from services.identity.usecases.contacts import tell_account_contact
from services.identity.usecases.own_account import lock_own_account
from services.identity.usecases.passwords import prove_password


def close_account(parts: Parts, caller: Caller, password: str) -> None:
    """Close the account of *caller* for good: nobody gets in any more, its User ID is never given to another.

    Its shares end wherever they are kept, as do its sessions; its patients may have an account anew. Raises
    WrongPassword, TooManyTries, SessionOver for an account that is gone.
    """
    proven, now = prove_password(parts, caller, password), parts.clock.now()
    nobodys = parts.hasher.hash(secrets.token_urlsafe(32))
    with parts.db.begin() as tx:
        account = lock_own_account(tx, caller)
        if account.password_hash != proven.password_hash:
            raise WrongPassword(field="password")  # it was changed while this one was looked at
        _close(tx, account, nobodys, now)
        audit.record(tx, "identity", "account.close", now, caller=caller, object=caller.holder)


def _close(tx: Tx, account: accounts.AccountRow, password_hash: str, now: datetime) -> None:
    held = accounts.find_patient_ids(tx, account.id)
    write_to(tx, account.email, "account-closed", account.language, now)
    account.closed_at, account.password_hash = now, password_hash
    account.version += 1
    _forget_ways_in(tx, account.id, now)
    end_access(tx, f"account:{account.id}", ACCOUNT_CLOSED, now)
    tell_account_contact(tx, account, now)
    put_event(tx, "identity", AccountClosed(id=account.id, version=account.version, at=now, patient_ids=held), now)


def _forget_ways_in(tx: Tx, account_id: str, now: datetime) -> None:
    """Delete what proves its owner, and the devices that it was seen on."""
    second_factors.delete_factors(tx, account_id)
    recovery_codes.replace_codes(tx, account_id, [])
    end_challenges(tx, account_id, now)
    password_resets.delete_of_account(tx, account_id)
    email_changes.delete_of_account(tx, account_id)
    devices.forget_known(tx, account_id)
