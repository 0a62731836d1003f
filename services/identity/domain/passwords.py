"""Which passwords everybody tries first: listed ones, and those made of what is known of the account.

NIST 800-63B-4 (3.1.1.2): a new password is compared with a list of commonly used, expected and compromised ones; there
are no rules of composition.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable
from typing import ClassVar, Final

from contracts.refusal import Refusal, RefusalKind

LEAST_BESIDE_CONTEXT = 5
"""Letters and digits that a password has besides the words that are known of its account."""
_RUNS: Final = ("1234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm", "qwertzuiopasdfghjklyxcvbnm")
_BESIDE_WORDS = re.compile(r"[\W_]+")


class PasswordTooCommon(Refusal):
    """Raised for a new password that is on the block list, a run, a repetition, or made of what is known anyway."""

    slug = "password-too-common"
    kind: ClassVar[RefusalKind] = "invalid"
    words = "This password is one of the first that a stranger would try. Choose another."


class WrongPassword(Refusal):
    """Raised when somebody who is logged in gives another password than theirs."""

    slug = "wrong-password"
    kind: ClassVar[RefusalKind] = "forbidden"
    words = "This is not your password."


class PasswordResetNeeded(Refusal):
    """Raised when a right password may no longer stand alone, its second factor having been taken away by staff."""

    slug = "password-reset-needed"
    kind: ClassVar[RefusalKind] = "forbidden"
    words = "Your password is too short without a second factor. Choose a new one: Forgot your password?"


def check_uncommon(password: str, common: Collection[str], context: Iterable[str], *, field: str = "password") -> None:
    """Raise PasswordTooCommon for what is in *common* (lower case), or little but the words of *context*."""
    folded = _folded(password)
    beside = _BESIDE_WORDS.sub("", folded)
    for word in sorted({_BESIDE_WORDS.sub("", _folded(one)) for one in context}, key=len, reverse=True):
        if len(word) >= 3:
            beside = beside.replace(word, "")
    if folded in common or _is_pattern(folded) or len(beside) < LEAST_BESIDE_CONTEXT <= _letters(folded):
        raise PasswordTooCommon(field=field)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def _letters(folded: str) -> int:
    return len(_BESIDE_WORDS.sub("", folded))


def _is_pattern(folded: str) -> bool:
    """Whether it is one piece over and over (``abcabcabc``), or a run of the alphabet, the digits or the keys."""
    is_repeated = (folded + folded).find(folded, 1) < len(folded)
    runs = (run * (len(folded) // len(run) + 2) for run in _RUNS)
    return is_repeated or any(folded in run or folded[::-1] in run for run in runs)
