"""The tables that every service's database has: what it tells and heard, who lost access, keys, acts, log-ins."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, LargeBinary, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from services.chassis.db import UtcDateTime

Serial = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up INTEGER keys alone


class ChassisBase(DeclarativeBase):
    """Metadata of the chassis's tables; a service's own tables have their own."""

    type_annotation_map = {datetime: UtcDateTime}


class OutboxRow(ChassisBase):
    """A message that exists, since its transaction committed; sent when the bus has confirmed it."""

    __tablename__ = "outbox"
    seq: Mapped[int] = mapped_column(Serial, primary_key=True, autoincrement=True)
    message_id: Mapped[str] = mapped_column(String(64), unique=True)
    exchange: Mapped[str] = mapped_column(String(64))
    routing_key: Mapped[str] = mapped_column(String(128))
    type: Mapped[str] = mapped_column(String(128))
    body: Mapped[str] = mapped_column(Text)
    """The envelope, JSON."""
    correlation_id: Mapped[str | None] = mapped_column(String(64))
    to_queue: Mapped[str | None] = mapped_column(String(128))
    """Retelling: to this queue alone, through the default exchange."""
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    __table_args__ = (Index("ix_outbox_unsent", "sent_at", "seq"),)


class InboxRow(ChassisBase):
    """A message whose effect is done; written in the effect's transaction."""

    __tablename__ = "inbox"
    message_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    received_at: Mapped[datetime] = mapped_column(index=True)


class HeardVersion(ChassisBase):
    """The newest version heard of a noun; also the tombstone of what was removed."""

    __tablename__ = "heard_version"
    noun: Mapped[str] = mapped_column(String(64), primary_key=True)
    noun_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    exchange: Mapped[str] = mapped_column(String(64), primary_key=True)
    version: Mapped[int]


class ParkedMessage(ChassisBase):
    """On the local bus: a message that waits for another try, or that nobody could handle (``due_at`` None)."""

    __tablename__ = "parked_message"
    message_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    queue: Mapped[str] = mapped_column(String(128))
    body: Mapped[str] = mapped_column(Text)
    attempt: Mapped[int]
    due_at: Mapped[datetime | None] = mapped_column(index=True)
    reason: Mapped[str] = mapped_column(String(200))
    parked_at: Mapped[datetime]


class EndedAccess(ChassisBase):
    """Tokens of *subject* (a holder or ``session:…``) older than *version* are refused."""

    __tablename__ = "ended_access"
    subject: Mapped[str] = mapped_column(String(128), primary_key=True)
    version: Mapped[int]
    ended_at: Mapped[datetime]


class VerificationKey(ChassisBase):
    """A public Ed25519 key of an issuer, as it came over the bus."""

    __tablename__ = "verification_key"
    kid: Mapped[str] = mapped_column(String(64), primary_key=True)
    issuer: Mapped[str] = mapped_column(String(32))
    public_key: Mapped[str] = mapped_column(String(64))
    not_before: Mapped[datetime]
    not_after: Mapped[datetime]


class Act(ChassisBase):
    """What somebody did, chained by hashes: append-only."""

    __tablename__ = "act"
    position: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    body: Mapped[str] = mapped_column(Text)
    """Canonical JSON of the act, as it was hashed."""
    hash: Mapped[str] = mapped_column(String(64))


class AuditHead(ChassisBase):
    """The end of the chain of acts: one row, locked by whoever appends."""

    __tablename__ = "audit_head"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[str] = mapped_column(String(64))


class KeptAnswer(ChassisBase):
    """The answer to a POST with an Idempotency-Key, sealed with the key itself, so that a dump of it opens nothing."""

    __tablename__ = "kept_answer"
    key_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    request_hash: Mapped[str] = mapped_column(String(64))
    status: Mapped[int | None]
    """None while the first request is under way."""
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    made_at: Mapped[datetime] = mapped_column(index=True)


class RefreshSession(ChassisBase):
    """A log-in of *holder* at an issuer, kept going by refresh tokens until one of its limits."""

    __tablename__ = "refresh_session"
    session: Mapped[str] = mapped_column(String(64), primary_key=True)
    holder: Mapped[str] = mapped_column(String(128), index=True)
    begun_at: Mapped[datetime]
    used_at: Mapped[datetime]
    idle_s: Mapped[int]
    ends_at: Mapped[datetime] = mapped_column(index=True)
    """The absolute limit."""
    ended_at: Mapped[datetime | None]
    """Logged out, or taken back."""


class RefreshToken(ChassisBase):
    """A refresh token by its SHA-256; replaced by its successor when it is used."""

    __tablename__ = "refresh_token"
    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    session: Mapped[str] = mapped_column(ForeignKey("refresh_session.session"), index=True)
    replaced_at: Mapped[datetime | None]
