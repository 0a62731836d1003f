"""By what a device is known again, for how long, and why one is refused."""

import hashlib
import hmac
from datetime import timedelta
from typing import ClassVar

from contracts.refusal import Refusal, RefusalKind

KNOWN_FOR = timedelta(days=180)
"""A device that was not seen for longer is a new one."""


class DeviceNotFound(Refusal):
    """Raised for a session that is not there, over, or another's."""

    slug = "device-not-found"
    kind: ClassVar[RefusalKind] = "not-found"
    words = "There is no such device here, or it is logged out already."


def device_mark(key: bytes, account_id: str, *, named: str | None, device: str, place: str | None) -> str:
    """Give by what a device is known again: the name that it bears, else its kind and about where it is."""
    of = f"named\n{named}" if named else f"seen\n{device}\n{place}"
    return hmac.new(key, f"device\n{account_id}\n{of}".encode(), hashlib.sha256).hexdigest()
