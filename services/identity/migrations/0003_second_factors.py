"""The tables of second factors and of what is mailed to prove an address."""

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Nothing yet."""
