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
    op.add_column("exam", sa.Column("modality", sa.String(16), nullable=True))
    op.create_table(
        "identity_questions",
        sa.Column("person", sa.String(64), primary_key=True),
        sa.Column("questions", sa.JSON(), nullable=False),
        sa.Column("in_all", sa.Integer(), nullable=False),
        sa.Column("in_day", sa.Integer(), nullable=False),
        sa.Column("day_began_at", UtcDateTime(), nullable=True),
        sa.Column("touched_at", UtcDateTime(), nullable=False),
    )
    op.create_index("ix_identity_questions_touched_at", "identity_questions", ["touched_at"])
    op.create_table(
        "registration",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("step", sa.String(16), nullable=False),
        sa.Column("began_at", UtcDateTime(), nullable=False),
        sa.Column("person", sa.String(64), nullable=False),
        sa.Column("patient_id", sa.String(64), nullable=True),
        sa.Column("location_id", sa.String(32), nullable=False),
        sa.Column("proven_by", sa.String(16), nullable=False),
        sa.Column("invitation_id", sa.String(64), nullable=True),
        sa.Column("user_id", sa.String(100), nullable=True),
        sa.Column("email", sa.String(254), nullable=True),
        sa.Column("password_hash", sa.String(200), nullable=True),
        sa.Column("language", sa.String(2), nullable=True),
    )
    op.create_index("ix_registration_began_at", "registration", ["began_at"])
