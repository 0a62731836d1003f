"""Accounts as support finds them, with whose they are."""

from collections.abc import Collection

from sqlalchemy import func, select

from services.chassis.db import Tx
from services.identity.store.accounts import AccountPatientRow, AccountRow
from services.identity.store.patients import PatientRow


def search(
    tx: Tx,
    *,
    user_id_folded: str | None,
    email: str | None,
    patient_ids: Collection[str] | None,
    limit: int,
    offset: int,
) -> list[AccountRow]:
    """Give up to *limit* accounts that are not closed and fit, newest first; None asks nothing."""
    query = select(AccountRow).where(AccountRow.closed_at.is_(None))
    if user_id_folded is not None:
        query = query.where(AccountRow.user_id_folded == user_id_folded)
    if email is not None:
        query = query.where(func.lower(AccountRow.email) == email.strip().lower())
    if patient_ids is not None:
        of_patients = select(AccountPatientRow.account_id).where(AccountPatientRow.patient_id.in_(patient_ids))
        query = query.where(AccountRow.id.in_(of_patients))
    query = query.order_by(AccountRow.opened_at.desc(), AccountRow.id)
    return list(tx.scalars(query.limit(limit).offset(offset)))


def find_patients(tx: Tx, account_id: str) -> list[PatientRow]:
    """Give the patients whose records an account holds, by id."""
    held = select(AccountPatientRow.patient_id).filter_by(account_id=account_id)
    return list(tx.scalars(select(PatientRow).where(PatientRow.id.in_(held)).order_by(PatientRow.id)))
