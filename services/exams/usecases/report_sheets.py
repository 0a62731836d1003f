"""A report as a PDF: the RIS's own where it sent no text, else set from the text."""

from typing import Literal

from services.chassis.db import Tx
from services.exams.domain.plain_names import plain_name
from services.exams.parts import Parts
from services.exams.report_pdf import ReportSheet, make_pdf
from services.exams.store import exams as exam_store
from services.exams.store import people
from services.exams.store.tables import ReportRow


def pdf_of(tx: Tx, parts: Parts, row: ReportRow) -> bytes:
    """Give the PDF of a signed report of a known exam."""
    if row.text is None and row.pdf is not None:
        return row.pdf
    exam = exam_store.find_exam(tx, row.exam_id or "")
    visit = people.find_visit(tx, exam.visit_id)
    patient = people.find_patient(tx, exam.patient_id)
    location = parts.locations[visit.location_id]
    starts_at = exam.starts_at or visit.starts_at
    language: Literal["en", "es"] = "es" if (patient.language or "").lower().startswith(("es", "spa")) else "en"
    return make_pdf(
        ReportSheet(
            patient_name=person_name(patient.given, patient.middle, patient.family),
            birth_date=patient.birth_date,
            exam=exam.procedure_text or plain_name(exam.modality, row.title, language),
            accession=exam.accession,
            performed_on=starts_at.astimezone(location.zone).date() if starts_at else None,
            site=location.name,
            time_zone=location.time_zone,
            signed_at=row.signed_at or row.rank_at,
            interpreter=row.interpreter,
            text=row.text or "",
            language=language,
        )
    )


def person_name(given: str, middle: str, family: str) -> str:
    """Give a name as it is spoken."""
    return " ".join(part for part in (given, middle, family) if part)
