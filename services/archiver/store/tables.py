"""The rows. Locks are always taken in this order: holder, report, build, package, then the audit's head."""

from datetime import datetime

from sqlalchemy import BigInteger, Float, ForeignKey, Index, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from services.chassis.db import UtcDateTime


class Base(DeclarativeBase):
    """Metadata of the archiver's own tables."""

    type_annotation_map = {datetime: UtcDateTime}


class ExamRow(Base):
    """Copy of an exam, from ``exam.*``."""

    __tablename__ = "exam"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    patient_id: Mapped[str] = mapped_column(String(64), index=True)
    visit_id: Mapped[str] = mapped_column(String(64), index=True)
    status: Mapped[str] = mapped_column(String(16))
    images_available: Mapped[bool]
    object_bytes: Mapped[int] = mapped_column(BigInteger)
    pictures: Mapped[int]
    is_removed: Mapped[bool]


class ExamFileRow(Base):
    """Copy of what a file of an exam is called, from ``exam.manifest-stored``."""

    __tablename__ = "exam_file"
    exam_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    file_name: Mapped[str] = mapped_column(String(200))


class ExamStudyRow(Base):
    """Copy of where the manifest of an exam's study lies, from ``exam.manifest-stored``."""

    __tablename__ = "exam_study"
    exam_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    study_id: Mapped[str] = mapped_column(String(64), primary_key=True, index=True)
    manifest_version: Mapped[int]
    manifest_key: Mapped[str] = mapped_column(String(300))
    sha256: Mapped[str] = mapped_column(String(64))


class ReportRow(Base):
    """Copy of an exam's released report, and up to which version reports were taken back."""

    __tablename__ = "report"
    exam_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    version: Mapped[int]
    """Of the report that is stored; 0 when none was."""
    pdf_key: Mapped[str] = mapped_column(String(300))
    sha256: Mapped[str] = mapped_column(String(64))
    taken_back_through: Mapped[int]


class BeatRow(Base):
    """When ``exams`` last gave a sign of life; one row."""

    __tablename__ = "beat"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]


class HolderRow(Base):
    """A holder that ever asked: locked while it asks, so that its limit and its one live package hold."""

    __tablename__ = "holder"
    id: Mapped[str] = mapped_column(String(128), primary_key=True)


class BuildRow(Base):
    """A file that is made once for all packages of the same content, and who makes it."""

    __tablename__ = "build"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    live_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    """The spec's key; None once nobody may join."""
    spec: Mapped[str] = mapped_column(Text)
    """BuildSpec, JSON."""
    format: Mapped[str] = mapped_column(String(8))
    queue: Mapped[str] = mapped_column(String(64))
    estimated_bytes: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(16))
    fence: Mapped[int]
    """Raised with each claim, and when the build is taken from its worker: only the newest may finish."""
    owner: Mapped[str | None] = mapped_column(String(64))
    lease_until: Mapped[datetime | None]
    """By the database's clock."""
    claimable_from: Mapped[datetime]
    """By the database's clock; later than now after a fault outside."""
    called_at: Mapped[datetime]
    """When a command was last put for it, by the database's clock."""
    tries: Mapped[int]
    faults: Mapped[int]
    """Faults outside in a row; they lengthen the wait, and are no tries."""
    progress: Mapped[float] = mapped_column(Float)
    made_at: Mapped[datetime]
    """When it was first asked for; stands in the file, so that a second making gives the same bytes."""
    started_at: Mapped[datetime | None]
    ready_at: Mapped[datetime | None]
    object_key: Mapped[str | None] = mapped_column(String(120))
    size_bytes: Mapped[int | None] = mapped_column(BigInteger)
    sha256: Mapped[str | None] = mapped_column(String(64))
    omitted: Mapped[str] = mapped_column(Text)
    """JSON: ``[{count, reason}]``."""
    reason: Mapped[str | None] = mapped_column(String(64))
    __table_args__ = (Index("ix_build_state", "state", "queue", "made_at"),)


class BuildReportRow(Base):
    """That a build hangs on a version of an exam's report."""

    __tablename__ = "build_report"
    build_id: Mapped[str] = mapped_column(ForeignKey("build.id"), primary_key=True)
    exam_id: Mapped[str] = mapped_column(String(64), primary_key=True, index=True)
    report_version: Mapped[int]


class PackageRow(Base):
    """One holder's request for a download."""

    __tablename__ = "package"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    holder: Mapped[str] = mapped_column(String(128))
    build_id: Mapped[str] = mapped_column(ForeignKey("build.id"), index=True)
    live_key: Mapped[str | None] = mapped_column(String(300), unique=True)
    """Holder and the build's key; None once it ended."""
    state: Mapped[str] = mapped_column(String(16))
    version: Mapped[int]
    """Of the package on the bus."""
    include_report: Mapped[bool]
    reports_left_out: Mapped[int]
    """Reports asked for that were not released, or not the caller's to see."""
    file_name: Mapped[str] = mapped_column(String(240))
    phi_acknowledged_at: Mapped[datetime]
    requested_at: Mapped[datetime]
    ready_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    notice_told_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(String(64))
    """Why it failed or ended early; None at the natural end."""
    notify_email: Mapped[str | None] = mapped_column(String(254))
    contact_version: Mapped[int]
    language: Mapped[str | None] = mapped_column(String(8))
    sent_spans: Mapped[str] = mapped_column(Text)
    """JSON: the bytes sent so far, as spans that do not touch."""
    last_downloaded_at: Mapped[datetime | None]
    __table_args__ = (
        Index("ix_package_holder", "holder", "requested_at"),
        Index("ix_package_state", "state", "expires_at"),
    )


class PackageExamRow(Base):
    """An exam of a package."""

    __tablename__ = "package_exam"
    package_id: Mapped[str] = mapped_column(ForeignKey("package.id"), primary_key=True)
    exam_id: Mapped[str] = mapped_column(String(64), primary_key=True, index=True)


class TicketRow(Base):
    """A download's address, and on whose access it hangs."""

    __tablename__ = "ticket"
    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    package_id: Mapped[str] = mapped_column(ForeignKey("package.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    holder: Mapped[str] = mapped_column(String(128))
    session: Mapped[str] = mapped_column(String(64))
    holder_version: Mapped[int]
    grants: Mapped[str] = mapped_column(Text)
    """JSON, as the caller's token had them."""
    kid: Mapped[str | None] = mapped_column(String(64))
    """The key that signed the token; None: made before we kept it."""
    made_at: Mapped[datetime]
    first_used_at: Mapped[datetime | None]
