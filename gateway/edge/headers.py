"""Which headers pass the gateway, in both directions."""

from collections.abc import Iterable, Mapping

HOP_BY_HOP = frozenset(
    {
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer",
        "transfer-encoding", "upgrade",
    }
)  # fmt: skip
"""RFC 9110 §7.6.1, and what ``Connection`` names."""

KEPT_BACK = frozenset(
    {
        "cookie", "host", "content-length", "expect", "forwarded", "x-forwarded-for", "x-forwarded-host",
        "x-forwarded-proto", "x-forwarded-port", "x-real-ip", "x-client-address", "x-portal-web", "x-request-id",
    }
)  # fmt: skip
"""From outside never to a service: cookies open no API, and who calls is said by the gateway alone."""

NOT_OUT = frozenset({"server", "date", "set-cookie", "x-request-id"})
"""From a service never out."""


def inward(headers: Iterable[tuple[str, str]], request_id: str, address: str) -> dict[str, str]:
    """Give the headers for a service, from those of a public request."""
    pairs = list(headers)
    left_out = HOP_BY_HOP | KEPT_BACK | _named_by_connection(pairs)
    passed = {name: value for name, value in pairs if name.lower() not in left_out}
    return passed | told(request_id, address)


def told(request_id: str, address: str) -> dict[str, str]:
    """Give what the gateway alone says to a service: which request this is, and from where it came."""
    return {"X-Request-Id": request_id, "X-Client-Address": address}


def outward(headers: Mapping[str, str], base: str) -> list[tuple[str, str]]:
    """Give the headers for the client; a ``Location`` of a service becomes one below *base*.

    What says nothing about caching is ``no-store``.
    """
    pairs = list(headers.items())
    left_out = HOP_BY_HOP | NOT_OUT | _named_by_connection(pairs)
    passed = [(name, _public(name, value, base)) for name, value in pairs if name.lower() not in left_out]
    if not any(name.lower() == "cache-control" for name, _ in passed):
        passed.append(("Cache-Control", "no-store"))
    return passed


def _public(name: str, value: str, base: str) -> str:
    is_own_path = name.lower() == "location" and value.startswith("/") and not value.startswith(f"{base}/")
    return base + value if is_own_path else value


def _named_by_connection(pairs: Iterable[tuple[str, str]]) -> frozenset[str]:
    named = (value for name, value in pairs if name.lower() == "connection")
    return frozenset(part.strip().lower() for value in named for part in value.split(","))
