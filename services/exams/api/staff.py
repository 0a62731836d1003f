"""Doors for staff (studies that wait) and for other systems (identifiers behind an event's id)."""

from typing import Any

from apiflask import APIBlueprint
from pydantic import Field

from services.chassis.idempotency import idempotent
from services.chassis.web import Ask, Forbidden, caller, staff_with
from services.exams.api.door import parts
from services.exams.usecases import staff

blueprint = APIBlueprint("staff", __name__)

AT_MOST = 200


class MatchAsk(Ask):
    """Whose study it is, and how staff know."""

    exam_id: str = Field(min_length=1, max_length=64)
    note: str = Field(min_length=1, max_length=2000)


@blueprint.get("/staff/unmatched-studies")
@blueprint.doc(summary="Studies that no exam has", responses=[200, 401, 403])
def unmatched() -> dict[str, Any]:
    """Give the studies that wait for staff, oldest first."""
    who = staff_with("support")
    with parts().db.begin() as tx:
        return {"studies": staff.list_unmatched(tx, who, AT_MOST, parts().clock.now()), "next": None}


@blueprint.post("/staff/unmatched-studies/<study_id>/match")
@blueprint.input(MatchAsk, arg_name="ask")
@blueprint.doc(summary="Make a waiting study an exam's", responses=[204, 401, 403, 404, 422])
@idempotent
def match(study_id: str, ask: MatchAsk) -> tuple[str, int]:
    """Make a study an exam's; it stays so."""
    who = staff_with("support")
    with parts().db.begin() as tx:
        staff.match_by_hand(tx, parts(), who, study_id, ask.exam_id, ask.note, parts().clock.now())
    return "", 204


@blueprint.get("/identifiers/exams/<exam_id>")
@blueprint.doc(summary="Accession number, MRN and study UIDs of an exam", responses=[200, 401, 403, 404])
def identifiers(exam_id: str) -> dict[str, Any]:
    """Give the identifiers behind an event's exam id, to a system."""
    who = caller()
    if not who.has_scope("identifiers.read"):
        raise Forbidden
    with parts().db.begin() as tx:
        return staff.identifiers(tx, who, exam_id, parts().clock.now())
