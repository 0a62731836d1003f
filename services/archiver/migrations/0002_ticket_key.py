"""Tickets that end with the key which signed their token."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the column; tickets made already have none, and end with their packages within a day."""
    op.add_column("ticket", sa.Column("kid", sa.String(64)))
