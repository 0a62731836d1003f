"""The tables of registration."""

import sqlalchemy as sa
from alembic import op

from services.chassis.db import UtcDateTime

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "validation_code",
        sa.Column("purpose", sa.String(32), primary_key=True),
        sa.Column("subject", sa.String(96), primary_key=True),
        sa.Column("code_hash", sa.String(64), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("wrong_tries", sa.Integer(), nullable=False),
    )
    op.create_index("ix_validation_code_expires_at", "validation_code", ["expires_at"])
    op.create_table(
        "code_mails",
        sa.Column("purpose", sa.String(32), primary_key=True),
        sa.Column("address_hash", sa.String(64), primary_key=True),
        sa.Column("sent_at", sa.JSON(), nullable=False),
        sa.Column("touched_at", UtcDateTime(), nullable=False),
    )
    op.create_index("ix_code_mails_touched_at", "code_mails", ["touched_at"])
