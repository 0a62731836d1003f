"""The records that one's own account holds."""

from apiflask import APIBlueprint

from services.chassis.idempotency import idempotent
from services.chassis.web import Answer
from services.identity.api.doors import account_holder, parts
from services.identity.api.icodes import ICodeAsk
from services.identity.usecases import own_records

bp = APIBlueprint("own_records", __name__)


class RecordAnswer(Answer):
    """A patient whose records the account holds; *by*: ``matched``, ``icode``, ``staff`` or ``merge``."""

    patient_id: str
    name: str
    exams: int
    by: str


class RecordsAnswer(Answer):
    """All that the account holds; a refreshed token opens what is new."""

    records: list[RecordAnswer]


@bp.post("/me/icodes")
@bp.input(ICodeAsk, arg_name="ask")
@bp.output(RecordsAnswer, status_code=201)
@idempotent
def add(ask: ICodeAsk) -> tuple[RecordsAnswer, int]:
    """Add the record of a visit by its I-Code."""
    found = own_records.add_record(parts(), account_holder(), ask.icode, ask.date_of_birth)
    return RecordsAnswer(records=[RecordAnswer(**vars(one)) for one in found]), 201
