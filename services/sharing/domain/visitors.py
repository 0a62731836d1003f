"""What an owner is shown of those who opened a link: name given, kind of device, shortened address (O8)."""

import ipaddress
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


def shorten_address(address: str | None) -> str | None:
    """Give the part of *address* that tells a place but not a household: three bytes of IPv4, 48 bits of IPv6."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return None
    if parsed.version == 4:
        return ".".join(str(parsed).split(".")[:3]) + ".…"
    return ":".join(parsed.exploded.split(":")[:3]) + ":…"
