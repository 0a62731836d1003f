"""Another address for an account: proven by a code that goes there, and told to the old one."""

from datetime import datetime

from contracts.refusal import Refusal
from services.chassis import audit
from services.chassis.caller import Caller
from services.chassis.db import Tx, new_id
from services.identity.domain.accounts import mask_email
from services.identity.domain.languages import portal_language
from services.identity.domain.validation_codes import ValidationCodeRefused
from services.identity.parts import Parts
from services.identity.store import accounts, password_resets
from services.identity.store import email_changes as store
from services.identity.usecases.account_letters import write_to
from services.identity.usecases.contacts import tell_account_contact
from services.identity.usecases.own_account import lock_own_account
from services.identity.usecases.passwords import prove_password
from services.identity.usecases.validation_codes import count_mail_to, send_code, use_code


def begin_change(parts: Parts, caller: Caller, email: str, password: str) -> str:
    """Mail a code to *email*, which may become the address of *caller*'s account; gives the change's id.

    Raises WrongPassword, TooManyTries, TooManyCodeMails, SessionOver for an account that is not live.
    """
    prove_password(parts, caller, password)
    now, change_id = parts.clock.now(), new_id()
    with parts.db.begin() as tx:
        account = lock_own_account(tx, caller)
        count_mail_to(tx, parts, "email-change", caller.holder, now)
        store.replace_change(tx, id=change_id, account_id=account.id, email=email, made_at=now)
        send_code(tx, parts, "email-change", _code_of(change_id), email, portal_language(account.language), now)
        audit.record(tx, "identity", "email-change.begin", now, caller=caller, object=caller.holder)
    return change_id


def _code_of(change_id: str) -> str:
    return f"email-change:{change_id}"


def finish_change(parts: Parts, caller: Caller, change_id: str, code: str) -> str | Refusal:
    """Let the account of *caller* have the address that *code* was mailed to; gives it masked.

    Gives ValidationCodeRefused, as a refusal that is on record, for a change that is not there too. Raises SessionOver
    for an account that is not live.
    """
    now = parts.clock.now()
    with parts.db.begin() as tx:
        account = lock_own_account(tx, caller)
        change = store.lock_change(tx, account.id, change_id)
        if change is None or not use_code(tx, parts, "email-change", _code_of(change_id), code, now):
            _note(tx, caller, now, refusal=ValidationCodeRefused())
            return ValidationCodeRefused(field="code")
        _move(tx, account, change.email, now)
        _note(tx, caller, now)
    return mask_email(account.email)


def _move(tx: Tx, account: accounts.AccountRow, email: str, now: datetime) -> None:
    """Write to *email* from now on; whoever reads the old address's mail resets no password by it any more."""
    write_to(tx, account.email, "email-changed", account.language, now)
    account.email = email
    store.delete_of_account(tx, account.id)
    password_resets.delete_of_account(tx, account.id)
    tell_account_contact(tx, account, now)


def _note(tx: Tx, caller: Caller, now: datetime, *, refusal: Refusal | None = None) -> None:
    audit.record(
        tx,
        "identity",
        "email.change",
        now,
        caller=caller,
        object=caller.holder,
        slug=refusal.slug if refusal else None,
    )


def delete_old(tx: Tx, before: datetime) -> None:
    """Delete the changes made before *before*."""
    store.delete_made_before(tx, before)
