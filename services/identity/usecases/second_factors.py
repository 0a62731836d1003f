"""Second factors of an account: listing, adding, confirming and removing them."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.chassis import audit
from services.chassis.caller import Caller
from services.chassis.db import Tx, new_id
from services.identity.domain.accounts import account_id_of, may_stand_alone
from services.identity.domain.recovery_codes import hash_code, new_codes, show_code
from services.identity.domain.second_factors import (
    DEFAULT_NAMES,
    FactorKind,
    NoSecondFactor,
    PasswordTooShortAlone,
    SecondFactorNotFound,
    SecondFactorUnproven,
    check_may_add,
    is_waiting,
)
from services.identity.one_time_codes import app_address, new_secret
from services.identity.parts import Parts
from services.identity.passkey_ceremony import CeremonyFailed
from services.identity.store import accounts, challenges, recovery_codes
from services.identity.store import second_factors as store
from services.identity.usecases.account_letters import tell_owner
from services.identity.usecases.factor_proofs import takes_code
from services.identity.usecases.own_account import find_own_account, lock_own_account
from services.identity.usecases.passwords import prove_password


@dataclass(frozen=True)
class Begun:
    """A factor that waits for its confirmation: of an app *secret* and *address*, of a passkey *options*."""

    id: str
    secret: str | None = field(default=None, repr=False)
    address: str | None = field(default=None, repr=False)
    """``otpauth://…``, for a QR code."""
    options: dict[str, Any] | None = field(default=None, repr=False)
    """For ``navigator.credentials.create``."""


def find_factors(tx: Tx, caller: Caller) -> tuple[list[store.SecondFactorRow], int]:
    """Give the factors in use, oldest first, and how many recovery codes are left. Raises SessionOver."""
    account = find_own_account(tx, caller)
    return store.find_confirmed(tx, account.id), recovery_codes.count_left(tx, account.id)


def begin_factor(parts: Parts, caller: Caller, kind: FactorKind, name: str | None, password: str) -> Begun:
    """Begin to set up a second factor; it asks nothing of anybody before it is confirmed, within 10 minutes.

    Raises WrongPassword, TooManyTries, TooManySecondFactors, SessionOver for an account that is not live.
    """
    account, now = prove_password(parts, caller, password), parts.clock.now()
    columns = {
        "id": new_id(),
        "account_id": account.id,
        "kind": kind,
        "name": name or DEFAULT_NAMES[kind],
        "added_at": now,
    }
    with parts.db.begin() as tx:
        lock_own_account(tx, caller)
        check_may_add(store.count_factors(tx, account.id))
        begin = _begin_app if kind == "totp" else _begin_passkey
        return begin(tx, parts, account, columns)


def _begin_app(tx: Tx, parts: Parts, account: accounts.AccountRow, columns: dict[str, Any]) -> Begun:
    secret = new_secret()
    row = store.add_factor(tx, sealed_secret=parts.totp_seal.close(secret, columns["id"]), **columns)
    return Begun(row.id, secret=secret, address=app_address(secret, account.user_id))


def _begin_passkey(tx: Tx, parts: Parts, account: accounts.AccountRow, columns: dict[str, Any]) -> Begun:
    known = [row.credential_id for row in store.find_confirmed(tx, account.id) if row.credential_id]
    to_sign, options = parts.passkeys.begin_making(account.id, account.user_id, known)
    row = store.add_factor(tx, challenge=to_sign, **columns)
    return Begun(row.id, options=options)


def confirm_factor(
    tx: Tx, parts: Parts, caller: Caller, factor_id: str, code: str | None, credential: dict[str, Any] | None
) -> list[str]:
    """Put a factor into use, which *code* or *credential* proves; gives ten recovery codes with the first factor.

    Raises SecondFactorNotFound, SecondFactorUnproven, SessionOver for an account that is not live.
    """
    now, account_id = parts.clock.now(), lock_own_account(tx, caller).id
    row = store.lock_factor(tx, account_id, factor_id)
    if row is None or not is_waiting(row.added_at, row.confirmed_at, now):
        raise SecondFactorNotFound
    is_first = not store.find_confirmed(tx, account_id)
    if row.kind == "totp":
        _confirm_app(parts, row, code or "", now)
    else:
        _confirm_passkey(tx, parts, row, credential or {})
    row.confirmed_at, row.last_used_at = now, None
    codes = _renew_codes(tx, parts, account_id) if is_first else []
    _note(tx, caller, "second-factor.add", f"second-factor:{row.id}", now)
    return codes


def _confirm_app(parts: Parts, row: store.SecondFactorRow, code: str, now: datetime) -> None:
    if not takes_code(parts, row, code, now):
        raise SecondFactorUnproven(field="code")


def _confirm_passkey(tx: Tx, parts: Parts, row: store.SecondFactorRow, credential: dict[str, Any]) -> None:
    try:
        made = parts.passkeys.finish_making(credential, row.challenge or b"")
    except CeremonyFailed:
        raise SecondFactorUnproven(field="credential") from None
    if store.has_credential(tx, made.credential_id):  # WebAuthn 3, 7.1, step 26
        raise SecondFactorUnproven(field="credential")
    row.credential_id, row.public_key, row.sign_count = made.credential_id, made.public_key, made.sign_count
    row.challenge = None


def _renew_codes(tx: Tx, parts: Parts, account_id: str) -> list[str]:
    codes = new_codes()
    recovery_codes.replace_codes(tx, account_id, [hash_code(parts.recovery_key, account_id, one) for one in codes])
    return [show_code(one) for one in codes]


def _note(tx: Tx, caller: Caller, action: str, noun: str, now: datetime) -> None:
    audit.record(tx, "identity", action, now, caller=caller, object=noun)
    tell_owner(tx, account_id_of(caller.holder), "second-factor-changed", now)


def renew_recovery_codes(parts: Parts, caller: Caller, password: str) -> list[str]:
    """Give ten new recovery codes; the old ones end.

    Raises WrongPassword, TooManyTries, NoSecondFactor, SessionOver for an account that is not live.
    """
    prove_password(parts, caller, password)
    now = parts.clock.now()
    with parts.db.begin() as tx:
        account = lock_own_account(tx, caller)
        if not store.find_confirmed(tx, account.id):
            raise NoSecondFactor
        codes = _renew_codes(tx, parts, account.id)
        _note(tx, caller, "recovery-codes.renew", caller.holder, now)
    return codes


def remove_factor(parts: Parts, caller: Caller, factor_id: str, password: str) -> None:
    """Remove a second factor; with the last one the recovery codes go.

    Raises WrongPassword, TooManyTries, SecondFactorNotFound; PasswordTooShortAlone when the password would be all;
    SessionOver for an account that is not live.
    """
    prove_password(parts, caller, password)
    now = parts.clock.now()
    with parts.db.begin() as tx:
        account = lock_own_account(tx, caller)
        row = store.lock_factor(tx, account.id, factor_id)
        if row is None:
            raise SecondFactorNotFound
        was_in_use = row.confirmed_at is not None
        store.delete_factor(tx, row)
        if not was_in_use:
            return
        if not store.find_confirmed(tx, account.id):
            _check_password_is_enough(password)
            recovery_codes.replace_codes(tx, account.id, [])
        challenges.end_challenges(tx, account.id, now)
        _note(tx, caller, "second-factor.remove", f"second-factor:{factor_id}", now)


def _check_password_is_enough(password: str) -> None:
    if not may_stand_alone(password):
        raise PasswordTooShortAlone


def remove_all(tx: Tx, account_id: str, now: datetime) -> int:
    """Remove every second factor and recovery code of an account, after a check that the caller has on record.

    Open challenges end, and the owner is told by mail; gives how many factors were in use. A password of fewer than
    15 characters then opens nothing before it is reset by mail.
    """
    removed = store.delete_factors(tx, account_id)
    recovery_codes.replace_codes(tx, account_id, [])
    challenges.end_challenges(tx, account_id, now)
    if removed:
        tell_owner(tx, account_id, "second-factor-changed", now)
    return removed


def delete_unconfirmed(tx: Tx, before: datetime) -> None:
    """Delete factors added before *before* that nobody confirmed."""
    store.delete_unconfirmed(tx, before)
