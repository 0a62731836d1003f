"""Mailing a code that proves an address, and trying it: counted in the database, so that parallel tries all count."""

import hmac
from datetime import datetime
from typing import Literal

from contracts.messages import MessageRequested
from services.chassis.db import Tx, new_id
from services.chassis.outbox import put_event
from services.identity.domain.validation_codes import (
    CODE_LIFETIME,
    MAIL_WINDOW,
    KeptCode,
    Purpose,
    count_mail,
    hash_address,
    hash_code,
    may_try,
    new_code,
)
from services.identity.parts import Parts
from services.identity.store import validation_codes as store


def send_code(
    tx: Tx,
    parts: Parts,
    purpose: Purpose,
    subject: str,
    email: str,
    language: Literal["en", "es"] | None,
    now: datetime,
    *,
    template: Literal["validation-code", "password-reset"] = "validation-code",
) -> None:
    """Mail *email* a new code for *subject* (``registration:<id>``); the one before it passes no more.

    *email* is one that ``contracts.messages.MailAddress`` took. Raises TooManyCodeMails, changing nothing.
    """
    count_mail_to(tx, parts, purpose, email, now)
    code, expires_at = replace_code(tx, parts, purpose, subject, now)
    letter = MessageRequested(
        id=new_id(),
        version=1,
        at=now,
        template=template,
        about=None,
        email=email,
        language=language,
        facts={"code": code},
        expires_at=expires_at,
    )
    put_event(tx, "identity", letter, now)


def count_mail_to(tx: Tx, parts: Parts, purpose: Purpose, whom: str, now: datetime) -> None:
    """Count a mail to *whom* (an address, or whatever else stands for somebody). Raises TooManyCodeMails."""
    address = hash_address(parts.codes_key, whom)
    sent = count_mail(store.lock_mails(tx, purpose, address, now), now)
    store.save_mails(tx, purpose, address, sent, now)


def replace_code(tx: Tx, parts: Parts, purpose: Purpose, subject: str, now: datetime) -> tuple[str, datetime]:
    """Give a new code for *subject*, and when it ends; nobody is told of it yet."""
    code, expires_at = new_code(), now + CODE_LIFETIME
    store.save_code(tx, purpose, subject, KeptCode(hash_code(parts.codes_key, purpose, subject, code), expires_at))
    return code, expires_at


def use_code(tx: Tx, parts: Parts, purpose: Purpose, subject: str, code: str, now: datetime) -> bool:
    """Whether *code* is the one mailed for *subject*: the right one passes once, a wrong one is counted.

    Commit *tx* before you refuse (ValidationCodeRefused), else the wrong try is not counted; what the right one
    allows goes into the same *tx*. The same work for a subject that has no code.
    """
    tried = hash_code(parts.codes_key, purpose, subject, code)
    kept = store.lock_code(tx, purpose, subject)
    is_right = hmac.compare_digest(kept.code_hash if kept else "", tried)
    if kept is None or not may_try(kept, now):
        return False
    if is_right:
        store.delete_code(tx, purpose, subject)
    else:
        store.note_wrong_try(tx, purpose, subject)
    return is_right


def end_code(tx: Tx, purpose: Purpose, subject: str) -> None:
    """Let no code for *subject* pass any more."""
    store.delete_code(tx, purpose, subject)


def delete_old_codes(tx: Tx, now: datetime) -> None:
    """Delete codes that are over, and counts of mails older than an hour."""
    store.delete_old(tx, now, now - MAIL_WINDOW)
