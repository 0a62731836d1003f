"""What the notifier is told and tells: contacts, messages asked for, messages sent."""

from typing import Any, ClassVar, Literal

from contracts.wire import Instant, OpenEvent, PrivateEvent, Wire

AboutKind = Literal["patient", "holder", "package", "share"]
Template = Literal[
    "validation-code",
    "account-opened",
    "password-reset",
    "new-login",
    "report-taken-back",
    "package-ready",
    "package-expiring",
    "package-failed",
    "share-opened",
    "share-locked",
    "images-available",
    "report-available",
    "icode-reactivated",
    "icode-refused",
]


class About(Wire):
    """Whom or what a contact belongs to."""

    kind: AboutKind
    id: str


class ContactChanged(PrivateEvent):
    """Where to write about a patient, holder, package or share; ``id`` is ``<kind>:<id>``. No addresses: none."""

    NAME: ClassVar[str] = "contact.changed"
    about: About
    emails: list[str]
    phone: str | None
    language: Literal["en", "es"] | None
    wants: list[str]
    """Templates that are wanted; ``*`` for all."""


class MessageRequested(PrivateEvent):
    """A mail that its teller decided on; sent once per ``id``, not after ``expiresAt``."""

    NAME: ClassVar[str] = "message.requested"
    template: Template
    about: About | None
    """Whose contact to use, when no address is given."""
    email: str | None
    language: Literal["en", "es"] | None
    facts: dict[str, Any]
    """Allow-listed for the template, such as ``{"code": "123456"}``."""
    expires_at: Instant


class MessageState(OpenEvent):
    """What became of a message; no address, no facts."""

    template: str
    channel: Literal["email", "sms", "push"]
    about: About | None


class MessageSent(MessageState):
    """The server took it."""

    NAME: ClassVar[str] = "message.sent"


class MessageBounced(MessageState):
    """The server refused it for good."""

    NAME: ClassVar[str] = "message.bounced"
