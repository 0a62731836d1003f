"""What those who open a link may give as their name, which its owner is shown (O8)."""

from typing import ClassVar

from contracts.refusal import Refusal
from services.sharing.domain.shares import NAME_MAX_CHARS, check_text


class NameRefused(Refusal):
    """Raised when the name that a recipient types is too long or holds control characters."""

    slug: ClassVar[str] = "name-malformed"
    words = f"A name has at most {NAME_MAX_CHARS} characters, none of them invisible."


def check_name(name: str | None) -> str | None:
    """Give *name* trimmed; None for none. Raises NameRefused."""
    if name is None or not name.strip():
        return None
    return check_text(name, NAME_MAX_CHARS, NameRefused(field="name"))
