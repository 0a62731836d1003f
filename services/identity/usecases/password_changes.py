"""A new password: by the old one, or after a reset; whatever else was on its way into the account ends with it."""

from datetime import datetime

from services.chassis import audit
from services.chassis.caller import Caller
from services.chassis.db import Tx
from services.identity.domain.passwords import WrongPassword
from services.identity.parts import Parts
from services.identity.store import accounts, challenges, email_changes, password_resets, second_factors
from services.identity.usecases.account_letters import tell_owner
from services.identity.usecases.devices import end_others
from services.identity.usecases.own_account import lock_own_account
from services.identity.usecases.passwords import check_new_password, prove_password


def change_password(parts: Parts, caller: Caller, password: str, new_password: str) -> None:
    """Give *caller*'s account a new password; every session but this one ends.

    Raises WrongPassword, TooManyTries, PasswordRefused, PasswordTooCommon, SessionOver for an account that is not live.
    """
    proven, now = prove_password(parts, caller, password), parts.clock.now()
    password_hash = parts.hasher.hash(new_password)
    with parts.db.begin() as tx:
        account = lock_own_account(tx, caller)
        if account.password_hash != proven.password_hash:
            raise WrongPassword(field="password")  # it was changed while this one was looked at
        check_password_for(tx, parts, account, new_password, field="newPassword")
        set_password(tx, account, password_hash, now)
        end_others(tx, caller.holder, caller.session, "password-changed", now)
        audit.record(tx, "identity", "password.change", now, caller=caller, object=caller.holder)


def check_password_for(tx: Tx, parts: Parts, account: accounts.AccountRow, password: str, *, field: str) -> None:
    """Raise PasswordRefused or PasswordTooCommon for a new password that will not do for *account* as it stands."""
    has_second_factor = bool(second_factors.find_confirmed(tx, account.id))
    check_new_password(
        parts,
        password,
        user_id=account.user_id,
        email=account.email,
        has_second_factor=has_second_factor,
        field=field,
    )


def set_password(tx: Tx, account: accounts.AccountRow, password_hash: str, now: datetime) -> None:
    """Let *account*, which is locked, be entered by another password, and tell its owner.

    Log-ins that wait for a second factor end, and so do resets and changes of address that wait for a code.
    """
    account.password_hash = password_hash
    challenges.end_challenges(tx, account.id, now)
    password_resets.delete_of_account(tx, account.id)
    email_changes.delete_of_account(tx, account.id)
    tell_owner(tx, account.id, "password-changed", now)
