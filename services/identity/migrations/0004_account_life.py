"""The tables of an account's life."""

import sqlalchemy as sa
from alembic import op

from services.chassis.db import UtcDateTime

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "invitation",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("patient_id", sa.String(64), nullable=False),
        sa.Column("locator", sa.String(8), unique=True, nullable=False),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("is_despite_protection", sa.Boolean(), nullable=False),
        sa.Column("issued_by", sa.String(64), nullable=False),
        sa.Column("issued_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
    )
    op.create_index("ix_invitation_expires_at", "invitation", ["expires_at"])
    op.create_index("ix_invitation_patient_id", "invitation", ["patient_id"])
    op.add_column("account", sa.Column("rests_at", UtcDateTime(), nullable=True))
    op.add_column("patient", sa.Column("contact_since", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("patient", sa.Column("of_age_at", UtcDateTime(), nullable=True))
    op.add_column("patient", sa.Column("minor_until", UtcDateTime(), nullable=True))
    op.create_index("ix_patient_minor_until", "patient", ["minor_until"])
