"""Whose a token is, read without verifying it: only to send the call to the service that verifies it."""

import base64
import binascii
import json
from typing import Any

from contracts.access import Issuer
from contracts.tokens import REFRESH_PREFIX

MAX_TOKEN_CHARS = 16384


def issuer_of_refresh(token: str) -> Issuer | None:
    """Give the issuer that *token*'s prefix names; None for no prefix of ours."""
    return next((issuer for issuer, prefix in REFRESH_PREFIX.items() if token.startswith(prefix)), None)


def issuer_of_access(token: str) -> Issuer | None:
    """Give the issuer that an access token claims; None when it is none of ours."""
    claimed = read_claims(token).get("iss")
    return next((issuer for issuer in REFRESH_PREFIX if issuer == claimed), None)


def bearer_of(authorization: str | None) -> str | None:
    """Give the token of an ``Authorization: Bearer`` header; None without one."""
    scheme, _, token = (authorization or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def read_claims(token: str) -> dict[str, Any]:
    """Give a JWT's claims unverified; empty when it is none. Never decide by them what may be seen."""
    parts = token.split(".")
    if len(parts) != 3 or len(token) > MAX_TOKEN_CHARS:
        return {}
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return {}
    return claims if isinstance(claims, dict) else {}
