"""What a downloaded package is called: ``Accession-ExamFriendlyDescription`` (design/rules.md, O2). Pure."""

import re
import unicodedata
from typing import Final

MAX_LENGTH: Final = 80  # with a folder and an extension still far below what Windows bears
_NOT_SAFE = re.compile(r"[^A-Za-z0-9]+")
_RESERVED = re.compile(r"(?:CON|PRN|AUX|NUL|COM\d|LPT\d)", re.IGNORECASE)  # Windows takes these for devices
_UNNAMED = "exam"


def file_name(accession: str, description: str | None) -> str:
    """Give the name of an exam's file, without extension: ASCII letters, digits and hyphens, 80 at most.

    *description* is the exam's friendly one, such as "CT of the chest"; without one the accession number stands alone.
    """
    words = "".join(_capital(word) for word in _words(description or ""))
    number = "-".join(_words(accession)) or _UNNAMED
    name = f"{number}-{words}" if words else number
    if _RESERVED.fullmatch(name.split("-")[0]):
        name = f"{_UNNAMED}-{name}"
    return name[:MAX_LENGTH].rstrip("-")


def _words(text: str) -> list[str]:
    """Give the words of *text* in ASCII: accents are dropped, what has no ASCII letter is left out."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")
    return [word for word in _NOT_SAFE.split(plain) if word]


def _capital(word: str) -> str:
    return word[0].upper() + word[1:]
