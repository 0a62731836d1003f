"""How long a Portal Pass can be printed, and who may see it (S1)."""

from datetime import datetime, timedelta
from typing import ClassVar, Literal

from contracts.refusal import Refusal, RefusalKind

PASS_LIFETIME = timedelta(minutes=15)
"""From the issue of its code on; the code then stands nowhere but on the paper."""
Language = Literal["en", "es"]


class PassNotFound(Refusal):
    """Raised for a Pass that was never there, is another session's, or can be shown no more: the same for all."""

    slug = "portal-pass-not-found"
    kind: ClassVar[RefusalKind] = "not-found"
    words = "There is no such Portal Pass here. A new code has a new one; the old code then ends."


def is_shown(made_at: datetime, now: datetime) -> bool:
    """Whether a Pass made at *made_at* can still be printed at *now* (both UTC)."""
    return now < made_at + PASS_LIFETIME
