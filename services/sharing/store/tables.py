"""What sharing keeps. No token and no password stands here: hashes alone."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from services.chassis.db import UtcDateTime


class Base(DeclarativeBase):
    """Metadata of sharing's own tables."""

    type_annotation_map = {datetime: UtcDateTime}


class ExamRow(Base):
    """The local copy of an exam, fed by events; it only ever takes away what a token grants."""

    __tablename__ = "exam"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    patient_id: Mapped[str] = mapped_column(String(64), index=True)
    visit_id: Mapped[str] = mapped_column(String(64), index=True)
    status: Mapped[str] = mapped_column(String(32))
    time_zone: Mapped[str] = mapped_column(String(64))
    version: Mapped[int]
    is_removed: Mapped[bool]


class ShareRow(Base):
    """A share."""

    __tablename__ = "share"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    generation: Mapped[int]
    """Part of what its token is derived from."""
    link_hash: Mapped[str] = mapped_column(String(64), unique=True)
    holder: Mapped[str] = mapped_column(String(128), index=True)
    nickname: Mapped[str] = mapped_column(String(64))
    password_hash: Mapped[str] = mapped_column(String(256))
    expires_at: Mapped[datetime]
    latest_at: Mapped[datetime | None]
    """When a minor's 18th birthday begins: no later date is taken. None: any."""
    may_download: Mapped[bool]
    include_report: Mapped[bool]
    include_visit_summary: Mapped[bool]
    created_at: Mapped[datetime]
    opens: Mapped[int]
    last_opened_at: Mapped[datetime | None]
    locked_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None] = mapped_column(String(32))
    version: Mapped[int]
    """Of its events."""
    access_version: Mapped[int]
    """Of the holder ``share:<id>``: tokens minted before it was raised are refused."""
    contact_version: Mapped[int]
    """Of ``contact.changed``; 0: no address was left."""
    __table_args__ = (
        Index("ix_share_expiring", "ended_at", "expires_at"),
        Index("ix_share_newest", "created_at", "id"),
    )


class SharedExamRow(Base):
    """An exam in a share."""

    __tablename__ = "shared_exam"
    share_id: Mapped[str] = mapped_column(ForeignKey("share.id"), primary_key=True)
    exam_id: Mapped[str] = mapped_column(String(64), primary_key=True, index=True)
    position: Mapped[int]
    exam_version: Mapped[int]
    """The exam's version when it was shared: a correction told with a higher one takes the exam out."""
    left_at: Mapped[datetime | None]


class AccessRow(Base):
    """An opening with the right password, as the owner may see it."""

    __tablename__ = "share_access"
    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)
    share_id: Mapped[str] = mapped_column(ForeignKey("share.id"), index=True)
    at: Mapped[datetime]
    name: Mapped[str | None] = mapped_column(Text)
    """As typed by the recipient."""
    device: Mapped[str] = mapped_column(String(64))
    address: Mapped[str | None] = mapped_column(String(64))
    """Shortened."""


class LinkRow(Base):
    """Tries at a link, known or not, alike."""

    __tablename__ = "link_tries"
    link_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    tries: Mapped[int]
    """Wrong passwords, and those being checked right now."""
    next_try_at: Mapped[datetime | None]
    tried_at: Mapped[datetime] = mapped_column(index=True)
