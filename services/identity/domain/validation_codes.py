"""Codes of six digits that a mail brings to prove an address: how long, how many tries, how many mails (S21, S22)."""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar, Literal

from contracts.refusal import Refusal, RefusalKind

CODE_LIFETIME = timedelta(minutes=30)
CODE_DIGITS = 6
MOST_WRONG_TRIES = 5
MOST_MAILS = 3
MAIL_WINDOW = timedelta(hours=1)

Purpose = Literal["registration", "password-reset", "user-id-reminder", "email-change"]


class ValidationCodeRefused(Refusal):
    """Raised when a code is wrong, old, used, tried too often or was never sent: one answer for all of them."""

    slug = "validation-code-refused"
    kind: ClassVar[RefusalKind] = "forbidden"
    words = "This code is wrong or too old. You can ask for a new one."


class TooManyCodeMails(Refusal):
    """Raised when three mails with codes went to an address within the hour."""

    slug = "too-many-code-mails"
    kind: ClassVar[RefusalKind] = "too-many"
    words = "We sent several codes to this address. Wait before you ask for another."


@dataclass(frozen=True)
class KeptCode:
    """What is kept of a code that was mailed."""

    code_hash: str = field(repr=False)
    expires_at: datetime
    wrong_tries: int = 0


def new_code() -> str:
    """Give six digits that nobody can guess."""
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"


def hash_code(key: bytes, purpose: Purpose, subject: str, code: str) -> str:
    """Give what is kept of *code*: six digits are soon found from a plain hash, so this one needs the *key*.

    Blanks that people type or paste do not count.
    """
    return hmac.new(key, f"code\n{purpose}\n{subject}\n{''.join(code.split())}".encode(), hashlib.sha256).hexdigest()


def hash_address(key: bytes, email: str) -> str:
    """Give under what the mails to an address are counted; it does not tell the address."""
    return hmac.new(key, f"address\n{email.strip().casefold()}".encode(), hashlib.sha256).hexdigest()


def may_try(kept: KeptCode, now: datetime) -> bool:
    """Whether a code is looked at: for 30 minutes, until the fifth wrong try."""
    return now < kept.expires_at and kept.wrong_tries < MOST_WRONG_TRIES


def count_mail(sent: Iterable[datetime], now: datetime) -> list[datetime]:
    """Give the instants of the last hour's mails with *now* added. Raises TooManyCodeMails, counting nothing."""
    recent = sorted(at for at in sent if now < at + MAIL_WINDOW)
    if len(recent) >= MOST_MAILS:
        again_at = recent[-MOST_MAILS] + MAIL_WINDOW
        raise TooManyCodeMails(retry_after_s=max(1, -int((now - again_at).total_seconds() // 1)))
    return [*recent, now]
