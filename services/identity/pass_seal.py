"""Seals the code of a Portal Pass (AES-256-GCM) with a key from a file of the server, never in the database."""

import hashlib
import hmac
import secrets

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12


class PassSeal:
    """Seals and opens codes; each is bound to its I-Code's id."""

    def __init__(self, secret: bytes) -> None:
        self._cipher = AESGCM(hmac.new(secret, b"portal-pass", hashlib.sha256).digest())

    def __repr__(self) -> str:
        return "PassSeal(…)"

    def close(self, code: str, icode_id: str) -> bytes:
        """Give *code* sealed for the Pass of one I-Code."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, code.encode(), icode_id.encode())

    def open(self, sealed: bytes, icode_id: str) -> str:
        """Give the code. Raises cryptography's InvalidTag for what was changed or sealed for another."""
        return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], icode_id.encode()).decode()
