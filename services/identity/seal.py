"""Seals what must be shown or used in clear again (AES-256-GCM), with keys from files, never in a database."""

import hashlib
import hmac
import secrets

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12


class Seal:
    """Seals and opens texts of one *purpose*; each is bound to the id of what it belongs to."""

    def __init__(self, secret: bytes, purpose: str) -> None:
        self._cipher = AESGCM(hmac.new(secret, purpose.encode(), hashlib.sha256).digest())

    def __repr__(self) -> str:
        return "Seal(…)"

    def close(self, text: str, bound_to: str) -> bytes:
        """Give *text* sealed for the noun with the id *bound_to* alone."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, text.encode(), bound_to.encode())

    def open(self, sealed: bytes, bound_to: str) -> str:
        """Give the text. Raises cryptography's InvalidTag for what was changed or sealed for another."""
        return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound_to.encode()).decode()
