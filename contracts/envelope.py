"""CloudEvents 1.0, structured JSON: what every message on the bus is wrapped in."""

import json
from datetime import datetime
from typing import Any, TypeVar, cast

from pydantic import Field, ValidationError

from contracts.wire import Command, Event, Instant, Wire

M = TypeVar("M", bound=Event | Command)

CONTENT_TYPE = "application/cloudevents+json"


class Unreadable(Exception):
    """Raised when a message is no CloudEvents envelope, or its data does not fit its type."""


class Envelope(Wire):
    """A message: who tells, what, when, about what (``subject``), and the ``data``."""

    specversion: str = "1.0"
    id: str
    source: str
    type: str
    time: Instant
    subject: str
    dataschema: str
    datacontenttype: str = "application/json"
    correlationid: str | None = None
    traceparent: str | None = None
    data: dict[str, Any] = Field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """Give the structured JSON body, UTF-8."""
        return json.dumps(
            self.model_dump(mode="json", by_alias=True, exclude_none=True), separators=(",", ":")
        ).encode()

    @classmethod
    def from_bytes(cls, body: bytes | str) -> "Envelope":
        """Give the envelope. Raises Unreadable."""
        try:
            return cls.read(json.loads(body))
        except (ValidationError, ValueError, TypeError) as error:
            raise Unreadable(f"no CloudEvents envelope: {type(error).__name__}") from error


def wrap(
    message: Event | Command,
    *,
    message_id: str,
    owner: str,
    now: datetime,
    subject: str,
    correlation_id: str | None = None,
) -> Envelope:
    """Put *message* told by *owner* into an envelope; *now* is the UTC instant of telling."""
    kind = type(message)
    return Envelope(
        id=message_id,
        source=f"/services/{owner}",
        type=kind.type_name(),
        time=now,
        subject=subject,
        dataschema=f"/contracts/schemas/{kind.NAME}.v{kind.VERSION}.json",
        correlationid=correlation_id,
        data=message.to_json(),
    )


def unwrap(envelope: Envelope, kind: type[M]) -> M:
    """Give the data of *envelope* as *kind*. Raises Unreadable, naming fields but never their values."""
    try:
        return cast("M", kind.read(envelope.data))
    except ValidationError as error:
        fields = sorted({".".join(str(part) for part in problem["loc"]) for problem in error.errors()})
        raise Unreadable(f"{envelope.type}: fields {', '.join(fields)}") from error
