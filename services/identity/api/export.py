"""A copy of what is kept of one's own account, as a file."""

from datetime import date, datetime

from apiflask import APIBlueprint

from services.chassis.devices import device_in
from services.chassis.web import Answer, answer_language
from services.identity.api.activity import ActivityAnswer, activity_answer
from services.identity.api.doors import account_holder, parts
from services.identity.api.second_factors import FactorAnswer, factor_answer
from services.identity.usecases import export

bp = APIBlueprint("export", __name__)

AS_FILE = {"Content-Disposition": 'attachment; filename="patient-portal-account.json"'}


class OwnAccountAnswer(Answer):
    """The account itself."""

    user_id: str
    email: str
    language: str | None
    theme: str
    opened_at: datetime


class IdentifierAnswer(Answer):
    """A medical record number and who assigned it."""

    authority: str
    mrn: str


class ExportedExamAnswer(Answer):
    """An exam of a visit."""

    accession: str
    procedure: str


class ExportedVisitAnswer(Answer):
    """A visit; *day* is its day at the location."""

    visit_number: str | None
    day: date | None
    location_id: str
    exams: list[ExportedExamAnswer]


class ExportedRecordAnswer(Answer):
    """What is on record of a patient; addresses and phones masked."""

    patient_id: str
    by: str
    name: str
    date_of_birth: date | None
    sex: str | None
    zip: str | None
    identifiers: list[IdentifierAnswer]
    emails: list[str]
    phones: list[str]
    visits: list[ExportedVisitAnswer]


class ExportedDeviceAnswer(Answer):
    """A log-in, and whether its device gets push notices."""

    device: str
    began_at: datetime
    last_used_at: datetime
    address: str | None
    gets_notices: bool


class ExportAnswer(Answer):
    """Everything that is kept of the account."""

    made_at: datetime
    account: OwnAccountAnswer
    records: list[ExportedRecordAnswer]
    second_factors: list[FactorAnswer]
    devices: list[ExportedDeviceAnswer]
    activities: list[ActivityAnswer]


@bp.get("/me/export")
@bp.output(ExportAnswer)
def export_own() -> tuple[ExportAnswer, int, dict[str, str]]:
    """Give a copy of everything that is kept of the account."""
    who, now = account_holder(), parts().clock.now()
    with parts().db.begin() as tx:
        answer = _answer(export.export_account(tx, who, now), now)
    return answer, 200, AS_FILE


def _answer(found: export.Export, now: datetime) -> ExportAnswer:
    account, chosen = found.account, found.preferences
    return ExportAnswer(
        made_at=now,
        account=OwnAccountAnswer(
            user_id=account.user_id,
            email=account.email,
            language=chosen.language,
            theme=chosen.theme or "",
            opened_at=account.opened_at,
        ),
        records=[_record_answer(one) for one in found.records],
        second_factors=[factor_answer(row) for row in found.second_factors],
        devices=[
            ExportedDeviceAnswer(
                device=device_in(answer_language(), one.device),
                began_at=one.began_at,
                last_used_at=one.last_used_at,
                address=one.address,
                gets_notices=one.id in found.noticed,
            )
            for one in found.devices
        ],
        activities=[activity_answer(one) for one in found.activities],
    )


def _record_answer(record: export.ExportedRecord) -> ExportedRecordAnswer:
    patient = record.patient
    return ExportedRecordAnswer(
        patient_id=record.held.patient_id,
        by=record.held.by,
        name=record.held.name,
        date_of_birth=patient.birth_date if patient else None,
        sex=patient.sex if patient else None,
        zip=patient.postal_code if patient else None,
        identifiers=[IdentifierAnswer(authority=authority, mrn=mrn) for authority, mrn in record.identifiers],
        emails=record.emails,
        phones=record.phones,
        visits=[
            ExportedVisitAnswer(
                visit_number=one.visit_number,
                day=one.day,
                location_id=one.location_id,
                exams=[ExportedExamAnswer(accession=exam.accession, procedure=exam.procedure) for exam in one.exams],
            )
            for one in record.visits
        ],
    )
