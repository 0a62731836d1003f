"""What is left of a request's body when its answer is ready."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

DRAIN_BYTES = 64 << 20
CHUNK_BYTES = 1 << 20


def drain(environ: Mapping[str, Any]) -> None:
    """Read what nobody read of a WSGI request's body, up to DRAIN_BYTES.

    A sender whose connection closes while it still sends sees a reset instead of the answer that refused it.
    """
    if not environ.get("CONTENT_LENGTH") and not environ.get("HTTP_TRANSFER_ENCODING"):
        return
    left = DRAIN_BYTES
    with suppress(Exception):  # the sender is gone, or what it sends is no body: the answer stands either way
        while left > 0 and (chunk := environ["wsgi.input"].read(min(left, CHUNK_BYTES))):
            left -= len(chunk)
