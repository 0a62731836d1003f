"""Everything that identity keeps of an account and of the records that it holds, for its owner alone.

Exams, reports and images are the clinic's and are downloaded by themselves; what opens anything is never in it.
"""

from dataclasses import dataclass
from datetime import date, datetime

from services.chassis import audit
from services.chassis.caller import Caller
from services.chassis.db import Tx
from services.identity.domain.accounts import mask_email, mask_phone
from services.identity.store import accounts, patients, pushes, second_factors, visits
from services.identity.usecases import devices
from services.identity.usecases.activity import Activity, find_activity
from services.identity.usecases.own_account import find_own_account
from services.identity.usecases.own_records import OwnRecord, find_records
from services.identity.usecases.preferences import Preferences, of_account

MOST_ACTS = 10_000


@dataclass(frozen=True)
class ExportedExam:
    """An exam of a visit."""

    accession: str
    procedure: str


@dataclass(frozen=True)
class ExportedVisit:
    """A visit; *day* is its day at its location."""

    visit_number: str | None
    day: date | None
    location_id: str
    exams: list[ExportedExam]


@dataclass(frozen=True)
class ExportedRecord:
    """What is on record of a patient; addresses and phones masked, since they may be somebody else's."""

    held: OwnRecord
    patient: patients.PatientRow | None
    identifiers: list[tuple[str, str]]
    """``(authority, mrn)``."""
    emails: list[str]
    phones: list[str]
    visits: list[ExportedVisit]


@dataclass(frozen=True)
class Export:
    """All of it."""

    account: accounts.AccountRow
    preferences: Preferences
    records: list[ExportedRecord]
    second_factors: list[second_factors.SecondFactorRow]
    devices: list[devices.Device]
    noticed: set[str]
    """The devices that get push notices."""
    activities: list[Activity]


def export_account(tx: Tx, caller: Caller, now: datetime) -> Export:
    """Give all that is kept of the account of *caller*; it is on record. Raises SessionOver for one that is gone."""
    account = find_own_account(tx, caller)
    activities, _ = find_activity(tx, caller, None, MOST_ACTS)
    audit.record(tx, "identity", "account.export", now, caller=caller, object=caller.holder)
    return Export(
        account=account,
        preferences=of_account(account),
        records=[_record(tx, one) for one in find_records(tx, account.id)],
        second_factors=second_factors.find_confirmed(tx, account.id),
        devices=devices.find_devices(tx, caller, now),
        noticed={row.session for row in pushes.find_of_account(tx, account.id)},
        activities=activities,
    )


def _record(tx: Tx, held: OwnRecord) -> ExportedRecord:
    patient = patients.find_patient(tx, held.patient_id)
    return ExportedRecord(
        held=held,
        patient=patient,
        identifiers=patients.find_identifiers(tx, held.patient_id),
        emails=[mask_email(one) for one in patient.emails] if patient else [],
        phones=[mask_phone(one) for one in patient.phones] if patient else [],
        visits=_visits(tx, held.patient_id),
    )


def _visits(tx: Tx, patient_id: str) -> list[ExportedVisit]:
    found = visits.find_of_patient(tx, patient_id)
    own = visits.find_exam_ids_of(tx, patient_id)
    listed: dict[str, list[ExportedExam]] = {}
    for exam in visits.find_visit_exams(tx, [visit.id for visit, _ in found]):
        if exam.exam_id in own:
            listed.setdefault(exam.visit_id, []).append(ExportedExam(exam.accession, exam.procedure))
    return [
        ExportedVisit(number, visit.local_date, visit.location_id, listed.get(visit.id, [])) for visit, number in found
    ]
