"""The languages of the portal."""

from typing import Literal


def portal_language(language: str | None) -> Literal["en", "es"] | None:
    """Give the portal's language for what the RIS says (``es``, ``spa``, ``Spanish``); None: not said."""
    if not language:
        return None
    return "es" if language.strip().lower()[:2] in {"es", "sp"} else "en"
