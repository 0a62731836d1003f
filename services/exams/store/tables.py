"""The tables: patients, visits, exams, studies with their instances, reports, and what was told of each.

``field_told`` says when each field was told (domain/newest); ``told`` is the public state as it was told last, so that
an event is told when, and only when, that state has changed.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, false
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from services.chassis.db import UtcDateTime


class Base(DeclarativeBase):
    """Metadata of the service's own tables."""

    type_annotation_map = {datetime: UtcDateTime, dict[str, Any]: JSON, dict[str, str]: JSON, list[str]: JSON}


class PatientRow(Base):
    """A patient as one RIS knows them; ``merged_into_id`` when they are another record's person."""

    __tablename__ = "patient"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    family: Mapped[str] = mapped_column(default="")
    given: Mapped[str] = mapped_column(default="")
    middle: Mapped[str] = mapped_column(default="")
    birth_date: Mapped[date | None]
    sex: Mapped[str] = mapped_column(String(1), default="U")
    postal_code: Mapped[str | None]
    phones: Mapped[list[str]] = mapped_column(default=list)
    emails: Mapped[list[str]] = mapped_column(default=list)
    language: Mapped[str | None]
    is_deceased: Mapped[bool] = mapped_column(default=False)
    is_protected: Mapped[bool] = mapped_column(default=False)
    merged_into_id: Mapped[str | None] = mapped_column(ForeignKey("patient.id"), index=True)
    field_told: Mapped[dict[str, str]] = mapped_column(default=dict)
    version: Mapped[int] = mapped_column(default=0)
    """Of patient.demographics-changed, merged and unmerged."""
    told: Mapped[dict[str, Any] | None]
    told_merged_into_id: Mapped[str | None] = mapped_column(String(32))
    changed_at: Mapped[datetime] = mapped_column(index=True)


class IdentifierRow(Base):
    """A medical record number (MRN) and the patient whose it is."""

    __tablename__ = "patient_identifier"
    authority: Mapped[str] = mapped_column(primary_key=True)
    mrn: Mapped[str] = mapped_column(primary_key=True, index=True)
    patient_id: Mapped[str] = mapped_column(ForeignKey("patient.id"), index=True)


class VisitRow(Base):
    """A visit. ``home_patient_id`` is as the RIS said, ``patient_id`` as merges make of it."""

    __tablename__ = "visit"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    authority: Mapped[str]
    visit_number: Mapped[str]
    home_patient_id: Mapped[str] = mapped_column(ForeignKey("patient.id"), index=True)
    patient_id: Mapped[str] = mapped_column(ForeignKey("patient.id"), index=True)
    location_id: Mapped[str]
    starts_at: Mapped[datetime | None]
    arrived_at: Mapped[datetime | None]
    referring_physician: Mapped[str | None]
    allergies: Mapped[list[str]] = mapped_column(default=list)
    reasons: Mapped[list[str]] = mapped_column(default=list)
    """Diagnoses (DG1)."""
    field_told: Mapped[dict[str, str]] = mapped_column(default=dict)
    version: Mapped[int] = mapped_column(default=0)
    told: Mapped[dict[str, Any] | None]
    details_version: Mapped[int] = mapped_column(default=0)
    details_told: Mapped[dict[str, Any] | None]
    changed_at: Mapped[datetime] = mapped_column(index=True)
    __table_args__ = (UniqueConstraint("authority", "visit_number"),)


class ExamRow(Base):
    """An exam: one order, one accession number."""

    __tablename__ = "exam"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    authority: Mapped[str]
    accession: Mapped[str] = mapped_column(index=True)
    visit_id: Mapped[str] = mapped_column(ForeignKey("visit.id"), index=True)
    patient_id: Mapped[str] = mapped_column(ForeignKey("patient.id"), index=True)
    procedure_code: Mapped[str] = mapped_column(default="")
    procedure_text: Mapped[str] = mapped_column(default="")
    modality: Mapped[str] = mapped_column(default="")
    reason: Mapped[str | None]
    ordering_physician: Mapped[str | None]
    starts_at: Mapped[datetime | None]
    study_uid: Mapped[str | None] = mapped_column(index=True)
    """ZDS-1."""
    status: Mapped[str | None]
    """The order's; None when nobody said. Shown is domain.exams.shown_status."""
    ordered_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    sorted_at: Mapped[datetime] = mapped_column(index=True)
    """By what lists are sorted: when it starts, else when it came to be known."""
    field_told: Mapped[dict[str, str]] = mapped_column(default=dict)
    version: Mapped[int] = mapped_column(default=0)
    told: Mapped[dict[str, Any] | None]
    stored_version: Mapped[int] = mapped_column(default=0)
    """Of exam.manifest-stored."""
    stored_told: Mapped[dict[str, Any] | None]
    changed_at: Mapped[datetime] = mapped_column(index=True)
    __table_args__ = (UniqueConstraint("authority", "accession"),)


class StudyRow(Base):
    """A DICOM study."""

    __tablename__ = "study"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    study_uid: Mapped[str] = mapped_column(unique=True)
    mrn: Mapped[str | None] = mapped_column(index=True)
    """Patient ID; None when its objects have none."""
    accession: Mapped[str | None] = mapped_column(index=True)
    description: Mapped[str] = mapped_column(default="")
    patient_keys: Mapped[dict[str, Any]]
    study_keys: Mapped[dict[str, Any]]
    waiting: Mapped[str | None] = mapped_column(index=True)
    """Why no exam has it: ``no-order``, ``other-patient``."""
    changes: Mapped[int] = mapped_column(default=0)
    """Raised by each batch of new objects."""
    manifest_changes: Mapped[int] = mapped_column(default=0)
    """``changes`` as the newest manifest has it."""
    is_dirty: Mapped[bool] = mapped_column(default=True)
    """Whether objects came since the newest manifest."""
    manifest_version: Mapped[int] = mapped_column(default=0)
    manifest_key: Mapped[str | None]
    manifest_sha256: Mapped[str | None] = mapped_column(String(64))
    manifest_at: Mapped[datetime | None]
    instances: Mapped[int] = mapped_column(default=0)
    """Objects in the newest manifest that are no findings."""
    size_bytes: Mapped[int] = mapped_column(default=0)
    """Their bytes."""
    pictures: Mapped[int] = mapped_column(default=0)
    """Those of them that are images with pictures."""
    first_at: Mapped[datetime]
    __table_args__ = (Index("ix_study_dirty", "is_dirty", "manifest_at"),)


class SeriesRow(Base):
    """A series of a study."""

    __tablename__ = "series"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    study_id: Mapped[str] = mapped_column(ForeignKey("study.id"))
    series_uid: Mapped[str]
    modality: Mapped[str]
    number: Mapped[int | None]
    description: Mapped[str]
    keys: Mapped[dict[str, Any]]
    __table_args__ = (UniqueConstraint("study_id", "series_uid"),)


class InstanceRow(Base):
    """A stored DICOM object. Its bytes never change; the first that came under a SOP Instance UID stay."""

    __tablename__ = "instance"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    study_id: Mapped[str] = mapped_column(ForeignKey("study.id"), index=True)
    series_id: Mapped[str] = mapped_column(ForeignKey("series.id"), index=True)
    sop_instance_uid: Mapped[str] = mapped_column(unique=True)
    sop_class_uid: Mapped[str]
    transfer_syntax_uid: Mapped[str]
    key: Mapped[str]
    sha256: Mapped[str] = mapped_column(String(64))
    size_bytes: Mapped[int]
    role: Mapped[str] = mapped_column(String(8))
    record_type: Mapped[str]
    instance_number: Mapped[int | None]
    frames: Mapped[int]
    is_colour: Mapped[bool] = mapped_column(default=False, server_default=false())
    slice_position: Mapped[float | None]
    orientation: Mapped[str | None]
    keys: Mapped[dict[str, Any]]
    stored_at: Mapped[datetime]
    render_state: Mapped[str] = mapped_column(String(8))
    """``queued``, ``done``, ``failed``; ``none`` for what no picture is made of in advance."""
    render_until: Mapped[datetime | None]
    """Until when a renderer has it, by the database's clock."""
    render_tries: Mapped[int] = mapped_column(default=0)
    no_picture: Mapped[str | None]
    """Slug: why no picture can be made of it."""
    __table_args__ = (Index("ix_instance_render", "render_state", "stored_at"),)


class ExamStudyRow(Base):
    """A study is an exam's."""

    __tablename__ = "exam_study"
    exam_id: Mapped[str] = mapped_column(ForeignKey("exam.id"), primary_key=True)
    study_id: Mapped[str] = mapped_column(ForeignKey("study.id"), primary_key=True, index=True)
    how: Mapped[str] = mapped_column(String(16))
    """``study-uid``, ``accession``, or ``staff``: what staff matched stays."""
    matched_at: Mapped[datetime]
    note: Mapped[str | None] = mapped_column(Text)
    """Who of staff matched it, and how they know."""


class ReportRow(Base):
    """The report of an exam as the RIS told it last; ``exam_id`` None while its order has not come."""

    __tablename__ = "report"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    authority: Mapped[str]
    accession: Mapped[str]
    patient_id: Mapped[str] = mapped_column(ForeignKey("patient.id"))
    """As the report's message said, before merges."""
    exam_id: Mapped[str | None] = mapped_column(ForeignKey("exam.id"), unique=True)
    report_version: Mapped[int] = mapped_column(default=1)
    """Of the report's text and status: rises with each change of them."""
    status: Mapped[str] = mapped_column(String(16))
    rank_at: Mapped[datetime]
    rank_told_at: Mapped[datetime]
    signed_at: Mapped[datetime | None]
    told_sent_at: Mapped[datetime | None]
    """ZRP-1."""
    is_sensitive: Mapped[bool | None]
    was_signed: Mapped[bool] = mapped_column(default=False)
    withdrawn_at: Mapped[datetime | None]
    title: Mapped[str] = mapped_column(default="")
    interpreter: Mapped[str | None]
    text: Mapped[str | None] = mapped_column(Text)
    pdf: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The RIS's own PDF."""
    due_at: Mapped[datetime | None] = mapped_column(index=True)
    """From when it may be seen; None: never, as things stand."""
    released_version: Mapped[int | None]
    """The report_version that was told as released and not taken back since."""
    pdf_key: Mapped[str | None]
    pdf_sha256: Mapped[str | None] = mapped_column(String(64))
    pdf_version: Mapped[int | None]
    """The report_version that ``pdf_key`` holds."""
    version: Mapped[int] = mapped_column(default=0)
    """Of report.released, corrected and withdrawn."""
    stored_version: Mapped[int] = mapped_column(default=0)
    """Of report.stored."""
    changed_at: Mapped[datetime] = mapped_column(index=True)
    __table_args__ = (UniqueConstraint("authority", "accession"),)


class ReportOpeningRow(Base):
    """A holder opened a version of a report: who must be told when it is withdrawn."""

    __tablename__ = "report_opening"
    report_id: Mapped[str] = mapped_column(ForeignKey("report.id"), primary_key=True)
    report_version: Mapped[int] = mapped_column(primary_key=True)
    holder: Mapped[str] = mapped_column(primary_key=True)
    opened_at: Mapped[datetime]


class FeedMessageRow(Base):
    """An HL7 message whose effect is done, by MSH-10 and a hash of the whole."""

    __tablename__ = "feed_message"
    control_id: Mapped[str] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    received_at: Mapped[datetime] = mapped_column(index=True)
