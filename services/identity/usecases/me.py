"""What a caller is told of themselves."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from contracts.tokens import AccountGrants, ICodeGrants, Kind, StaffGrants
from services.chassis.caller import Caller
from services.chassis.db import Tx
from services.identity.domain.accounts import mask_email
from services.identity.domain.languages import portal_language
from services.identity.domain.preferences import Theme
from services.identity.store import patients, staff, visits
from services.identity.usecases.own_account import find_own_account
from services.identity.usecases.preferences import of_account


@dataclass(frozen=True)
class Me:
    """Who somebody is, as they are told."""

    kind: Kind
    name: str
    language: Literal["en", "es"] | None
    exams: int
    """Exams that they may see."""
    user_id: str | None = None
    roles: list[str] | None = None
    locations: list[str] | None = None
    theme: Theme | None = None
    email: str | None = None
    """Masked."""
    may_open_account: bool | None = None
    """Whether the patient whose I-Code this is may open one; None for other callers."""


def find_me(tx: Tx, caller: Caller, now: datetime) -> Me:
    """Give who *caller* is at *now*. Raises SessionOver for an account that is not live."""
    grants = caller.grants
    if isinstance(grants, StaffGrants):
        member = staff.find_staff(tx, caller.holder.removeprefix("staff:"))
        user_id = member.user_id if member else ""
        return Me("staff", user_id, None, 0, user_id, list(grants.roles), grants.locations)
    account = find_own_account(tx, caller) if isinstance(grants, AccountGrants) else None
    patient = _find_patient(tx, grants)
    chosen = of_account(account) if account else None
    recorded = portal_language(patient.language) if patient else None
    return Me(
        caller.kind,
        patient.shown_name if patient else "",
        (chosen.language if chosen else None) or recorded,
        visits.count_exams(tx, caller),
        account.user_id if account else None,
        theme=chosen.theme if chosen else None,
        email=mask_email(account.email) if account else None,
        may_open_account=not _is_minor(patient, now) if isinstance(grants, ICodeGrants) else None,
    )


def _is_minor(patient: patients.PatientRow | None, now: datetime) -> bool:
    return patient is not None and patient.of_age_at is not None and now < patient.of_age_at


def _find_patient(tx: Tx, grants: object) -> patients.PatientRow | None:
    if isinstance(grants, AccountGrants) and grants.patients:
        return patients.find_patient(tx, grants.patients[0])
    visit = visits.find_visit(tx, grants.visit) if isinstance(grants, ICodeGrants) else None
    return patients.find_patient(tx, visit.patient_id) if visit else None
