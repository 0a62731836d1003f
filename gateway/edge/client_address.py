"""Who is calling, when proxies stand before us: only a trusted proxy's ``X-Forwarded-For`` is believed."""

import ipaddress
from collections.abc import Sequence

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def find_client_address(peer: str | None, forwarded_for: str | None, trusted: Sequence[Network]) -> str:
    """Give the address of the first hop, from the right, that is not a trusted proxy; ``unknown`` without a peer.

    *forwarded_for* is the header as sent. A malformed hop ends the walk: the proxy that wrote it is taken.
    """
    if peer is None:
        return "unknown"
    address = peer
    hops = [hop.strip() for hop in (forwarded_for or "").split(",") if hop.strip()]
    while hops and _is_trusted(address, trusted):
        hop = hops.pop()
        if _parse(hop) is None:
            break
        address = hop
    return address


def find_subscriber(address: str) -> str:
    """Give what requests of *address* are counted under: of IPv6 its /64, since one line has all of that."""
    parsed = _parse(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(parsed.ipv4_mapped or ipaddress.IPv6Network((parsed, 64), strict=False))
    return address


def _is_trusted(address: str, trusted: Sequence[Network]) -> bool:
    parsed = _parse(address)
    return parsed is not None and any(parsed in network for network in trusted)


def _parse(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(address)
    except ValueError:
        return None
