"""Sets a Portal Pass as a page and as a tagged PDF (PDF/UA-1), each one Letter sheet in English and Spanish (S1, S2).

All that is said of a patient reaches both as data, so nothing in it can become markup; no font of the machine is used.
"""

import base64
import hashlib
import io
import json
import re
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from textwrap import shorten
from typing import Any, Final, Literal

import segno
from babel.dates import format_date
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.identity.portal_pass_words import WORDS

_HERE = Path(__file__).parent
_TEMPLATE = _HERE / "portal_pass.typ"
_STYLE = (_HERE / "portal_pass.css").read_text(encoding="utf-8")
_PAGES = Environment(loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
_NONE = re.compile(r"(?!)")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\ufffe\uffff]")
_OUTSIDE_THE_FONTS = re.compile(r"[^\x20-\u024f\u0370-\u052f\u1e00-\u1fff\u2010-\u2030\u20ac\u2122]")
_NOT_ASCII = re.compile(r"[^\x20-\x7e]")
_MOST_EXAMS: Final = 6
"""So many fit on the sheet; the portal shows all."""
_LONGEST: Final = 80
"""Of a name on the sheet, in letters."""

PAGE_POLICY = "; ".join(
    (
        "default-src 'none'",
        f"style-src 'sha256-{base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
"""The Content-Security-Policy of the page: its own style and nothing else."""


class PassNotSet(Exception):
    """typst could not set the sheet: a fault of ours or of the machine."""


@dataclass(frozen=True, slots=True)
class PassSheet:
    """What stands on a Pass."""

    code: str = field(repr=False)
    """As it is printed, in groups."""
    entry_url: str = field(repr=False)
    """What the QR code opens; the code is in its fragment, which no server is sent."""
    address: str
    """What a person types to come to the portal."""
    patient_name: str
    visit_day: date | None
    """At the location."""
    location: str
    state: str
    """Two letters: whose law there is on reports."""
    exams: tuple[str, ...]
    """What the exams that the code opens are called."""
    last_day: date
    """The day at the location on which the code's 90 days end."""
    support_phone: str
    made_at: datetime
    language: Literal["en", "es"] = "en"
    """Which comes first; both are there."""


def make_html(sheet: PassSheet) -> str:
    """Give the Pass as a whole page; what is the Pass itself is its one ``<article>``."""
    page = _PAGES.get_template("portal_pass.html")
    return page.render(**_facts(sheet, _NONE), qr_code=_qr_code(sheet), style=_STYLE)


def make_pdf(sheet: PassSheet) -> bytes:
    """Give the Pass as a PDF/UA-1 file.

    The fonts that typst brings hold Latin, Greek and Cyrillic letters; others are shown as a question mark.
    Raises PassNotSet.
    """
    import typst

    for unshown in (_NONE, _OUTSIDE_THE_FONTS, _NOT_ASCII):
        facts = _facts(sheet, unshown) | {"qr_code": _qr_code(sheet)}
        try:
            pdf: Any = typst.compile(
                str(_TEMPLATE),
                format="pdf",
                ignore_system_fonts=True,
                sys_inputs={"sheet": json.dumps(facts)},
                pdf_standards=["ua-1"],
                timestamp=int(sheet.made_at.timestamp()),
            )
            return bytes(pdf)
        except typst.TypstError as fault:
            if "could not be displayed" not in str(fault):
                break
    raise PassNotSet  # typst's message quotes the sheet


def _qr_code(sheet: PassSheet) -> str:
    """Give the QR code as an SVG element, with its quiet zone."""
    svg = io.BytesIO()
    segno.make_qr(sheet.entry_url, error="m").save(svg, kind="svg", xmldecl=False, omitsize=True, nl=False)
    return svg.getvalue().decode()


def _facts(sheet: PassSheet, unshown: re.Pattern[str]) -> dict[str, Any]:
    """Give all that is printed, as text, with a question mark for each letter that is *unshown*."""
    other = "es" if sheet.language == "en" else "en"

    def legible(text: str) -> str:
        return unshown.sub("?", _UNPRINTABLE.sub(" ", text).strip())

    beyond = len(sheet.exams) - _MOST_EXAMS
    exams = [shorten(legible(exam), _LONGEST, placeholder=" …") for exam in sheet.exams[:_MOST_EXAMS]]
    exams += [f"+{beyond}"] if beyond > 0 else []
    return {
        "title": "Portal Pass",
        "language": sheet.language,
        "other": other,
        "code": sheet.code,
        "address": sheet.address,
        "patient_name": shorten(legible(sheet.patient_name), _LONGEST, placeholder=" …"),
        "visit_day": _day(sheet.visit_day, sheet.language),
        "location": legible(sheet.location),
        "exams": exams,
        "last_day": _day(sheet.last_day, sheet.language),
        "support_phone": sheet.support_phone,
        "said": [_said(sheet, language) for language in (sheet.language, other)],
    }


def _said(sheet: PassSheet, language: str) -> dict[str, Any]:
    """Give the words of one language; sentences as parts of which every second one is bold."""
    words = WORDS[language]
    return words | {
        "language": language,
        "steps": [_parts(step, sheet) for step in words["steps"]],
        "account": [_parts(paragraph, sheet) for paragraph in words["account"]],
        "when": _parts(words["when"] + words["law"].get(sheet.state, ""), sheet),
    }


def _parts(sentence: str, sheet: PassSheet) -> list[str]:
    return [part.format(address=sheet.address) for part in sentence.split("|")]


def _day(day: date | None, language: str) -> str:
    """Give ``November 23, 2026`` or ``23 de noviembre de 2026``."""
    return format_date(day, "long", language) if day else ""
