"""The portal's words in the language that a test walks in; the Spanish ones as the portal's own catalogue has them."""

import gettext
import re
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from deploy.local.places import ROOT

CATALOGUE = ROOT / "gateway" / "portal" / "translations" / "es" / "LC_MESSAGES" / "messages.mo"
PHI = "Yes, I understand that I am downloading Protected Health Information (PHI)."


@cache
def _spanish() -> gettext.GNUTranslations:
    with CATALOGUE.open("rb") as file:
        return gettext.GNUTranslations(file)


@dataclass(frozen=True)
class Words:
    """Gives what the portal says for an English text; fails for one that the catalogue has not."""

    language: Literal["en", "es"]

    @property
    def locale(self) -> str:
        """What the browser prefers."""
        return f"{self.language}-US"

    def __call__(self, english: str, **facts: Any) -> str:
        """Give the words of *english*, with *facts* put in."""
        text = english
        if self.language == "es":
            text = _spanish().gettext(english)
            assert text != english or english in SAME, f"not in the catalogue: {english}"
        return text % facts if facts else text

    def begins(self, english: str) -> re.Pattern[str]:
        """Give a pattern of what begins with *english*, up to its first fact."""
        return re.compile("^" + re.escape(self(english).partition("%(")[0].rstrip()))


SAME = ("Portal", "Portal Pass", "Error:")
"""What is the same in both languages."""
ENGLISH = Words("en")
