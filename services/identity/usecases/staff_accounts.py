"""What support does with accounts: finds, unlocks, freezes them, resets second factors; every act on record."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from contracts.access import ACCOUNT_FROZEN
from services.chassis import audit
from services.chassis.caller import Caller
from services.chassis.db import Tx
from services.identity.domain.accounts import fold_user_id, mask_email
from services.identity.domain.staff import ReasonNeeded
from services.identity.domain.staff_accounts import AccountNotFound, AccountSearch, AccountState, Check, state_of
from services.identity.domain.tries import PASSWORD_LIMITS, is_locked
from services.identity.parts import Parts
from services.identity.store import (
    accounts,
    email_changes,
    invitations,
    password_resets,
    patients,
    recovery_codes,
    second_factors,
    tries,
)
from services.identity.store import staff_accounts as store
from services.identity.store.challenges import end_challenges
from services.identity.store.patients import PatientRow
from services.identity.usecases.access import end_access
from services.identity.usecases.account_letters import tell_owner
from services.identity.usecases.challenges import forget_tries
from services.identity.usecases.contacts import tell_account_contact
from services.identity.usecases.front_desk import Page, own_locations
from services.identity.usecases.letting_go import let_go
from services.identity.usecases.password_resets import forget_wrong_codes
from services.identity.usecases.tries import clear_tries


@dataclass(frozen=True)
class ShownAccount:
    """An account as support sees it."""

    row: accounts.AccountRow = field(repr=False)
    email: str = field(repr=False)
    """Masked."""
    state: AccountState
    is_locked: bool
    """Whether its password may not be tried now."""
    second_factors: int
    patients: list[PatientRow] = field(repr=False)


def find_accounts(
    tx: Tx, parts: Parts, caller: Caller, asked: AccountSearch, reason: str | None, page: Page, now: datetime
) -> tuple[list[ShownAccount], bool]:
    """Give a page of the accounts that fit, newest first, and whether there are more.

    Without a reason only those whose owner has been at the caller's locations. Raises AccountSearchTooWide,
    UserIdMalformed; ReasonNeeded when only others fit.
    """
    asked.check_narrow()
    rows = store.search(
        tx,
        user_id_folded=fold_user_id(asked.user_id) if asked.user_id else None,
        email=asked.email,
        patient_ids=patients.find_family(tx, asked.patient_id) if asked.patient_id else None,
        limit=page.limit + 1,
        offset=page.offset,
    )
    found, has_more = rows[: page.limit], len(rows) > page.limit
    seen = [row for row in found if (reason or "").strip() or _is_near(tx, caller, row.id)]
    if found and not seen:
        raise ReasonNeeded(field="reason")
    shown = [_shown(tx, parts, row, now) for row in seen]
    for one in shown:
        _note(tx, caller, "account.find", one.row.id, one.patients, reason, now)
    return shown, has_more


def _is_near(tx: Tx, caller: Caller, account_id: str) -> bool:
    own = own_locations(caller)
    held = accounts.find_patient_ids(tx, account_id)
    return own is None or any(invitations.has_visit_at(tx, one, own) for one in held)


def _shown(tx: Tx, parts: Parts, row: accounts.AccountRow, now: datetime) -> ShownAccount:
    tried = tries.look_at(tx, _password_subject(parts, row))
    return ShownAccount(
        row,
        mask_email(row.email),
        state_of(row.frozen_at, row.rests_at),
        tried is not None and is_locked(tried, PASSWORD_LIMITS, now),
        len(second_factors.find_confirmed(tx, row.id)),
        store.find_patients(tx, row.id),
    )


def _password_subject(parts: Parts, row: accounts.AccountRow) -> str:
    return parts.tries_subject("account", row.user_id_folded)


def _note(
    tx: Tx,
    caller: Caller,
    action: str,
    account_id: str,
    held: Iterable[PatientRow],
    reason: str | None,
    now: datetime,
) -> None:
    """Put an act on record: for each patient whose records the account holds, so that it is found by any."""
    patient_ids: list[str | None] = [one.id for one in held]
    for patient_id in patient_ids or [None]:
        audit.record(
            tx,
            "identity",
            action,
            now,
            caller=caller,
            patient_id=patient_id,
            object=f"account:{account_id}",
            reason=reason,
        )


def unlock(tx: Tx, parts: Parts, caller: Caller, account_id: str, check: Check, now: datetime) -> ShownAccount:
    """Forget an account's wrong passwords, second factors and mailed codes. Raises AccountNotFound, ReasonNeeded."""
    row = _lock(tx, account_id, check)
    clear_tries(tx, _password_subject(parts, row))
    forget_tries(tx, parts, row.id)
    forget_wrong_codes(tx, parts, row.id)
    return _done(tx, parts, caller, "account.unlock", row, check, now)


def freeze(tx: Tx, parts: Parts, caller: Caller, account_id: str, check: Check, now: datetime) -> ShownAccount:
    """Let nobody into an account that is not its patient's: its sessions and shares end, no letter goes to it.

    What was on its way in (a reset, a new address, a second step) ends too. Harmless when it is frozen. Raises
    AccountNotFound, ReasonNeeded.
    """
    row = _lock(tx, account_id, check)
    if row.frozen_at is None:
        row.frozen_at = now
        end_challenges(tx, row.id, now)
        password_resets.delete_of_account(tx, row.id)
        email_changes.delete_of_account(tx, row.id)
        end_access(tx, f"account:{row.id}", ACCOUNT_FROZEN, now)
        tell_account_contact(tx, row, now)
    return _done(tx, parts, caller, "account.freeze", row, check, now)


def unfreeze(tx: Tx, parts: Parts, caller: Caller, account_id: str, check: Check, now: datetime) -> ShownAccount:
    """Let an account be entered again; it holds no record that another live account holds by now.

    Its shares stay ended. Harmless when it is not frozen. Raises AccountNotFound, ReasonNeeded.
    """
    row = _lock(tx, account_id, check)
    if row.frozen_at is not None:
        row.frozen_at = None
        for patient_id in accounts.find_patient_ids(tx, row.id):
            if set(accounts.find_live_holders_of(tx, [patient_id])) - {row.id}:
                let_go(tx, row.id, patient_id, now)
        tell_account_contact(tx, row, now)
    return _done(tx, parts, caller, "account.unfreeze", row, check, now)


def reset_second_factors(
    tx: Tx, parts: Parts, caller: Caller, account_id: str, check: Check, now: datetime
) -> ShownAccount:
    """Take every second factor and recovery code from an account: its sessions end, its address is told.

    Raises AccountNotFound, ReasonNeeded.
    """
    row = _lock(tx, account_id, check)
    second_factors.delete_factors(tx, row.id)
    recovery_codes.replace_codes(tx, row.id, [])
    end_challenges(tx, row.id, now)
    forget_tries(tx, parts, row.id)
    end_access(tx, f"account:{row.id}", "second-factor-reset", now)
    tell_owner(tx, row.id, "second-factor-changed", now)
    return _done(tx, parts, caller, "account.reset-second-factors", row, check, now)


def _lock(tx: Tx, account_id: str, check: Check) -> accounts.AccountRow:
    row = accounts.lock_account(tx, account_id)
    if row is None or row.closed_at is not None:
        raise AccountNotFound
    check.reason()
    return row


def _done(
    tx: Tx, parts: Parts, caller: Caller, action: str, row: accounts.AccountRow, check: Check, now: datetime
) -> ShownAccount:
    shown = _shown(tx, parts, row, now)
    _note(tx, caller, action, row.id, shown.patients, check.reason(), now)
    return shown
