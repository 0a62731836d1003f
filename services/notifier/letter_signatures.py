"""Signing the ids of letters: an id with its signature came from us, or from somebody whom we wrote to."""

import hashlib
import hmac
from dataclasses import dataclass, field


@dataclass(frozen=True)
class LetterSigner:
    """Signs for one purpose; what was signed for another is not right for this."""

    key: bytes = field(repr=False)
    purpose: str
    size_bytes: int
    """How much of HMAC-SHA-256 is kept."""

    def sign(self, mail_id: bytes) -> bytes:
        """Give the signature of a letter's id."""
        digest = hmac.new(self.key, self.purpose.encode() + b"\n" + mail_id, hashlib.sha256).digest()
        return digest[: self.size_bytes]

    def is_ours(self, mail_id: bytes, signature: bytes) -> bool:
        """Whether we signed *mail_id* so."""
        return hmac.compare_digest(signature, self.sign(mail_id))
