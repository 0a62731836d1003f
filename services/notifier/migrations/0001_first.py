"""The first tables of the notifier."""

import sqlalchemy as sa
from alembic import op

from services.chassis.db import UtcDateTime
from services.chassis.migrate import create_chassis_tables

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_chassis_tables(op)
    op.create_table(
        "contact",
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("id", sa.String(128), primary_key=True),
        sa.Column("emails", sa.JSON, nullable=False),
        sa.Column("phone", sa.String(32)),
        sa.Column("language", sa.String(2)),
        sa.Column("wants", sa.JSON, nullable=False),
    )
    op.create_table(
        "message_switch",
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("id", sa.String(128), primary_key=True),
        sa.Column("template", sa.String(32), primary_key=True),
    )
    op.create_table(
        "package",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("state", sa.String(16), nullable=False),
    )
    op.create_table(
        "exam",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("patient_id", sa.String(64)),
    )
    op.create_table(
        "taken_back_report",
        sa.Column("exam_id", sa.String(64), primary_key=True),
        sa.Column("report_version", sa.Integer, nullable=False),
    )
    op.create_table(
        "notice",
        sa.Column("key", sa.String(200), primary_key=True),
        sa.Column("template", sa.String(32), nullable=False),
        sa.Column("about_kind", sa.String(16)),
        sa.Column("about_id", sa.String(128)),
        sa.Column("holder", sa.String(128)),
        sa.Column("exam_id", sa.String(64)),
        sa.Column("report_version", sa.Integer),
        sa.Column("email", sa.String(254)),
        sa.Column("language", sa.String(2)),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.Column("not_after", UtcDateTime, nullable=False, index=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("due_at", UtcDateTime),
        sa.Column("made_at", UtcDateTime, nullable=False),
    )
    op.create_index("ix_notice_due", "notice", ["state", "due_at"])
    op.create_index("ix_notice_about", "notice", ["about_kind", "about_id"])
    op.create_table(
        "mail",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("notice_key", sa.String(200), nullable=False, index=True),
        sa.Column("to_hash", sa.String(64), nullable=False),
        sa.Column("address", sa.Text),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due_at", UtcDateTime, nullable=False),
        sa.Column("settled_at", UtcDateTime),
    )
    op.create_index("ix_mail_due", "mail", ["state", "due_at"])
