"""The address behind ``List-Unsubscribe`` (RFC 8058): it switches one kind of message off and opens nothing.

Its token is the letter's own id, signed; it says nothing of whoever got the letter.
"""

import re
from dataclasses import dataclass, field

from services.notifier.letter_signatures import LetterSigner

SIGNATURE_BYTES = 16
TOKEN = re.compile(r"([0-9a-f]+)\.([0-9a-f]{32})")
"""A letter's id, and 128 bits of HMAC-SHA-256, in hexadecimal digits."""


@dataclass(frozen=True)
class UnsubscribeLinks:
    """Makes the addresses, and knows its own again."""

    key: bytes = field(repr=False)
    public_url: str
    """Where people reach the portal, without a slash at the end."""

    def url(self, mail_id: str) -> str:
        """Give the address for the letter *mail_id*."""
        return f"{self.public_url}/unsubscribe/{self.token(mail_id)}"

    def headers(self, mail_id: str) -> dict[str, str]:
        """Give the headers of a letter that can be switched off; one click is for https alone (RFC 8058 §3.1)."""
        one_click = {"List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
        is_secure = self.public_url.startswith("https://")
        return {"List-Unsubscribe": f"<{self.url(mail_id)}>"} | (one_click if is_secure else {})

    def token(self, mail_id: str) -> str:
        """Give the letter's id with its signature."""
        return f"{mail_id}.{self._signer.sign(mail_id.encode()).hex()}"

    def mail_of(self, token: str) -> str | None:
        """Give the letter that *token* was made for; None when we did not make it."""
        found = TOKEN.fullmatch(token)
        if found is None or not self._signer.is_ours(found[1].encode(), bytes.fromhex(found[2])):
            return None
        return found[1]

    @property
    def _signer(self) -> LetterSigner:
        return LetterSigner(self.key, "unsubscribe", SIGNATURE_BYTES)
