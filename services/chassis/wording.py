"""What refusals say in Spanish; their English stands where they are raised."""

from functools import cache
from pathlib import Path
from typing import Final, Literal

import yaml

Language = Literal["en", "es"]
LANGUAGES: Final[tuple[Language, ...]] = ("en", "es")


def spanish(words: str) -> str:
    """Give what a refusal says in Spanish; *words* themselves where nobody has said it, such as to another system."""
    return _catalogue().get(words, words)


@cache
def _catalogue() -> dict[str, str]:
    said: dict[str, str] = yaml.safe_load(Path(__file__).with_name("refusals.es.yaml").read_text("utf-8"))
    return said
