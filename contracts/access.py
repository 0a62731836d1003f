"""How access is taken back, and the keys that access tokens are verified with; told by the two issuers."""

from typing import ClassVar, Final, Literal

from contracts.wire import Instant, PrivateEvent

Issuer = Literal["identity", "sharing"]

ACCOUNT_FROZEN: Final = "account-frozen"
"""Staff found that an account is not its patient's."""
ACCOUNT_CLOSED: Final = "account-closed"
"""An account's owner ended it."""
ENDS_SHARES: Final = frozenset({ACCOUNT_FROZEN, ACCOUNT_CLOSED})
"""Reasons with which a holder's shares end too; with any other they go on to their own date."""


class AccessEnded(PrivateEvent):
    """Tokens of ``id`` older than ``version`` are refused from now on.

    ``id`` is a holder (``share:…``, ``account:…``, ``icode:…``, ``staff:…``, ``system:…``), or one session
    (``session:…``), which ends whole.
    """

    NAME: ClassVar[str] = "access.ended"
    IS_URGENT: ClassVar[bool] = True
    reason: str


class SigningKeyPublished(PrivateEvent):
    """A public Ed25519 key of an issuer; ``id`` is the key's id (kid).

    Told again with an earlier ``notAfter`` when the key ends before its time: in any order the earliest one holds.
    """

    NAME: ClassVar[str] = "signing-key.published"
    IS_URGENT: ClassVar[bool] = True
    issuer: Issuer
    public_key: str
    """Raw 32 bytes, base64url without padding (the ``x`` of RFC 8037)."""
    not_before: Instant
    not_after: Instant
