"""The tables of an account's life."""

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Nothing yet."""
