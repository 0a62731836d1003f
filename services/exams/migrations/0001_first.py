"""The first tables of exams (services/exams/store/tables.py)."""

import sqlalchemy as sa
from alembic import op

from services.chassis.db import UtcDateTime
from services.chassis.migrate import create_chassis_tables

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_chassis_tables(op)
    op.create_table(
        "feed_message",
        sa.Column("control_id", sa.String(), primary_key=True),
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("received_at", UtcDateTime(), nullable=False),
    )
    op.create_index("ix_feed_message_received_at", "feed_message", ["received_at"])
    op.create_table(
        "patient",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("family", sa.String(), nullable=False),
        sa.Column("given", sa.String(), nullable=False),
        sa.Column("middle", sa.String(), nullable=False),
        sa.Column("birth_date", sa.Date()),
        sa.Column("sex", sa.String(1), nullable=False),
        sa.Column("postal_code", sa.String()),
        sa.Column("phones", sa.JSON(), nullable=False),
        sa.Column("emails", sa.JSON(), nullable=False),
        sa.Column("language", sa.String()),
        sa.Column("is_deceased", sa.Boolean(), nullable=False),
        sa.Column("is_protected", sa.Boolean(), nullable=False),
        sa.Column("merged_into_id", sa.String(32), sa.ForeignKey("patient.id")),
        sa.Column("field_told", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("told", sa.JSON()),
        sa.Column("told_merged_into_id", sa.String(32)),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
    )
    op.create_index("ix_patient_changed_at", "patient", ["changed_at"])
    op.create_index("ix_patient_merged_into_id", "patient", ["merged_into_id"])
    op.create_table(
        "study",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("study_uid", sa.String(), nullable=False, unique=True),
        sa.Column("mrn", sa.String()),
        sa.Column("accession", sa.String()),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("patient_keys", sa.JSON(), nullable=False),
        sa.Column("study_keys", sa.JSON(), nullable=False),
        sa.Column("waiting", sa.String()),
        sa.Column("changes", sa.Integer(), nullable=False),
        sa.Column("manifest_changes", sa.Integer(), nullable=False),
        sa.Column("is_dirty", sa.Boolean(), nullable=False),
        sa.Column("manifest_version", sa.Integer(), nullable=False),
        sa.Column("manifest_key", sa.String()),
        sa.Column("manifest_sha256", sa.String(64)),
        sa.Column("manifest_at", UtcDateTime()),
        sa.Column("instances", sa.Integer(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("pictures", sa.Integer(), nullable=False),
        sa.Column("first_at", UtcDateTime(), nullable=False),
    )
    op.create_index("ix_study_accession", "study", ["accession"])
    op.create_index("ix_study_dirty", "study", ["is_dirty", "manifest_at"])
    op.create_index("ix_study_mrn", "study", ["mrn"])
    op.create_index("ix_study_waiting", "study", ["waiting"])
    op.create_table(
        "patient_identifier",
        sa.Column("authority", sa.String(), primary_key=True),
        sa.Column("mrn", sa.String(), primary_key=True),
        sa.Column("patient_id", sa.String(32), sa.ForeignKey("patient.id"), nullable=False),
    )
    op.create_index("ix_patient_identifier_mrn", "patient_identifier", ["mrn"])
    op.create_index("ix_patient_identifier_patient_id", "patient_identifier", ["patient_id"])
    op.create_table(
        "series",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("study_id", sa.String(32), sa.ForeignKey("study.id"), nullable=False),
        sa.Column("series_uid", sa.String(), nullable=False),
        sa.Column("modality", sa.String(), nullable=False),
        sa.Column("number", sa.Integer()),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("keys", sa.JSON(), nullable=False),
        sa.UniqueConstraint("study_id", "series_uid"),
    )
    op.create_table(
        "visit",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("authority", sa.String(), nullable=False),
        sa.Column("visit_number", sa.String(), nullable=False),
        sa.Column("home_patient_id", sa.String(32), sa.ForeignKey("patient.id"), nullable=False),
        sa.Column("patient_id", sa.String(32), sa.ForeignKey("patient.id"), nullable=False),
        sa.Column("location_id", sa.String(), nullable=False),
        sa.Column("starts_at", UtcDateTime()),
        sa.Column("arrived_at", UtcDateTime()),
        sa.Column("referring_physician", sa.String()),
        sa.Column("allergies", sa.JSON(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("field_told", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("told", sa.JSON()),
        sa.Column("details_version", sa.Integer(), nullable=False),
        sa.Column("details_told", sa.JSON()),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.UniqueConstraint("authority", "visit_number"),
    )
    op.create_index("ix_visit_changed_at", "visit", ["changed_at"])
    op.create_index("ix_visit_home_patient_id", "visit", ["home_patient_id"])
    op.create_index("ix_visit_patient_id", "visit", ["patient_id"])
    op.create_table(
        "exam",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("authority", sa.String(), nullable=False),
        sa.Column("accession", sa.String(), nullable=False),
        sa.Column("visit_id", sa.String(32), sa.ForeignKey("visit.id"), nullable=False),
        sa.Column("patient_id", sa.String(32), sa.ForeignKey("patient.id"), nullable=False),
        sa.Column("procedure_code", sa.String(), nullable=False),
        sa.Column("procedure_text", sa.String(), nullable=False),
        sa.Column("modality", sa.String(), nullable=False),
        sa.Column("reason", sa.String()),
        sa.Column("ordering_physician", sa.String()),
        sa.Column("starts_at", UtcDateTime()),
        sa.Column("study_uid", sa.String()),
        sa.Column("status", sa.String()),
        sa.Column("ordered_at", UtcDateTime()),
        sa.Column("completed_at", UtcDateTime()),
        sa.Column("sorted_at", UtcDateTime(), nullable=False),
        sa.Column("field_told", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("told", sa.JSON()),
        sa.Column("stored_version", sa.Integer(), nullable=False),
        sa.Column("stored_told", sa.JSON()),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.UniqueConstraint("authority", "accession"),
    )
    op.create_index("ix_exam_accession", "exam", ["accession"])
    op.create_index("ix_exam_changed_at", "exam", ["changed_at"])
    op.create_index("ix_exam_patient_id", "exam", ["patient_id"])
    op.create_index("ix_exam_sorted_at", "exam", ["sorted_at"])
    op.create_index("ix_exam_study_uid", "exam", ["study_uid"])
    op.create_index("ix_exam_visit_id", "exam", ["visit_id"])
    op.create_table(
        "instance",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("study_id", sa.String(32), sa.ForeignKey("study.id"), nullable=False),
        sa.Column("series_id", sa.String(32), sa.ForeignKey("series.id"), nullable=False),
        sa.Column("sop_instance_uid", sa.String(), nullable=False, unique=True),
        sa.Column("sop_class_uid", sa.String(), nullable=False),
        sa.Column("transfer_syntax_uid", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(8), nullable=False),
        sa.Column("record_type", sa.String(), nullable=False),
        sa.Column("instance_number", sa.Integer()),
        sa.Column("frames", sa.Integer(), nullable=False),
        sa.Column("slice_position", sa.Double()),
        sa.Column("orientation", sa.String()),
        sa.Column("keys", sa.JSON(), nullable=False),
        sa.Column("stored_at", UtcDateTime(), nullable=False),
        sa.Column("render_state", sa.String(8), nullable=False),
        sa.Column("render_until", UtcDateTime()),
        sa.Column("render_tries", sa.Integer(), nullable=False),
        sa.Column("no_picture", sa.String()),
    )
    op.create_index("ix_instance_render", "instance", ["render_state", "stored_at"])
    op.create_index("ix_instance_series_id", "instance", ["series_id"])
    op.create_index("ix_instance_study_id", "instance", ["study_id"])
    op.create_table(
        "exam_study",
        sa.Column("exam_id", sa.String(32), sa.ForeignKey("exam.id"), primary_key=True),
        sa.Column("study_id", sa.String(32), sa.ForeignKey("study.id"), primary_key=True),
        sa.Column("how", sa.String(16), nullable=False),
        sa.Column("matched_at", UtcDateTime(), nullable=False),
        sa.Column("note", sa.Text()),
    )
    op.create_index("ix_exam_study_study_id", "exam_study", ["study_id"])
    op.create_table(
        "report",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("authority", sa.String(), nullable=False),
        sa.Column("accession", sa.String(), nullable=False),
        sa.Column("patient_id", sa.String(32), sa.ForeignKey("patient.id"), nullable=False),
        sa.Column("exam_id", sa.String(32), sa.ForeignKey("exam.id"), unique=True),
        sa.Column("report_version", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("rank_at", UtcDateTime(), nullable=False),
        sa.Column("rank_told_at", UtcDateTime(), nullable=False),
        sa.Column("signed_at", UtcDateTime()),
        sa.Column("told_sent_at", UtcDateTime()),
        sa.Column("is_sensitive", sa.Boolean()),
        sa.Column("was_signed", sa.Boolean(), nullable=False),
        sa.Column("withdrawn_at", UtcDateTime()),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("interpreter", sa.String()),
        sa.Column("text", sa.Text()),
        sa.Column("pdf", sa.LargeBinary()),
        sa.Column("due_at", UtcDateTime()),
        sa.Column("released_version", sa.Integer()),
        sa.Column("pdf_key", sa.String()),
        sa.Column("pdf_sha256", sa.String(64)),
        sa.Column("pdf_version", sa.Integer()),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("stored_version", sa.Integer(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.UniqueConstraint("authority", "accession"),
    )
    op.create_index("ix_report_changed_at", "report", ["changed_at"])
    op.create_index("ix_report_due_at", "report", ["due_at"])
    op.create_table(
        "report_opening",
        sa.Column("report_id", sa.String(32), sa.ForeignKey("report.id"), primary_key=True),
        sa.Column("report_version", sa.Integer(), primary_key=True),
        sa.Column("holder", sa.String(), primary_key=True),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
    )
