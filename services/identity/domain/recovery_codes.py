"""Recovery codes: ten, each of 50 random bits, for whoever lost the second factor."""

import hashlib
import hmac
import secrets

from services.identity.domain.icodes import ALPHABET, fold_symbols

CODES = 10
CODE_LENGTH = 10
"""Symbols of Crockford's base 32."""


def new_codes() -> list[str]:
    """Give ten codes that nobody can guess."""
    return ["".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH)) for _ in range(CODES)]


def show_code(code: str) -> str:
    """Give a code as it is shown: ``XXXXX-XXXXX``."""
    half = CODE_LENGTH // 2
    return f"{code[:half]}-{code[half:]}"


def hash_code(key: bytes, account_id: str, folded: str) -> str:
    """Give what is kept of a code: 50 random bits under a *key* that is in no database need no slow hash."""
    return hmac.new(key, f"recovery-code\n{account_id}\n{folded}".encode(), hashlib.sha256).hexdigest()


def fold_code(text: str) -> str:
    """Give the one form of what a person typed or pasted."""
    return fold_symbols(text)
