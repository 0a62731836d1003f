"""The address that a letter which cannot be delivered comes back to: one for each letter, signed (VERP).

It stands in the envelope and says nothing of whoever the letter went to. Its signature is why a stranger cannot make
up a report that silences somebody: only who has the letter, or the servers it went through, know its address.
"""

import base64
import re
from dataclasses import dataclass, field

from services.notifier.letter_signatures import LetterSigner

ID_BYTES = 16
SIGNATURE_BYTES = 14
"""112 bits of HMAC-SHA-256; with the letter's id 48 letters and digits, whose case may be lost on the way."""
MOST_TRIED = 20


@dataclass(frozen=True)
class BounceAddresses:
    """Makes the addresses, and knows its own again."""

    key: bytes = field(repr=False)
    address: str
    """``bounces@portal.example``: the letter's part goes behind a plus sign, ``bounces+…@portal.example``."""

    def of(self, mail_id: str) -> str:
        """Give the address for the letter *mail_id*."""
        local, _, domain = self.address.partition("@")
        signed = bytes.fromhex(mail_id) + self._signer.sign(bytes.fromhex(mail_id))
        return f"{local}+{base64.b32encode(signed).decode().lower()}@{domain}"

    def find_mail(self, text: bytes) -> str | None:
        """Give the letter whose address stands in *text*; None when none of ours does."""
        local, _, domain = self.address.encode().partition(b"@")
        ours = re.escape(local) + rb"\+([a-z2-7]{48})@" + re.escape(domain)
        for count, found in enumerate(re.finditer(ours, text, re.IGNORECASE)):
            if count == MOST_TRIED:
                break
            signed = base64.b32decode(found[1].upper())
            if self._signer.is_ours(signed[:ID_BYTES], signed[ID_BYTES:]):
                return signed[:ID_BYTES].hex()
        return None

    @property
    def _signer(self) -> LetterSigner:
        return LetterSigner(self.key, "bounce", SIGNATURE_BYTES)
