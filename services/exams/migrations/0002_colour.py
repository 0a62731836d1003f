"""Whether an object's pictures are in colour, which have no window."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the column; what is stored already is not known to be in colour."""
    op.add_column("instance", sa.Column("is_colour", sa.Boolean(), nullable=False, server_default=sa.false()))
