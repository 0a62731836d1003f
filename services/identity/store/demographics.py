"""The patients among whom registration looks for the one who registers."""

from datetime import date

from sqlalchemy import select

from services.chassis.db import Tx
from services.identity.domain.demographics import RecordedPerson
from services.identity.store.patients import PatientRow


def find_born_on(tx: Tx, birth_date: date) -> list[RecordedPerson]:
    """Give the patients born on a day who may have an account: alive, not protected, not merged into another; by id."""
    query = (
        select(PatientRow)
        .filter_by(birth_date=birth_date, is_deceased=False, is_protected=False)
        .where(PatientRow.merged_into.is_(None))
        .order_by(PatientRow.id)
    )
    return [_recorded(row) for row in tx.scalars(query)]


def find_eligible(tx: Tx, patient_id: str) -> RecordedPerson | None:
    """Give a patient who may have an account, locked until *tx* ends: one account at a time is opened for them."""
    query = (
        select(PatientRow)
        .filter_by(id=patient_id, is_deceased=False, is_protected=False)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    row = tx.scalars(query).one_or_none()
    return _recorded(row) if row else None


def _recorded(row: PatientRow) -> RecordedPerson:
    return RecordedPerson(
        patient_id=row.id,
        given_names=f"{row.given_name} {row.middle_name}",
        family_name=row.family_name,
        birth_date=row.birth_date,
        sex=row.sex,
        postal_code=row.postal_code,
        phones=tuple(row.phones),
    )
