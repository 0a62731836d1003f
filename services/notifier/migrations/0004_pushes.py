"""Devices of a contact, and when a notice went to them."""

import sqlalchemy as sa
from alembic import op

from services.chassis.db import UtcDateTime

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("contact", sa.Column("pushes", sa.JSON, nullable=False, server_default="[]"))
    op.add_column("notice", sa.Column("pushed_at", UtcDateTime))
