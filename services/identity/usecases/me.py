"""What a caller is told of themselves."""

from dataclasses import dataclass
from typing import Literal

from contracts.tokens import AccountGrants, ICodeGrants, Kind, StaffGrants
from services.chassis.caller import Caller
from services.chassis.db import Tx
from services.identity.domain.languages import portal_language
from services.identity.store import accounts, patients, staff, visits


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


def find_me(tx: Tx, caller: Caller) -> Me:
    """Give who *caller* is."""
    grants = caller.grants
    if isinstance(grants, StaffGrants):
        member = staff.find_staff(tx, caller.holder.removeprefix("staff:"))
        user_id = member.user_id if member else ""
        return Me("staff", user_id, None, 0, user_id, list(grants.roles), grants.locations)
    account = accounts.find_account(tx, caller.holder.removeprefix("account:"))
    patient = _find_patient(tx, grants)
    return Me(
        caller.kind,
        patient.shown_name if patient else "",
        portal_language(patient.language) if patient else None,
        visits.count_exams(tx, caller),
        account.user_id if account else None,
    )


def _find_patient(tx: Tx, grants: object) -> patients.PatientRow | None:
    if isinstance(grants, AccountGrants) and grants.patients:
        return patients.find_patient(tx, grants.patients[0])
    visit = visits.find_visit(tx, grants.visit) if isinstance(grants, ICodeGrants) else None
    return patients.find_patient(tx, visit.patient_id) if visit else None
