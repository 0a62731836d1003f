"""What an account's owner may choose of how the portal speaks and looks."""

from typing import Final, Literal

Theme = Literal["light", "dark", "auto"]
DEFAULT_THEME: Final[Theme] = "auto"
"""As the device has it."""
