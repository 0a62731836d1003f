"""What the list of devices says of each: kind of device and shortened address, as a person reads them."""

import hashlib
import hmac
from datetime import timedelta
from typing import ClassVar, Final

from contracts.refusal import Refusal, RefusalKind

KNOWN_FOR = timedelta(days=180)
"""A device that was not seen for longer is a new one."""
UNKNOWN_DEVICE = "Unknown device"
_SYSTEMS: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("CrOS", "Chromebook"),
    ("Linux", "Linux"),
)
_BROWSERS: Final = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)


class DeviceNotFound(Refusal):
    """Raised for a session that is not there, over, or another's."""

    slug = "device-not-found"
    kind: ClassVar[RefusalKind] = "not-found"
    words = "There is no such device here, or it is logged out already."


def device_of(user_agent: str | None) -> str:
    """Give the kind of device that *user_agent* (the HTTP header) tells of: ``Firefox, Windows``; names alone."""
    said = (user_agent or "")[:1000]
    found = [next((name for sign, name in signs if sign in said), None) for signs in (_BROWSERS, _SYSTEMS)]
    return ", ".join(name for name in found if name) or UNKNOWN_DEVICE


def device_mark(key: bytes, account_id: str, *, named: str | None, device: str, place: str | None) -> str:
    """Give by what a device is known again: the name that it bears, else its kind and about where it is."""
    of = f"named\n{named}" if named else f"seen\n{device}\n{place}"
    return hmac.new(key, f"device\n{account_id}\n{of}".encode(), hashlib.sha256).hexdigest()
