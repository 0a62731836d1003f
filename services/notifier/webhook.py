"""Handing a text message or push notice to a provider: one small face, and a webhook behind it.

The call is signed as Standard Webhooks says: ``webhook-id`` (the same at every attempt, so that a provider can drop a
second), ``webhook-timestamp`` and ``webhook-signature: v1,`` with HMAC-SHA-256 of id, time and body. urllib3's errors
become ours here.
"""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol
from urllib.parse import urlsplit

import urllib3

TIMEOUT_S = 10.0
OK = range(200, 300)
FOR_GOOD = range(400, 500)
FOR_NOW = frozenset({408, 409, 425, 429})
"""Refusals that another attempt may overcome."""


class ProviderDown(Exception):
    """Raised when the provider cannot take it now; ``status`` is its answer, None when there was none."""

    def __init__(self, status: int | None = None) -> None:
        super().__init__(status)
        self.status = status


class ProviderRefused(ProviderDown):
    """Raised when the provider refuses this message or number for good."""


@dataclass(frozen=True)
class ShortMessage:
    """What goes out: a few words, and where to."""

    id: str
    channel: Literal["sms", "push"]
    to: str = field(repr=False)
    """A phone number, or a device's push address."""
    text: str
    language: str
    platform: str | None = None
    """``ios``, ``android`` or ``web``, of a push notice; a browser is told at a subscription, as JSON."""


class Provider(Protocol):
    """Where short messages go."""

    def send(self, message: ShortMessage, at: datetime) -> None:
        """Hand *message* over at *at* (UTC); returns when it is taken. Raises ProviderDown, ProviderRefused."""


def sign(key: bytes, message_id: str, seconds: str, body: bytes) -> str:
    """Give the signature that goes with *body*."""
    signed = b".".join((message_id.encode(), seconds.encode(), body))
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def check_url(url: str) -> None:
    """Raise ValueError unless *url* is https, or http on this very machine."""
    parts = urlsplit(url)
    if parts.scheme != "https" and (parts.scheme, parts.hostname) != ("http", "127.0.0.1"):
        raise ValueError("a provider's address is https")


@dataclass(frozen=True)
class WebhookProvider:
    """Posts each message as JSON to one address; follows no redirect."""

    url: str
    key: bytes = field(repr=False)
    pool: urllib3.PoolManager = field(
        default_factory=lambda: urllib3.PoolManager(maxsize=2, retries=False, timeout=TIMEOUT_S), repr=False
    )

    def send(self, message: ShortMessage, at: datetime) -> None:
        """See Provider."""
        said = {name: value for name, value in vars(message).items() if value is not None}
        body = json.dumps(said, ensure_ascii=False).encode()
        seconds = str(int(at.timestamp()))
        headers = {
            "Content-Type": "application/json",
            "webhook-id": message.id,
            "webhook-timestamp": seconds,
            "webhook-signature": sign(self.key, message.id, seconds, body),
        }
        try:
            status = self.pool.request("POST", self.url, body=body, headers=headers, redirect=False).status
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise ProviderDown from error
        if status in FOR_GOOD and status not in FOR_NOW:
            raise ProviderRefused(status)
        if status not in OK:
            raise ProviderDown(status)
