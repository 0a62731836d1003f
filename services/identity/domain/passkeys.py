"""Passkeys in place of a password: why one lets nobody in."""

from typing import ClassVar

from contracts.refusal import Refusal, RefusalKind


class PasskeyRefused(Refusal):
    """Raised when nobody comes in by a passkey: unknown, not for this challenge or portal, its user not verified."""

    slug = "passkey-refused"
    kind: ClassVar[RefusalKind] = "unauthenticated"
    words = "This passkey did not let you in. Try again, or log in with your User ID and password."
