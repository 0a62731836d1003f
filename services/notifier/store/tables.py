"""What the notifier keeps. A mail's address and facts go when it is settled."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from services.chassis.db import UtcDateTime


class Base(DeclarativeBase):
    """Metadata of the notifier's own tables."""

    type_annotation_map = {datetime: UtcDateTime, list[str]: JSON, list[dict[str, Any]]: JSON, dict[str, Any]: JSON}


class ContactRow(Base):
    """Where to write about a patient, holder, package or share."""

    __tablename__ = "contact"
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    id: Mapped[str] = mapped_column(String(128), primary_key=True)
    emails: Mapped[list[str]]
    phone: Mapped[str | None] = mapped_column(String(32))
    language: Mapped[str | None] = mapped_column(String(2))
    wants: Mapped[list[str]]
    pushes: Mapped[list[dict[str, Any]]]
    """Devices, as ``contact.changed`` tells of them."""


class SwitchRow(Base):
    """A template that a holder or a patient does without."""

    __tablename__ = "message_switch"
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    id: Mapped[str] = mapped_column(String(128), primary_key=True)
    template: Mapped[str] = mapped_column(String(32), primary_key=True)


class PackageRow(Base):
    """The newest state of a package."""

    __tablename__ = "package"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    state: Mapped[str] = mapped_column(String(16))


class ExamRow(Base):
    """Whose an exam is now; None: it was removed."""

    __tablename__ = "exam"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    patient_id: Mapped[str | None] = mapped_column(String(64))


class TakenBackRow(Base):
    """Reports of an exam up to this version must not be announced any more."""

    __tablename__ = "taken_back_report"
    exam_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    report_version: Mapped[int]


class NoticeRow(Base):
    """Something that somebody should hear of, once. To whom it goes is decided when it is sent."""

    __tablename__ = "notice"
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    template: Mapped[str] = mapped_column(String(32))
    about_kind: Mapped[str | None] = mapped_column(String(16))
    about_id: Mapped[str | None] = mapped_column(String(128))
    holder: Mapped[str | None] = mapped_column(String(128))
    """Whose it is: their devices are told; some are written to when no address was left with *about*."""
    exam_id: Mapped[str | None] = mapped_column(String(64))
    report_version: Mapped[int | None]
    email: Mapped[str | None] = mapped_column(String(254))
    """An address given with the request itself; forgotten when settled."""
    language: Mapped[str | None] = mapped_column(String(2))
    facts: Mapped[dict[str, Any]]
    """Such as a validation code; forgotten when settled."""
    not_after: Mapped[datetime] = mapped_column(index=True)
    state: Mapped[str] = mapped_column(String(16))
    due_at: Mapped[datetime | None]
    """When to look for addresses; None: when one becomes known."""
    made_at: Mapped[datetime]
    pushed_at: Mapped[datetime | None]
    """When it went to whatever devices there were."""
    __table_args__ = (Index("ix_notice_due", "state", "due_at"), Index("ix_notice_about", "about_kind", "about_id"))


class MailRow(Base):
    """One letter to one address."""

    __tablename__ = "mail"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    """Of the notice and the address, so that one notice never makes two mails to one address; also its Message-ID."""
    notice_key: Mapped[str] = mapped_column(String(200), index=True)
    to_hash: Mapped[str] = mapped_column(String(64))
    address: Mapped[str | None] = mapped_column(Text)
    """None: settled."""
    channel: Mapped[str] = mapped_column(String(8))
    """``email``, ``sms`` (*address* is a phone number) or ``push`` (``<platform>:<token or subscription>``)."""
    contact_kind: Mapped[str | None] = mapped_column(String(16))
    contact_id: Mapped[str | None] = mapped_column(String(128))
    """Whose contact *address* was; None: it came with the request itself."""
    language: Mapped[str] = mapped_column(String(2))
    state: Mapped[str] = mapped_column(String(16))
    attempts: Mapped[int]
    due_at: Mapped[datetime]
    """When to try; whoever tries moves it on first, so that nobody else does at the same time."""
    taken_at: Mapped[datetime | None]
    """When it was first tried: since then it counts for its address's limits."""
    settled_at: Mapped[datetime | None]
    __table_args__ = (Index("ix_mail_due", "state", "due_at"), Index("ix_mail_address", "to_hash", "taken_at"))


class AddressRow(Base):
    """An address that was written to; locked by whoever counts what went there."""

    __tablename__ = "mailed_address"
    to_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    refused_at: Mapped[datetime | None]
    """When a server said for good that nobody reads it; None: not, or whoever gave it gave it again since."""


class ReturnCountRow(Base):
    """How many returned mails came to what."""

    __tablename__ = "return_count"
    outcome: Mapped[str] = mapped_column(String(16), primary_key=True)
    count: Mapped[int]


class AttemptRow(Base):
    """One attempt to hand a letter over, and what came of it."""

    __tablename__ = "attempt"
    mail_id: Mapped[str] = mapped_column(ForeignKey("mail.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    outcome: Mapped[str] = mapped_column(String(16))
    """``sent``, ``bounced`` or ``pending``: it is tried again."""
    status: Mapped[int | None]
    """What a provider answered; None: nothing, or a mail."""
