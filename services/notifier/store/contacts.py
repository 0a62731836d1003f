"""Contacts, and the local copies by which it is decided whether a mail still fits."""

from typing import Any, Literal

from sqlalchemy import delete, select

from services.chassis.db import Tx
from services.notifier.store.tables import ContactRow, ExamRow, PackageRow, SwitchRow, TakenBackRow


def keep_contact(
    tx: Tx,
    kind: str,
    contact_id: str,
    *,
    emails: list[str],
    phone: str | None,
    language: str | None,
    wants: list[str],
    pushes: list[dict[str, Any]],
) -> None:
    """Store where to write."""
    tx.merge(
        ContactRow(kind=kind, id=contact_id, emails=emails, phone=phone, language=language, wants=wants, pushes=pushes)
    )


def find_contact(tx: Tx, kind: str, contact_id: str) -> ContactRow | None:
    """Give where to write about somebody or something."""
    return tx.get(ContactRow, (kind, contact_id))


def find_unwanted(tx: Tx, kind: str, contact_id: str) -> set[str]:
    """Give the templates that somebody does without."""
    return set(tx.scalars(select(SwitchRow.template).filter_by(kind=kind, id=contact_id)))


def replace_unwanted(tx: Tx, kind: str, contact_id: str, templates: list[str]) -> None:
    """Store the templates that somebody does without, in place of those before."""
    tx.execute(delete(SwitchRow).where(SwitchRow.kind == kind, SwitchRow.id == contact_id))
    tx.add_all([SwitchRow(kind=kind, id=contact_id, template=template) for template in templates])
    tx.flush()


def keep_package(tx: Tx, package_id: str, state: str) -> None:
    """Store the newest state of a package."""
    tx.merge(PackageRow(id=package_id, state=state))


def find_package_state(tx: Tx, package_id: str) -> str | None:
    """Give the newest state of a package; None: never heard of."""
    row = tx.get(PackageRow, package_id)
    return row.state if row else None


def keep_exam(tx: Tx, exam_id: str, patient_id: str | None) -> None:
    """Store whose an exam is; None: removed."""
    tx.merge(ExamRow(id=exam_id, patient_id=patient_id))


def find_patient(tx: Tx, exam_id: str) -> str | Literal["unknown"] | None:
    """Give whose an exam is now; None: removed; ``unknown``: never heard of."""
    row = tx.get(ExamRow, exam_id)
    return row.patient_id if row else "unknown"


def keep_taken_back(tx: Tx, exam_id: str, report_version: int) -> None:
    """Store that reports up to *report_version* were taken back."""
    row = tx.get(TakenBackRow, exam_id, with_for_update=True)
    if row is None:
        tx.add(TakenBackRow(exam_id=exam_id, report_version=report_version))
    else:
        row.report_version = max(row.report_version, report_version)


def is_taken_back(tx: Tx, exam_id: str, report_version: int) -> bool:
    """Whether this report was taken back."""
    row = tx.get(TakenBackRow, exam_id)
    return row is not None and report_version <= row.report_version
