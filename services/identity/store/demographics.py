"""The patients among whom registration looks for the one who registers."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import select

from services.chassis.db import Tx
from services.identity.domain.demographics import RecordedPerson
from services.identity.store.patients import PatientRow, find_marks


def find_born_on(tx: Tx, birth_date: date) -> list[RecordedPerson]:
    """Give the patients born on a day who may have an account: alive, not protected, not merged into another; by id."""
    query = (
        select(PatientRow)
        .filter_by(birth_date=birth_date, is_deceased=False, is_protected=False)
        .where(PatientRow.merged_into.is_(None))
        .order_by(PatientRow.id)
    )
    return [_recorded(row) for row in tx.scalars(query)]


def lock_eligible(tx: Tx, patient_id: str, *, is_despite_protection: bool) -> RecordedPerson | None:
    """Give a patient who may have an account, locked until *tx* ends: one account at a time is opened for them.

    The deceased may have none, the protected only where staff recorded a reason.
    """
    query = select(PatientRow).filter_by(id=patient_id).with_for_update().execution_options(populate_existing=True)
    row = tx.scalars(query).one_or_none()
    marks = find_marks(tx, patient_id)
    if row is None or marks.is_deceased or (marks.is_protected and not is_despite_protection):
        return None
    return _recorded(row)


def find_recorded(tx: Tx, patient_ids: Iterable[str]) -> list[RecordedPerson]:
    """Give what is on record of patients, by id."""
    query = select(PatientRow).where(PatientRow.id.in_(list(patient_ids))).order_by(PatientRow.id)
    return [_recorded(row) for row in tx.scalars(query)]


def _recorded(row: PatientRow) -> RecordedPerson:
    return RecordedPerson(
        patient_id=row.id,
        given_names=f"{row.given_name} {row.middle_name}",
        family_name=row.family_name,
        birth_date=row.birth_date,
        sex=row.sex,
        postal_code=row.postal_code,
        phones=tuple(row.own_phones),
    )
