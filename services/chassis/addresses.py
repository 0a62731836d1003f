"""Addresses of clients, as people are shown them."""

import ipaddress


def shorten_address(address: str | None) -> str | None:
    """Give the part of *address* that tells a place but not a household: three bytes of IPv4, 48 bits of IPv6."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return None
    if parsed.version == 4:
        return ".".join(str(parsed).split(".")[:3]) + ".…"
    return ":".join(parsed.exploded.split(":")[:3]) + ":…"
