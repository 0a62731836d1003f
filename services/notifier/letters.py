"""What the mails say: one frame for HTML and one for plain text, and the words of each letter in each language."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from contracts.messages import Template
from services.notifier.domain import Language

FOLDER = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Letter:
    """A letter in both forms."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class Letters:
    """Writes letters; the only link in them leads to the log-in page (S37)."""

    enter_url: str
    """The portal's log-in page."""
    support_phone: str

    def write(self, template: Template, language: Language, facts: dict[str, str]) -> Letter:
        """Give the letter of *template* with *facts*, those allowed for it. Raises jinja2.UndefinedError for others."""
        said = _words(language)
        words = _filled(said["letters"][template], facts)
        frame = {
            "words": words,
            "frame": said["frame"],
            "language": language,
            "enter_url": self.enter_url,
            "support_phone": self.support_phone,
        }
        pages = _pages()
        return Letter(
            subject=words["subject"],
            text=pages.get_template("letter.txt").render(frame).strip() + "\n",
            html=pages.get_template("letter.html").render(frame),
        )

    def write_short(self, template: Template, language: Language) -> str:
        """Give the letter in the few words of a text message: what happened, and where to look."""
        said = _words(language)
        return f"RadNet {said['frame']['portal']}: {said['letters'][template]['title']}. {self.enter_url}"


def _filled(words: dict[str, Any], facts: dict[str, str]) -> dict[str, Any]:
    plain = Environment(undefined=StrictUndefined, autoescape=False)  # noqa: S701 - escaped once, by the frame

    def fill(value: Any) -> Any:
        if isinstance(value, list):
            return [fill(one) for one in value]
        return plain.from_string(value).render(facts) if isinstance(value, str) else value

    return {name: fill(value) for name, value in words.items()}


@cache
def _words(language: Language) -> dict[str, Any]:
    words: dict[str, Any] = yaml.safe_load((FOLDER / f"words.{language}.yaml").read_text(encoding="utf-8"))
    return words


@cache
def _pages() -> Environment:
    return Environment(
        loader=FileSystemLoader(FOLDER),
        undefined=StrictUndefined,
        autoescape=select_autoescape(["html"]),
        trim_blocks=True,
        lstrip_blocks=True,
    )
