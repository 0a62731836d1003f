"""What the notifier is told and tells: contacts, messages asked for, messages sent."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import StringConstraints

from contracts.wire import Instant, OpenEvent, PrivateEvent, Wire

AboutKind = Literal["patient", "holder", "package", "share"]
Template = Literal[
    "validation-code",
    "account-opened",
    "account-exists",
    "account-closed",
    "record-added",
    "password-reset",
    "password-changed",
    "email-changed",
    "second-factor-changed",
    "user-id-reminder",
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
MailAddress = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        max_length=254,
        pattern=r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}$",
    ),
]
"""An address as HTML's ``input type=email`` takes it, with a top level: ASCII, so nothing of a header fits in."""
PhoneNumber = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^\+?[0-9 ().-]{7,24}$")]


class About(Wire):
    """Whom or what a contact belongs to."""

    kind: AboutKind
    id: str


class PushAddress(Wire):
    """A device that push notices go to, until *ends_at* at the latest."""

    platform: Literal["ios", "android", "web"]
    address: str
    """A token, or a browser's subscription as JSON."""
    language: Literal["en", "es"] | None
    ends_at: Instant


class ContactChanged(PrivateEvent):
    """Where to write about a patient, holder, package or share; ``id`` is ``<kind>:<id>``. No addresses: none."""

    NAME: ClassVar[str] = "contact.changed"
    about: About
    emails: list[str]
    phone: str | None
    language: Literal["en", "es"] | None
    wants: list[str]
    """Templates that are wanted; ``*`` for all."""
    pushes: list[PushAddress] = []
    """Devices of an account's owner; of a patient: those of the accounts that hold the record."""


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
