"""The words of a report and what they mean in plain words (``terms/*.yaml``): finds them, links each one's first place.

It explains words in general and knows nothing of the exam. A report's text comes from outside: it leaves here escaped.
"""

import re
import string
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml
from markupsafe import Markup, escape

TERMS = Path(__file__).with_name("terms")
MOST_WORDS = 40
"""How many words of one report are explained: the page stays under 100 KB."""
LONGEST_ABBREVIATION = 5
SMALL_WORDS = {
    "en": (
        "and",
        "are",
        "for",
        "has",
        "in",
        "is",
        "it",
        "of",
        "on",
        "or",
        "the",
        "there",
        "this",
        "to",
        "with",
        "without",
    ),
    "es": (
        "con",
        "de",
        "del",
        "el",
        "en",
        "es",
        "hay",
        "la",
        "las",
        "los",
        "para",
        "por",
        "que",
        "se",
        "sin",
        "un",
        "y",
    ),
}
"""What no sentence does without, by language."""

_FOLDED = str.maketrans(
    string.ascii_uppercase + "ÁÉÍÓÚÜÑáéíóúüñ’‐‑\N{NO-BREAK SPACE}", string.ascii_lowercase + "aeiouunaeiouun'-- "
)
"""Capitals, accents and typographic signs do not matter; every letter stays where it stands."""
_WORD = re.compile(r"\w+")
_LINK = Markup('<a class="term" id="place-{number}" href="#word-{number}">{text}</a>')


@dataclass(frozen=True, eq=False)
class Term:
    """A medical word: by language its forms, its name first, and what it means."""

    forms: Mapping[str, tuple[str, ...]]
    means: Mapping[str, str]


@dataclass(frozen=True)
class Word:
    """A line of "Words in this report"; ``own_name``: its name in the page's language where the report's is another."""

    name: str
    language: str
    own_name: str | None
    means: str


@cache
def terms() -> tuple[Term, ...]:
    """Give all terms."""
    return tuple(_term(entry) for file in sorted(TERMS.glob("*.yaml")) for entry in _entries(file))


def _entries(file: Path) -> list[dict[str, list[str] | str]]:
    entries: list[dict[str, list[str] | str]] = yaml.load(file.read_text("utf-8"), yaml.CSafeLoader)
    return entries


def _term(entry: Mapping[str, list[str] | str]) -> Term:
    return Term(
        {language: tuple(entry[language]) for language in SMALL_WORDS},
        {language: str(entry[f"{language}_means"]) for language in SMALL_WORDS},
    )


def folded(text: str) -> str:
    """Give *text* as it is compared, letter by letter at the same places."""
    return text.translate(_FOLDED)


def key_of(form: str) -> str:
    """Give what two forms have in common that are the same: a hyphen is as good as a space."""
    return folded(form).replace("-", " ")


def is_abbreviation(form: str) -> bool:
    """Tell whether *form* counts in capitals alone, as PET does."""
    return form.isupper() and len(form) <= LONGEST_ABBREVIATION


class _Book:
    """The terms of one language, and the one pattern that finds them: whole words, the longest first."""

    def __init__(self, language: str) -> None:
        forms = [(form, term) for term in terms() for form in term.forms[language]]
        self._terms = {key_of(form): term for form, term in forms}
        self._abbreviations = {key_of(form) for form, _ in forms if is_abbreviation(form)}
        choices = "|".join(re.escape(key) for key in sorted(self._terms, key=len, reverse=True))
        self.pattern = re.compile(rf"(?<!\w)(?:{choices})(?!\w)".replace(r"\ ", "[ -]"))

    def term(self, text: str) -> Term | None:
        """Give the term whose form *text* is; None for an abbreviation's letters in small ones."""
        key = key_of(text)
        return None if key in self._abbreviations and not text.isupper() else self._terms[key]


@cache
def _book(language: str) -> _Book:
    return _Book(language)


def language_of(text: str) -> str:
    """Give the language that *text* is written in, by its small words: ``es``, else ``en``."""
    counts = Counter(_WORD.findall(folded(text)))
    said = {language: sum(counts[word] for word in small) for language, small in SMALL_WORDS.items()}
    return "es" if said["es"] > said["en"] else "en"


class Reading:
    """One report on its way to the page: links each term where it stands first, and keeps which were linked."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._found: dict[Term, tuple[str, str]] = {}
        """As it stands there, and in which language."""

    def link(self, line: str, language: str | None = None) -> Markup:
        """Give one line escaped, new terms in it linked; *language* for a line in another than the report's."""
        its_language = language or self.language
        book, pieces, at = _book(its_language), [], 0
        for match in book.pattern.finditer(folded(line)):
            start, end = match.span()
            text = line[start:end]
            term = book.term(text)
            if term is None or term in self._found:
                continue
            if len(self._found) == MOST_WORDS:
                break
            self._found[term] = text, its_language
            pieces += [escape(line[at:start]), _LINK.format(number=len(self._found), text=text)]
            at = end
        return Markup().join([*pieces, escape(line[at:])])

    def words(self, language: str) -> list[Word]:
        """Give what was linked, in its order, explained in the page's *language*."""
        return [_word(term, *found, language) for term, found in self._found.items()]


def _word(term: Term, text: str, its_language: str, language: str) -> Word:
    own_name = term.forms[language][0]
    is_another = its_language != language and own_name.lower() != text.lower()
    return Word(text[0].upper() + text[1:], its_language, own_name if is_another else None, term.means[language])
