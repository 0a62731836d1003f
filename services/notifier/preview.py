"""Writes every letter in both languages to a folder, to be opened in a browser: ``make mail-preview``."""

import argparse
import sys
from html import escape
from pathlib import Path
from typing import get_args

from contracts.messages import Template
from services.notifier.domain import ALLOWED_FACTS, TEXTED_TOO, Language
from services.notifier.letters import Letters

FACTS = {"code": "482913", "maskedUserId": "m••••••l", "invitationCode": "7K2MQ-4XW9-P3TB"}
"""What stands in a preview for what a real letter says."""


def write_all(folder: Path) -> list[Path]:
    """Write each letter as ``<template>.<language>.html`` and ``.txt``, and an index of them; gives the pages."""
    folder.mkdir(parents=True, exist_ok=True)
    letters = Letters("https://portal.example/enter", "1-800-555-0123")
    languages: tuple[Language, ...] = get_args(Language)
    pages = [_write(folder, letters, template, one) for template in get_args(Template) for one in languages]
    index = folder / "index.html"
    index.write_text(_index(pages), encoding="utf-8")
    return [index, *pages]


def _write(folder: Path, letters: Letters, template: Template, language: Language) -> Path:
    letter = letters.write(template, language, {name: FACTS[name] for name in ALLOWED_FACTS.get(template, ())})
    page = folder / f"{template}.{language}.html"
    page.write_text(letter.html, encoding="utf-8")
    short = letters.write_short(template, language) if template in TEXTED_TOO else ""
    text = f"Subject: {letter.subject}\n\n{letter.text}" + (f"\nText message:\n{short}\n" if short else "")
    page.with_suffix(".txt").write_text(text, encoding="utf-8")
    return page


def _index(pages: list[Path]) -> str:
    rows = "".join(
        f'<li><a href="{escape(page.name)}">{escape(page.stem)}</a> '
        f'(<a href="{escape(page.with_suffix(".txt").name)}">text</a>)</li>'
        for page in pages
    )
    return f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Letters</title><h1>Letters</h1><ul>{rows}</ul>'


def main() -> None:
    """Write them to the folder named."""
    parser = argparse.ArgumentParser(prog="python -m services.notifier.preview", description=__doc__)
    parser.add_argument("folder", type=Path)
    index, *_pages = write_all(parser.parse_args().folder)
    sys.stdout.write(f"Open {index}\n")


if __name__ == "__main__":
    main()
