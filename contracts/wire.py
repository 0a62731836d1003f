"""The base of everything on the wire: frozen models, camelCase names, UTC instants.

Tellers may not add a field that the contract does not know (``extra="forbid"``); hearers ignore what they do not
know (``read``), so that a field may be added inside a version (design/events.md).
"""

from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

Owner = Literal["identity", "exams", "sharing", "archiver", "notifier", "gateway"]

PREFIX = "com.radnet.portal."


def _in_utc(value: datetime) -> datetime:
    return value.astimezone(UTC)


Instant = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""A moment, always UTC."""


class Wire(BaseModel):
    """A frozen value that travels as JSON with camelCase names."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, frozen=True, extra="forbid", ser_json_bytes="base64"
    )

    @classmethod
    def read(cls, data: Any) -> Self:
        """Give the model for *data* (decoded JSON), ignoring unknown fields. Raises pydantic.ValidationError."""
        return cls.model_validate(data, extra="ignore")

    def to_json(self) -> dict[str, Any]:
        """Give the JSON object, with camelCase names."""
        return self.model_dump(mode="json", by_alias=True)


class Event(Wire):
    """A noun's whole public state at a moment; a subclass names its type (the routing key less ``.v1``)."""

    NAME: ClassVar[str]
    EXCHANGE: ClassVar[str]
    IS_URGENT: ClassVar[bool] = False
    VERSION: ClassVar[int] = 1

    id: str
    """The noun's id: ours, opaque; the envelope's subject."""
    version: int
    """Of the noun on this exchange, rising by one; the newest is kept."""
    at: Instant
    """When the noun became so."""

    @classmethod
    def routing_key(cls) -> str:
        """``exam.completed.v1``."""
        return f"{cls.NAME}.v{cls.VERSION}"

    @classmethod
    def type_name(cls) -> str:
        """``com.radnet.portal.exam.completed.v1``."""
        return PREFIX + cls.routing_key()


class Command(Wire):
    """An order to one service; travels on ``portal.commands`` under *routing_key()*."""

    NAME: ClassVar[str]
    VERSION: ClassVar[int] = 1

    @classmethod
    def type_name(cls) -> str:
        """``com.radnet.portal.build-package.v1``."""
        return f"{PREFIX}{cls.NAME}.v{cls.VERSION}"


class OpenEvent(Event):
    """An event on ``portal.events``: open to other systems, so no name, birth date, address, code, MRN or accession."""

    EXCHANGE: ClassVar[str] = "portal.events"


class PrivateEvent(Event):
    """An event on ``portal.private``: these services alone."""

    EXCHANGE: ClassVar[str] = "portal.private"
