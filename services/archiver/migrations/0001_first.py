"""The first tables of the archiver (services.archiver/store/tables.py)."""

import sqlalchemy as sa
from alembic import op

from services.chassis.db import UtcDateTime
from services.chassis.migrate import create_chassis_tables

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_chassis_tables(op)
    op.create_table(
        "beat",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("at", UtcDateTime(), nullable=False),
    )
    op.create_table(
        "build",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("live_key", sa.String(64), unique=True),
        sa.Column("spec", sa.Text(), nullable=False),
        sa.Column("format", sa.String(8), nullable=False),
        sa.Column("queue", sa.String(64), nullable=False),
        sa.Column("estimated_bytes", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(64)),
        sa.Column("lease_until", UtcDateTime()),
        sa.Column("claimable_from", UtcDateTime(), nullable=False),
        sa.Column("called_at", UtcDateTime(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("faults", sa.Integer(), nullable=False),
        sa.Column("progress", sa.Float(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("started_at", UtcDateTime()),
        sa.Column("ready_at", UtcDateTime()),
        sa.Column("object_key", sa.String(120)),
        sa.Column("size_bytes", sa.BigInteger()),
        sa.Column("sha256", sa.String(64)),
        sa.Column("omitted", sa.Text(), nullable=False),
        sa.Column("reason", sa.String(64)),
    )
    op.create_index("ix_build_state", "build", ["state", "queue", "made_at"])
    op.create_table(
        "exam",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("patient_id", sa.String(64), nullable=False),
        sa.Column("visit_id", sa.String(64), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("images_available", sa.Boolean(), nullable=False),
        sa.Column("object_bytes", sa.BigInteger(), nullable=False),
        sa.Column("pictures", sa.Integer(), nullable=False),
        sa.Column("is_removed", sa.Boolean(), nullable=False),
    )
    op.create_index("ix_exam_patient_id", "exam", ["patient_id"])
    op.create_index("ix_exam_visit_id", "exam", ["visit_id"])
    op.create_table(
        "exam_file",
        sa.Column("exam_id", sa.String(64), primary_key=True),
        sa.Column("file_name", sa.String(200), nullable=False),
    )
    op.create_table(
        "exam_study",
        sa.Column("exam_id", sa.String(64), primary_key=True),
        sa.Column("study_id", sa.String(64), primary_key=True),
        sa.Column("manifest_version", sa.Integer(), nullable=False),
        sa.Column("manifest_key", sa.String(300), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
    )
    op.create_index("ix_exam_study_study_id", "exam_study", ["study_id"])
    op.create_table(
        "holder",
        sa.Column("id", sa.String(128), primary_key=True),
    )
    op.create_table(
        "report",
        sa.Column("exam_id", sa.String(64), primary_key=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("pdf_key", sa.String(300), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("taken_back_through", sa.Integer(), nullable=False),
    )
    op.create_table(
        "build_report",
        sa.Column("build_id", sa.String(64), sa.ForeignKey("build.id"), primary_key=True),
        sa.Column("exam_id", sa.String(64), primary_key=True),
        sa.Column("report_version", sa.Integer(), nullable=False),
    )
    op.create_index("ix_build_report_exam_id", "build_report", ["exam_id"])
    op.create_table(
        "package",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("holder", sa.String(128), nullable=False),
        sa.Column("build_id", sa.String(64), sa.ForeignKey("build.id"), nullable=False),
        sa.Column("live_key", sa.String(300), unique=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("include_report", sa.Boolean(), nullable=False),
        sa.Column("reports_left_out", sa.Integer(), nullable=False),
        sa.Column("file_name", sa.String(240), nullable=False),
        sa.Column("phi_acknowledged_at", UtcDateTime(), nullable=False),
        sa.Column("requested_at", UtcDateTime(), nullable=False),
        sa.Column("ready_at", UtcDateTime()),
        sa.Column("expires_at", UtcDateTime()),
        sa.Column("notice_told_at", UtcDateTime()),
        sa.Column("ended_at", UtcDateTime()),
        sa.Column("reason", sa.String(64)),
        sa.Column("notify_email", sa.String(254)),
        sa.Column("contact_version", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(8)),
        sa.Column("sent_spans", sa.Text(), nullable=False),
        sa.Column("last_downloaded_at", UtcDateTime()),
    )
    op.create_index("ix_package_build_id", "package", ["build_id"])
    op.create_index("ix_package_holder", "package", ["holder", "requested_at"])
    op.create_index("ix_package_state", "package", ["state", "expires_at"])
    op.create_table(
        "package_exam",
        sa.Column("package_id", sa.String(64), sa.ForeignKey("package.id"), primary_key=True),
        sa.Column("exam_id", sa.String(64), primary_key=True),
    )
    op.create_index("ix_package_exam_exam_id", "package_exam", ["exam_id"])
    op.create_table(
        "ticket",
        sa.Column("hash", sa.String(64), primary_key=True),
        sa.Column("package_id", sa.String(64), sa.ForeignKey("package.id"), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("holder", sa.String(128), nullable=False),
        sa.Column("session", sa.String(64), nullable=False),
        sa.Column("holder_version", sa.Integer(), nullable=False),
        sa.Column("grants", sa.Text(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("first_used_at", UtcDateTime()),
    )
    op.create_index("ix_ticket_package_id", "ticket", ["package_id"])
