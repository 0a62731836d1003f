"""A forgotten password or User ID: by a mail to the account's own address; what is answered tells of no account."""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from contracts.refusal import Refusal
from services.chassis import audit
from services.chassis.db import Tx, new_id
from services.identity.domain.accounts import UserIdMalformed, check_password, fold_user_id, mask_user_id
from services.identity.domain.languages import portal_language
from services.identity.domain.password_resets import RESET_LIMITS, is_over
from services.identity.domain.validation_codes import TooManyCodeMails, ValidationCodeRefused
from services.identity.parts import Parts
from services.identity.store import accounts
from services.identity.store import password_resets as store
from services.identity.usecases.access import end_access
from services.identity.usecases.account_letters import write_to
from services.identity.usecases.password_changes import check_password_for, set_password
from services.identity.usecases.tries import begin_try, clear_tries, forgive_try
from services.identity.usecases.validation_codes import count_mail_to, replace_code, send_code, use_code


@dataclass(frozen=True)
class Forgotten:
    """Who forgot a password: by User ID, or by the account's address; and the language of who asks."""

    user_id: str | None
    email: str | None = field(repr=False)
    language: Literal["en", "es"] | None = None


def begin_reset(parts: Parts, asked: Forgotten, address: str | None) -> str:
    """Mail a code to the live account that *asked* names, if there is one; gives the reset's id.

    Where several accounts have the address, their User IDs are mailed instead: one of them is to be named. The same
    work (but for the letter), limits and answer for names that nobody has. Raises TooManyCodeMails, UserIdMalformed.
    """
    now, name = parts.clock.now(), _name(asked)
    with parts.db.begin() as tx:
        count_mail_to(tx, parts, "password-reset", f"asked\n{name}", now)
        found = _find_accounts(tx, asked)
        account = found[0] if len(found) == 1 else None
        subject = _subject(parts, account.id) if account else parts.tries_subject("password-reset", f"name\n{name}")
        reset_id = new_id()
        store.add_reset(tx, id=reset_id, account_id=account.id if account else None, subject=subject, made_at=now)
        _mail_code(tx, parts, reset_id, account, asked, now)
        if len(found) > 1:
            _remind(tx, found, now)
        _note(tx, "password-reset.begin", account.id if account else None, address, now)
    return reset_id


def _name(asked: Forgotten) -> str:
    return fold_user_id(asked.user_id or "") if asked.email is None else f"email\n{asked.email.casefold()}"


def _find_accounts(tx: Tx, asked: Forgotten) -> list[accounts.AccountRow]:
    """Give the live accounts that have the address, else the one with the User ID; some people's is an address."""
    found = accounts.find_live_by_email(tx, asked.email) if asked.email else []
    named = None
    with suppress(UserIdMalformed):
        named = accounts.find_account_by_user_id(tx, fold_user_id(asked.user_id or asked.email or ""))
    return found or ([named] if named and named.is_live else [])


def _subject(parts: Parts, account_id: str) -> str:
    return parts.tries_subject("password-reset", account_id)


def _mail_code(
    tx: Tx, parts: Parts, reset_id: str, account: accounts.AccountRow | None, asked: Forgotten, now: datetime
) -> None:
    code_of = f"password-reset:{reset_id}"
    if account is None:
        count_mail_to(tx, parts, "password-reset", f"nobody\n{_name(asked)}", now)  # the work of a mail
        replace_code(tx, parts, "password-reset", code_of, now)
        return
    language = portal_language(account.language) or asked.language
    with suppress(TooManyCodeMails):  # asked for by another name besides; that would tell of the account
        send_code(tx, parts, "password-reset", code_of, account.email, language, now, template="password-reset")


def finish_reset(parts: Parts, reset_id: str, code: str, password: str, address: str | None) -> Refusal | None:
    """Set a new password by the mailed *code*; every session ends, and the password's way is open again.

    Gives ValidationCodeRefused, as a refusal that is on record. Raises TooManyTries, PasswordRefused and
    PasswordTooCommon; what the account itself asks of its password is told to whoever has the right code alone, which
    then still passes.
    """
    check_password(password, has_second_factor=True)
    password_hash, now = parts.hasher.hash(password), parts.clock.now()
    with parts.db.begin() as tx:
        reset = store.find_reset(tx, reset_id)
        account = accounts.lock_account(tx, (reset.account_id if reset else None) or "")
        reset = store.lock_reset(tx, reset_id)
        if reset is None or is_over(reset.made_at, now):
            return ValidationCodeRefused(field="code")
        begin_try(tx, reset.subject, RESET_LIMITS, now)
        is_right = use_code(tx, parts, "password-reset", f"password-reset:{reset_id}", code, now)
        if account is None or not is_right or not account.is_live:
            _note(tx, "password.reset", account.id if account else None, address, now, refusal=ValidationCodeRefused())
            return ValidationCodeRefused(field="code")
        check_password_for(tx, parts, account, password, field="password")
        forgive_try(tx, reset.subject, now)
        _let_in_by(tx, parts, account, password_hash, now)
        _note(tx, "password.reset", account.id, address, now)
    return None


def _let_in_by(tx: Tx, parts: Parts, account: accounts.AccountRow, password_hash: str, now: datetime) -> None:
    set_password(tx, account, password_hash, now)
    end_access(tx, f"account:{account.id}", "password-reset", now)
    clear_tries(tx, parts.tries_subject("account", account.user_id_folded))


def forget_wrong_codes(tx: Tx, parts: Parts, account_id: str) -> None:
    """Forget the wrong codes of an account's resets, as staff may after a check."""
    clear_tries(tx, _subject(parts, account_id))


def remind_of_user_id(parts: Parts, email: str, address: str | None) -> None:
    """Mail the User IDs, masked, of the live accounts that have *email*. Raises TooManyCodeMails."""
    now = parts.clock.now()
    with parts.db.begin() as tx:
        count_mail_to(tx, parts, "user-id-reminder", email, now)
        live = accounts.find_live_by_email(tx, email)
        _remind(tx, live, now)
        _note(tx, "user-id-reminder.send", live[0].id if len(live) == 1 else None, address, now)


def _remind(tx: Tx, found: list[accounts.AccountRow], now: datetime) -> None:
    for one in found:
        facts = {"maskedUserId": mask_user_id(one.user_id)}
        write_to(tx, one.email, "user-id-reminder", one.language, now, facts)


def _note(
    tx: Tx, action: str, account_id: str | None, address: str | None, now: datetime, *, refusal: Refusal | None = None
) -> None:
    audit.record(
        tx,
        "identity",
        action,
        now,
        actor="nobody",
        object=f"account:{account_id}" if account_id else None,
        slug=refusal.slug if refusal else None,
        address=address,
    )


def delete_old(tx: Tx, before: datetime) -> None:
    """Delete the resets made before *before*."""
    store.delete_made_before(tx, before)
