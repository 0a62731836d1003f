"""Letters by text message, whom each letter was for, every attempt, and limits per address."""

import sqlalchemy as sa
from alembic import op

from services.chassis.db import UtcDateTime

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("mail", sa.Column("channel", sa.String(8), nullable=False, server_default="email"))
    op.add_column("mail", sa.Column("contact_kind", sa.String(16)))
    op.add_column("mail", sa.Column("contact_id", sa.String(128)))
    op.add_column("mail", sa.Column("taken_at", UtcDateTime))
    op.create_index("ix_mail_address", "mail", ["to_hash", "taken_at"])
    op.create_table("mailed_address", sa.Column("to_hash", sa.String(64), primary_key=True))
    op.create_table(
        "attempt",
        sa.Column("mail_id", sa.String(64), sa.ForeignKey("mail.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("status", sa.Integer),
    )
