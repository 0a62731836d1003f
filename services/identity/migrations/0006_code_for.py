"""Whose the visit was when an I-Code was printed for it, and whether it was another's since."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the columns; of codes printed already it is not known, so a correction ends them as before."""
    op.add_column("icode", sa.Column("issued_for", sa.String(64), nullable=True))
    op.add_column("icode", sa.Column("has_changed_hands", sa.Boolean(), nullable=False, server_default=sa.false()))
