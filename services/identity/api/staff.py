"""The front desk: visits and their I-Codes."""

from datetime import date, datetime

from apiflask import APIBlueprint
from pydantic import Field

from contracts.tokens import StaffRole
from services.chassis.idempotency import idempotent
from services.chassis.web import Answer, Ask, staff_with
from services.identity.api.doors import parts
from services.identity.domain.staff import VisitSearch
from services.identity.usecases import front_desk
from services.identity.usecases.icodes import seal_new_code

bp = APIBlueprint("staff", __name__)

FRONT_DESK: tuple[StaffRole, ...] = ("front-desk", "support")


class VisitsAsk(Ask):
    """What is looked for; all that is given must fit."""

    accession: str | None = Field(None, max_length=100)
    mrn: str | None = Field(None, max_length=100)
    visit_number: str | None = Field(None, max_length=100)
    last_name: str | None = Field(None, max_length=200)
    date_of_birth: date | None = None
    day: date | None = Field(None, alias="date")
    location_id: str | None = Field(None, max_length=32)
    reason: str | None = Field(None, max_length=500)
    limit: int = Field(50, ge=1, le=100)
    cursor: int = Field(0, ge=0, le=10_000)


class ReasonAsk(Ask):
    """Why."""

    reason: str | None = Field(None, max_length=500)


class EndAsk(Ask):
    """Why a code ends."""

    reason: str = Field(max_length=500)


class ICodeIssueAsk(Ask):
    """For which exams of the visit; None: all of them, later ones too."""

    exam_ids: list[str] | None = Field(None, max_length=100)
    reason: str | None = Field(None, max_length=500)


class PatientAnswer(Answer):
    """Whose visit it is."""

    id: str
    name: str
    date_of_birth: date | None


class VisitExamAnswer(Answer):
    """An exam of the visit."""

    id: str
    accession: str
    description: str


class StaffVisitAnswer(Answer):
    """A visit; *day* is its day at the location."""

    id: str
    mrn: str | None
    day: date | None = Field(serialization_alias="date")
    location_id: str
    is_protected: bool
    patient: PatientAnswer
    exams: list[VisitExamAnswer]


class VisitsAnswer(Answer):
    """Visits, newest first."""

    visits: list[StaffVisitAnswer]
    next: str | None
    """The cursor of the next page; null on the last."""


class ICodeAnswer(Answer):
    """A code that was printed: what became of it."""

    id: str
    exam_ids: list[str] | None
    state: str
    issued_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    ended_reason: str | None


class ICodesAnswer(Answer):
    """A visit's codes, newest first."""

    icodes: list[ICodeAnswer]
    next: None = None


class IssuedAnswer(Answer):
    """A new code, shown this once."""

    id: str
    icode: str
    expires_at: datetime
    portal_pass_url: str
    """The Pass to print, for 15 minutes and in this session alone; with ``.pdf`` behind it, as a PDF."""


@bp.get("/staff/visits")
@bp.input(VisitsAsk, location="query", arg_name="ask")
@bp.output(VisitsAnswer)
def visits(ask: VisitsAsk) -> VisitsAnswer:
    """Find visits."""
    who = staff_with(*FRONT_DESK)
    asked = VisitSearch(
        accession=ask.accession,
        mrn=ask.mrn,
        visit_number=ask.visit_number,
        last_name=ask.last_name,
        birth_date=ask.date_of_birth,
        day=ask.day,
        location_id=ask.location_id,
    )
    with parts().db.begin() as tx:
        page = front_desk.Page(ask.limit, ask.cursor)
        found, has_more = front_desk.find_visits(tx, who, asked, ask.reason, page, parts().clock.now())
    following = str(ask.cursor + ask.limit) if has_more else None
    return VisitsAnswer(visits=[_visit_answer(visit) for visit in found], next=following)


def _visit_answer(visit: front_desk.ShownVisit) -> StaffVisitAnswer:
    return StaffVisitAnswer(
        id=visit.id,
        mrn=visit.mrn,
        day=visit.day,
        location_id=visit.location_id,
        is_protected=visit.is_protected,
        patient=PatientAnswer(id=visit.patient_id, name=visit.patient_name, date_of_birth=visit.birth_date),
        exams=[VisitExamAnswer(**vars(exam)) for exam in visit.exams],
    )


@bp.get("/staff/visits/<visit_id>/icodes")
@bp.input(ReasonAsk, location="query", arg_name="ask")
@bp.output(ICodesAnswer)
def icodes(visit_id: str, ask: ReasonAsk) -> ICodesAnswer:
    """List the codes that were printed for a visit."""
    who = staff_with(*FRONT_DESK)
    with parts().db.begin() as tx:
        found = front_desk.find_icodes(tx, who, visit_id, ask.reason, parts().clock.now())
    return ICodesAnswer(icodes=[ICodeAnswer(**vars(icode)) for icode in found])


@bp.post("/staff/visits/<visit_id>/icodes")
@bp.input(ICodeIssueAsk, arg_name="ask")
@bp.output(IssuedAnswer, status_code=201)
@idempotent
def issue(visit_id: str, ask: ICodeIssueAsk) -> tuple[IssuedAnswer, int]:
    """Issue an I-Code; the former one of the same exams ends."""
    who = staff_with(*FRONT_DESK)
    sealed = seal_new_code(parts())
    with parts().db.begin() as tx:
        issued = front_desk.issue_for_visit(
            tx, who, visit_id, ask.exam_ids, ask.reason, sealed, parts().pass_seal, parts().clock.now()
        )
    url = f"/api/v1/staff/icodes/{issued.id}/portal-pass"
    answer = IssuedAnswer(id=issued.id, icode=issued.shown, expires_at=issued.expires_at, portal_pass_url=url)
    return answer, 201  # said here too: @idempotent keeps it


@bp.delete("/staff/icodes/<icode_id>")
@bp.input(EndAsk, arg_name="ask")
def end(icode_id: str, ask: EndAsk) -> tuple[str, int]:
    """End the code of a lost Pass."""
    who = staff_with(*FRONT_DESK)
    with parts().db.begin() as tx:
        front_desk.end_lost_icode(tx, who, icode_id, ask.reason, parts().clock.now())
    return "", 204
