"""Set a released report as a PDF that screen readers can read (PDF/UA-1), with typst.

The same sheet gives the same bytes. The report's words reach typst as data, so nothing in them can become markup, and
no font of the machine is used.
"""

import json
import re
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

_TEMPLATE = Path(__file__).with_suffix(".typ")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff]")
_NONE = re.compile(r"(?!)")
_OUTSIDE_THE_FONTS = re.compile(
    r"[^\n\x20-\u024f\u0370-\u052f\u1e00-\u1fff\u2010-\u2030\u20ac\u2122\u2192\u2264\u2265]"
)
_NOT_ASCII = re.compile(r"[^\n\x20-\x7e]")
_WORDS: Final = {
    "en": {
        "title": "Radiology report", "report": "Report", "page": "Page", "patient": "Patient",
        "born": "Date of birth", "exam": "Exam", "accession": "Accession number", "done": "Date of exam",
        "site": "Location", "signed": "Signed", "interpreter": "Interpreted by",
        "footer": "This report is part of your medical record.",
        "unshown": "A question mark may stand for a letter that this sheet cannot show; the portal's page shows it.",
        "closing": "Please ask your referring physician if you have questions about this report.",
    },
    "es": {
        "title": "Informe radiológico", "report": "Informe", "page": "Página", "patient": "Paciente",
        "born": "Fecha de nacimiento", "exam": "Estudio", "accession": "Número de acceso", "done": "Fecha del estudio",
        "site": "Lugar", "signed": "Firmado", "interpreter": "Interpretado por",
        "footer": "Este informe forma parte de su historia clínica.",
        "unshown": "Un signo de interrogación puede sustituir una letra que esta hoja no muestra y el portal sí.",
        "closing": "Si tiene preguntas sobre este informe, consulte a su médico remitente.",
    },
}  # fmt: skip


class ReportNotSet(Exception):
    """typst could not set the sheet: a fault of ours or of the machine, not of the report."""


@dataclass(frozen=True, slots=True)
class ReportSheet:
    """What stands on a report. The text is as the radiologist wrote it, in whatever language."""

    patient_name: str
    birth_date: date | None
    exam: str
    accession: str
    performed_on: date | None
    site: str
    time_zone: str
    """IANA name of the site's zone, in which the signing time is shown."""
    signed_at: datetime
    interpreter: str | None
    text: str
    """Lines ended by ``\\n``; an empty line begins a new paragraph."""
    language: Literal["en", "es"] = "en"
    """Of the labels."""


def make_pdf(report: ReportSheet) -> bytes:
    """Give the report as a PDF/UA-1 file.

    The fonts that typst brings hold Latin, Greek and Cyrillic letters; others are shown as a question mark, and the
    sheet says so.
    """
    import typst

    for unshown in (_NONE, _OUTSIDE_THE_FONTS, _NOT_ASCII):
        try:
            return _compiled(_sheet(report, unshown), report.signed_at)
        except typst.TypstError as fault:
            if "could not be displayed" not in str(fault) or unshown is _NOT_ASCII:
                raise ReportNotSet from None  # typst's message quotes the report
    raise ReportNotSet


def _compiled(sheet: dict[str, Any], at: datetime) -> bytes:
    import typst

    pdf: Any = typst.compile(
        str(_TEMPLATE),
        format="pdf",
        ignore_system_fonts=True,
        sys_inputs={"sheet": json.dumps(sheet)},
        pdf_standards=["ua-1"],
        timestamp=int(at.timestamp()),
    )
    return bytes(pdf)


def _sheet(report: ReportSheet, unshown: re.Pattern[str]) -> dict[str, Any]:
    """Give what the template sets, all of it text, with a question mark for each letter that is *unshown*."""
    words = _WORDS[report.language]
    written = [report.patient_name, report.exam, report.site, report.interpreter or "", report.text]
    is_whole = not any(unshown.search(_plain(one)) for one in written)

    def legible(text: str) -> str:
        return unshown.sub("?", _plain(text))

    signed = report.signed_at.astimezone(ZoneInfo(report.time_zone))
    facts = [
        (words["patient"], report.patient_name),
        (words["born"], _day(report.birth_date, report.language)),
        (words["exam"], report.exam),
        (words["accession"], report.accession),
        (words["done"], _day(report.performed_on, report.language)),
        (words["site"], report.site),
        (words["signed"], f"{_day(signed.date(), report.language)}, {signed:%H:%M} {signed.tzname()}"),
        (words["interpreter"], report.interpreter or ""),
    ]
    return {
        "language": report.language,
        "title": words["title"],
        "site": legible(report.site) or words["title"],
        "name": legible(report.patient_name),
        "facts": [(label, legible(value)) for label, value in facts if _plain(value)],
        "paragraphs": _paragraphs(legible(report.text)),
        "words": {"page": words["page"], "report": words["report"]},
        "footer": words["footer"],
        "closing": words["closing"] if is_whole else f"{words['unshown']} {words['closing']}",
    }


def _day(day: date | None, language: str) -> str:
    """Give a day as people there write it: 03/02/2026 in English, 02/03/2026 in Spanish."""
    if day is None:
        return ""
    return f"{day:%m/%d/%Y}" if language == "en" else f"{day:%d/%m/%Y}"


def _paragraphs(text: str) -> list[list[str]]:
    """Give the lines of each paragraph."""
    blocks = re.split(r"\n[ \t]*\n", text)
    return [[line.rstrip() for line in block.split("\n") if line.strip()] for block in blocks if block.strip()]


def _plain(text: str) -> str:
    return _UNPRINTABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).replace("\t", "    ").strip()
