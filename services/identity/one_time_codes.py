"""The codes of authenticator apps (TOTP, RFC 6238, by pyotp): six digits each 30 seconds."""

from datetime import datetime

import pyotp
from pyotp.exceptions import OTPVerificationError

ISSUER = "Patient Portal"
WINDOW = 1
"""Steps of 30 s that a phone's clock may be off either way."""


def new_secret() -> str:
    """Give a secret of 160 bits, base 32."""
    return pyotp.random_base32(32)


def app_address(secret: str, user_id: str) -> str:
    """Give the ``otpauth://`` address that an app reads from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=user_id, issuer_name=ISSUER)


def find_step(secret: str, code: str, now: datetime) -> int | None:
    """Give the time step whose code *code* is, at *now* (UTC) or WINDOW beside it; None: it is no code."""
    typed = "".join(code.split())
    if len(typed) != 6 or not typed.isascii() or not typed.isdigit():
        return None
    try:
        return pyotp.TOTP(secret).verify_and_get_timecode(typed, for_time=now, valid_window=WINDOW)
    except OTPVerificationError:
        return None
