"""What an owner is shown of those who opened a link: name given and kind of device (O8)."""

from typing import ClassVar

from contracts.refusal import Refusal
from services.sharing.domain.shares import NAME_MAX_CHARS, check_text

_DEVICES = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android device"),
    ("Windows", "Windows computer"),
    ("Macintosh", "Mac"),
    ("CrOS", "Chromebook"),
    ("Linux", "Linux computer"),
)
UNKNOWN_DEVICE = "Unknown device"


class NameRefused(Refusal):
    """Raised when the name that a recipient types is too long or holds control characters."""

    slug: ClassVar[str] = "name-malformed"
    words = f"A name has at most {NAME_MAX_CHARS} characters, none of them invisible."


def check_name(name: str | None) -> str | None:
    """Give *name* trimmed; None for none. Raises NameRefused."""
    if name is None or not name.strip():
        return None
    return check_text(name, NAME_MAX_CHARS, NameRefused(field="name"))


def device_of(user_agent: str | None) -> str:
    """Give the kind of device that *user_agent* (the HTTP header) tells of."""
    return next((device for sign, device in _DEVICES if sign in (user_agent or "")), UNKNOWN_DEVICE)
