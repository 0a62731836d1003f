"""What an account holder's own calls need: a theme, who opened what, and where a device's notices go."""

import sqlalchemy as sa
from alembic import op

from services.chassis.db import UtcDateTime

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("account", sa.Column("theme", sa.String(8), nullable=True))
    op.add_column("audit_entry", sa.Column("person", sa.String(200), nullable=True))
    op.add_column("audit_entry", sa.Column("device", sa.String(64), nullable=True))
    op.create_index("ix_audit_entry_object", "audit_entry", ["object"])
    op.create_table(
        "push_address",
        sa.Column("session", sa.String(64), primary_key=True),
        sa.Column("account_id", sa.String(64), sa.ForeignKey("account.id"), nullable=False),
        sa.Column("platform", sa.String(16), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("address_hash", sa.String(64), unique=True, nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
    )
    op.create_index("ix_push_address_account_id", "push_address", ["account_id"])
