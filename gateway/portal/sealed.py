"""Seals what the portal's cookie holds (AES-256-GCM), so that a browser can neither read nor change it."""

import base64
import binascii
import json
import secrets
import zlib
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12
MAX_PLAIN_BYTES = 64 * 1024


class Seal:
    """Seals and opens small JSON objects. *key*: 32 bytes in base64url."""

    def __init__(self, key: str) -> None:
        self._cipher = AESGCM(base64.urlsafe_b64decode(key + "=="))

    def close(self, facts: dict[str, Any], purpose: str) -> str:
        """Give *facts* sealed for one *purpose*; opened with another they are refused."""
        plain = zlib.compress(json.dumps(facts, separators=(",", ":")).encode(), 6)
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = nonce + self._cipher.encrypt(nonce, plain, purpose.encode())
        return base64.urlsafe_b64encode(sealed).decode().rstrip("=")

    def open(self, sealed: str, purpose: str) -> dict[str, Any] | None:
        """Give the facts; None for what we did not seal for *purpose*, or was changed."""
        try:
            raw = base64.urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))
            plain = self._cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], purpose.encode())
            facts = json.loads(zlib.decompressobj().decompress(plain, MAX_PLAIN_BYTES))
        except (InvalidTag, ValueError, binascii.Error, zlib.error):
            return None
        return facts if isinstance(facts, dict) else None
