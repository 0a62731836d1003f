"""What a browser is asked for a passkey, so that it fits into the sealed cookie until its page is shown."""

from typing import Any

LISTS = ("allowCredentials", "excludeCredentials")
LONGEST_IDS = 3000
"""Characters of the passkeys' ids in a list; one alone may have 1,364 (WebAuthn 3, 7.1), an account ten of them."""


def fitting(options: dict[str, Any] | None) -> dict[str, Any] | None:
    """Give *options* with as many of the account's passkeys as fit; a browser finds most without being told."""
    return {name: _fitting(value) if name in LISTS else value for name, value in options.items()} if options else None


def _fitting(known: list[dict[str, Any]]) -> list[dict[str, Any]]:
    kept, left = [], LONGEST_IDS
    for one in known:
        left -= len(str(one["id"]))
        if left >= 0:
            kept.append(one)
    return kept
