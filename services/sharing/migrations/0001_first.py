"""The first tables of sharing."""

import sqlalchemy as sa
from alembic import op

from services.chassis.db import UtcDateTime
from services.chassis.migrate import create_chassis_tables

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_chassis_tables(op)
    op.create_table(
        "exam",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("patient_id", sa.String(64), nullable=False, index=True),
        sa.Column("visit_id", sa.String(64), nullable=False, index=True),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("time_zone", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("is_removed", sa.Boolean, nullable=False),
    )
    op.create_table(
        "share",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("link_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("holder", sa.String(128), nullable=False, index=True),
        sa.Column("nickname", sa.String(64), nullable=False),
        sa.Column("password_hash", sa.String(256), nullable=False),
        sa.Column("expires_at", UtcDateTime, nullable=False),
        sa.Column("latest_at", UtcDateTime),
        sa.Column("may_download", sa.Boolean, nullable=False),
        sa.Column("include_report", sa.Boolean, nullable=False),
        sa.Column("include_visit_summary", sa.Boolean, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("opens", sa.Integer, nullable=False),
        sa.Column("last_opened_at", UtcDateTime),
        sa.Column("locked_at", UtcDateTime),
        sa.Column("ended_at", UtcDateTime),
        sa.Column("end_reason", sa.String(32)),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("access_version", sa.Integer, nullable=False),
        sa.Column("contact_version", sa.Integer, nullable=False),
    )
    op.create_index("ix_share_expiring", "share", ["ended_at", "expires_at"])
    op.create_index("ix_share_newest", "share", ["created_at", "id"])
    op.create_table(
        "shared_exam",
        sa.Column("share_id", sa.String(64), sa.ForeignKey("share.id"), primary_key=True),
        sa.Column("exam_id", sa.String(64), primary_key=True, index=True),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("exam_version", sa.Integer, nullable=False),
        sa.Column("left_at", UtcDateTime),
    )
    op.create_table(
        "share_access",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("share_id", sa.String(64), sa.ForeignKey("share.id"), nullable=False, index=True),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("name", sa.Text),
        sa.Column("device", sa.String(64), nullable=False),
        sa.Column("address", sa.String(64)),
    )
    op.create_table(
        "link_tries",
        sa.Column("link_hash", sa.String(64), primary_key=True),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("next_try_at", UtcDateTime),
        sa.Column("tried_at", UtcDateTime, nullable=False, index=True),
    )
