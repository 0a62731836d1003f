"""The printed report (S26, S27)."""

import subprocess
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from services.exams.report_pdf import ReportSheet, make_pdf

SHEET = ReportSheet(
    patient_name="Jane Doe",
    birth_date=date(1980, 2, 29),
    exam="CT of the chest",
    accession="ACC-1",
    performed_on=date(2026, 3, 2),
    site="RadNet Houston",
    time_zone="America/Chicago",
    signed_at=datetime(2026, 3, 2, 18, 5, tzinfo=UTC),
    interpreter="James Wilson, MD",
    text="FINDINGS: clear lungs,\nno nodule > 3 mm.\n\nIMPRESSION: normal.",
)


def words_of(pdf, tmp_path):
    (tmp_path / "report.pdf").write_bytes(pdf)
    done = subprocess.run(["pdftotext", "-layout", tmp_path / "report.pdf", "-"], capture_output=True, check=True)
    return done.stdout.decode()


def test_a_report_says_who_what_where_when_and_by_whom_S27(tmp_path):
    words = words_of(make_pdf(SHEET), tmp_path)
    for expected in (
        "Jane Doe", "02/29/1980", "CT of the chest", "ACC-1", "RadNet Houston", "03/02/2026, 12:05 CST",
        "James Wilson, MD", "FINDINGS: clear lungs,\nno nodule > 3 mm.", "IMPRESSION: normal.", "Page 1 / 1",
    ):  # fmt: skip
        assert expected in words


def test_labels_are_spanish_when_asked_for_and_the_text_stays_as_written(tmp_path):
    words = words_of(make_pdf(replace(SHEET, language="es")), tmp_path)
    assert "Informe radiológico" in words
    assert "29/02/1980" in words
    assert "IMPRESSION: normal." in words


@pytest.mark.parametrize(
    "text",
    [
        '#panic("x")',
        "*bold* _it_ $x^2$ <label> @ref `raw`",
        "= Heading\n- list\n+ list",
        '"]; #import "x"',
        "\\ \\n // c",
    ],
)
def test_nothing_in_a_report_becomes_markup(text, tmp_path):
    words = words_of(make_pdf(replace(SHEET, text=text, patient_name=text.replace("\n", " "))), tmp_path)
    assert all(line in words for line in text.split("\n"))


def test_a_letter_that_the_fonts_lack_becomes_a_question_mark_and_the_sheet_says_so(tmp_path):
    words = words_of(make_pdf(replace(SHEET, text="Niño 胸部 ≥ 3 mm", patient_name="Мария Διά")), tmp_path)
    assert "Niño ?? ≥ 3 mm" in words
    assert "Мария Διά" in words
    assert "A question mark may stand for a letter" in words


def test_the_same_report_is_the_same_file():
    assert make_pdf(SHEET) == make_pdf(SHEET)


def test_a_report_is_tagged_for_screen_readers(tmp_path):
    (tmp_path / "report.pdf").write_bytes(make_pdf(SHEET))
    about = subprocess.run(["pdfinfo", tmp_path / "report.pdf"], capture_output=True, check=True, text=True).stdout
    assert "Tagged:          yes" in about
    assert "Title:           Radiology report" in about
    assert b"pdfuaid" in make_pdf(SHEET)


def test_a_long_report_runs_over_pages_that_name_the_patient(tmp_path):
    words = words_of(make_pdf(replace(SHEET, text="A line of findings.\n\n" * 120)), tmp_path)
    assert words.count("Jane Doe") >= 3
    assert "Page 2 /" in words


@pytest.mark.parametrize("text", ["", "\x00\x07", "\r\n\r\n", "a\tb\r\nc"])
def test_control_characters_and_an_empty_text_do_no_harm(text):
    assert make_pdf(replace(SHEET, text=text, interpreter=None, birth_date=None)).startswith(b"%PDF-1.7")
