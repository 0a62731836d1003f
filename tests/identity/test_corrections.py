"""An exam that was somebody else's: which codes end with the RIS's correction, and which may stay."""

from datetime import timedelta
from itertools import permutations

import pytest
from sqlalchemy import update

from contracts.access import AccessEnded
from contracts.exams import ExamChanged, ExamMoved, ExamOrdered, VisitChanged
from contracts.identity import ICodeEnded
from services.identity.store.icodes import ICodeRow
from tests.identity.conftest import a_patient, a_visit, an_exam, details
from tests.identity.test_handlers import merged
from tests.servers import NOON

LATER = NOON + timedelta(hours=1)


@pytest.fixture
def berts(any_house):
    """Bert's own visit beside Anna's."""
    any_house.hear(
        a_patient("bert"), a_visit("visit-b", patient_id="bert"), details("visit-b", ("xr",), patient_id="bert"),
        an_exam("xr", patient_id="bert", visit_id="visit-b"),
    )  # fmt: skip
    return any_house


def corrected(exam="mri", visit="visit-b", to="bert", version=2, at=LATER):
    return an_exam(
        exam, ExamMoved, version=version, at=at, patient_id=to, visit_id=visit, from_patient_id="anna",
        to_patient_id=to, reason="corrected",
    )  # fmt: skip


def exams_of(house, tokens):
    return house.call("GET", "/me", 200, tokens["accessToken"])["exams"]


def test_an_exam_corrected_into_a_visit_leaves_the_visits_own_codes_and_opens_by_no_other_S11(berts):
    own, annas = berts.issue("visit-b"), berts.issue()
    came_in = berts.enter(own["icode"])
    newer = an_exam("mri", ExamChanged, version=3, patient_id="bert", visit_id="visit-b", at=LATER)
    berts.clock.move_to(LATER)
    berts.hear(newer, corrected(), corrected())
    renewed = berts.call("POST", "/sessions/refresh", 200, json={"refreshToken": came_in["refreshToken"]})
    assert exams_of(berts, renewed) == exams_of(berts, berts.enter(own["icode"])) == 2
    assert exams_of(berts, berts.enter(annas["icode"])) == 1
    assert berts.told(ICodeEnded, AccessEnded) == []


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_visit_corrected_to_another_patient_keeps_no_code_of_the_first_S11(berts, order):
    code = berts.issue()["icode"]
    told = [
        a_visit(kind=VisitChanged, version=2, patient_id="bert", at=LATER),
        corrected(visit="visit-1"),
        corrected("ct", visit="visit-1"),
    ]
    berts.hear(*(told[number] for number in order))
    berts.enter(code, 401)


def test_a_code_of_a_visit_that_was_anothers_since_it_was_printed_ends_S11(berts):
    """The visit was empty when it changed hands, twice: nothing told then that its codes were wrong."""
    berts.hear(a_visit("visit-n", patient_id="bert"), details("visit-n", (), patient_id="bert"))
    code = berts.issue("visit-n")["icode"]
    for version, patient in ((2, "anna"), (3, "bert")):
        berts.hear(a_visit("visit-n", VisitChanged, version=version, patient_id=patient))
    berts.hear(corrected(visit="visit-n"))
    berts.enter(code, 401)


def test_a_code_of_a_record_that_was_merged_since_ends_when_unsure_S11(berts):
    code = berts.issue("visit-b")["icode"]
    berts.hear(merged("bert", "bert2"), a_visit("visit-b", VisitChanged, version=2, patient_id="bert2"))
    berts.hear(corrected(to="bert2"))
    berts.enter(code, 401)


def test_a_code_of_which_nobody_noted_for_whom_it_was_printed_ends_S11(berts):
    code = berts.issue("visit-b")["icode"]
    with berts.parts.db.begin() as tx:
        tx.execute(update(ICodeRow).values(issued_for=None))
    assert exams_of(berts, berts.enter(code)) == 1
    berts.hear(corrected())
    berts.enter(code, 401)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_an_empty_visit_that_becomes_anothers_is_not_opened_by_the_firsts_code_S11(berts, order):
    """The exam is ordered after the visit was corrected: nothing moves, so nothing is told to have moved."""
    berts.hear(a_visit("visit-n"), details("visit-n", ()))
    code = berts.issue("visit-n")["icode"]
    came_in = berts.enter(code)
    told = [
        a_visit("visit-n", VisitChanged, version=2, patient_id="bert"),
        an_exam("pet", ExamOrdered, patient_id="bert", visit_id="visit-n"),
    ]
    berts.hear(*(told[number] for number in order))
    berts.call("GET", "/me", 401, came_in["accessToken"])
    berts.call("POST", "/sessions/refresh", 401, json={"refreshToken": came_in["refreshToken"]})
    berts.enter(code, 401)
    berts.hear(a_visit("visit-n", VisitChanged, version=3))
    assert exams_of(berts, berts.enter(code)) == 1


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_code_opens_its_visit_after_a_merge_in_whatever_order_it_is_heard_S11(berts, order):
    code = berts.issue("visit-b")["icode"]
    told = [merged("bert", "bert2"), a_visit("visit-b", VisitChanged, version=2, patient_id="bert2")]
    berts.hear(*(told[number] for number in order))
    assert exams_of(berts, berts.enter(code)) == 1
