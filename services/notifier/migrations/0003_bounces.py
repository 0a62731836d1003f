"""Addresses that nobody reads, and a count of the mails that came back."""

import sqlalchemy as sa
from alembic import op

from services.chassis.db import UtcDateTime

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("mailed_address", sa.Column("refused_at", UtcDateTime))
    op.create_table(
        "return_count",
        sa.Column("outcome", sa.String(16), primary_key=True),
        sa.Column("count", sa.Integer, nullable=False),
    )
