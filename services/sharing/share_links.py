"""A share's link: its token is an HMAC of the share under a server key, so a dump of the database opens nothing."""

import base64
import hashlib
import hmac
from dataclasses import dataclass, field

TOKEN_BYTES = 24
"""192 bits; 32 characters in the link."""


@dataclass(frozen=True)
class ShareLinks:
    """Makes links that can be shown again, though only hashes of their tokens are stored."""

    key: bytes = field(repr=False)
    public_url: str
    """Where people reach the portal, without a slash at the end."""

    def token(self, share_id: str, generation: int) -> str:
        """Give the secret part of the link."""
        digest = hmac.new(self.key, f"share-link\n{share_id}\n{generation}".encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest[:TOKEN_BYTES]).decode()

    def url(self, share_id: str, generation: int) -> str:
        """Give the link; the token is in the fragment, which no server, proxy or Referer gets."""
        return f"{self.public_url}/s#{self.token(share_id, generation)}"


def hash_of(token: str) -> str:
    """Give the SHA-256 by which a link is looked up."""
    return hashlib.sha256(token.encode()).hexdigest()
