"""Whoever asks for what does not exist waits as long as for what does: the work is the same, so is the time.

``make durations`` measures 500 tries each (``DURATION_TRIES``) by the clock on the wall; the tests measure few, by the
processor's time, which a busy machine does not stretch, and with room.
"""

import os
import time
from datetime import timedelta
from statistics import median

import pytest
from sqlalchemy import delete

from services.identity.store.accounts import find_account
from services.identity.store.identity_questions import IdentityQuestionsRow
from services.identity.store.tries import TriesRow
from services.identity.store.validation_codes import CodeMailsRow
from tests.identity.conftest import PASSWORD, a_patient, a_visit, an_exam, standing_house
from tests.identity.registering import ANNA, STRANGER, asked, begin, chosen
from tests.identity.test_icode_sessions import mistyped
from tests.security.watching import watched, work_of
from tests.standing import KINDS

TRIES = int(os.environ.get("DURATION_TRIES", "8"))
IN_EARNEST = TRIES >= 500
APART_MS = 5 if IN_EARNEST else 20
DAY = timedelta(days=1)
WRONG = "a wrong but long password"
UNKNOWN = "ZZZZZ-0000-0000"


@pytest.fixture(params=KINDS)
def house(request, clock):
    house = standing_house(request, clock, request.param)
    watched(house)
    house.hear(a_patient("bert"), a_visit("visit-b", patient_id="bert"))
    house.hear(an_exam("berts", patient_id="bert", visit_id="visit-b"))
    return house


def users(house):
    """Give log-ins that are all wrong: somebody's, nobody's, that of an account that is over."""
    house.open_account()
    frozen, closed = house.open_account("bert50", ("bert",)), house.open_account("cleo60", ("cleo",))
    with house.parts.db.begin() as tx:
        find_account(tx, frozen).frozen_at = find_account(tx, closed).closed_at = house.clock.now()
    return [
        ("POST", "/sessions", {"userId": one, "password": WRONG}) for one in ("anna80", "nobody", "bert50", "cleo60")
    ]


def staff(house):
    house.add_staff("desk", "front-desk")
    return [("POST", "/staff/sessions", {"userId": one, "password": WRONG}) for one in ("desk", "nobody", "anna80")]


def icodes(house):
    """Give codes that are all wrong: with the locator of a good code, of none, of an old one, of one that ended."""
    first = house.issue(examIds=["mri"])["icode"]
    house.clock.advance(91 * DAY)
    ended = house.issue()["icode"]
    good = house.issue()["icode"]
    return [
        ("POST", "/icode-sessions", {"icode": one})
        for one in (mistyped(good)[0], UNKNOWN, mistyped(first)[0], mistyped(ended)[0])
    ]


def help_requests(house):
    """Give requests with a wrong code, and with one that nobody has."""
    good = house.issue()["icode"]
    body = {"reason": "other", "name": "Anna Doe", "contact": "a@example.org", "message": "?", "language": "en"}
    return [("POST", "/help-requests", body | {"icode": one}) for one in (mistyped(good)[0], UNKNOWN)]


def registrations(house):
    """Give first steps of somebody whose record there is, of nobody, and of somebody who has an account."""
    house.open_account("bert50", patients=("bert",))
    return [("POST", "/registrations", one) for one in (ANNA, STRANGER, ANNA | {"firstName": "Bert"})]


def answers(house):
    """Give wrong answers to the questions of somebody whose record there is, and of nobody."""
    made = []
    for one in ({}, STRANGER):
        path = begin(house, **one)
        wrong = chosen(asked(house, path), {})
        made.append(("POST", f"{path}/answers", {"answers": wrong}))
    return made


def resets(house):
    """Give forgotten passwords of somebody and of nobody: a mail more is written for the one."""
    house.open_account()
    return [("POST", "/password-resets", {"userId": one}) for one in ("anna80", "nobody")]


WAYS = [users, staff, icodes, help_requests, registrations, answers]


def forget_tries(house):
    """Let the next try be the first."""
    with house.parts.db.begin() as tx:
        tx.execute(delete(TriesRow))
        tx.execute(delete(CodeMailsRow))
        for row in tx.query(IdentityQuestionsRow):
            row.in_all, row.in_day, row.day_began_at = 0, 0, None


@pytest.mark.parametrize("way", WAYS)
def test_the_same_work_is_done_for_what_exists_and_what_does_not_S19(house, way):
    found = []
    for method, path, body in way(house):
        forget_tries(house)
        found.append(work_of(house, method, path, json=body))
    first = found[0]
    for other in found[1:]:
        assert (other.status, other.slug) == (first.status, first.slug)
        assert other.hashing == first.hashing
        assert other.statements == first.statements
    assert first.statements
    assert len(first.hashing) == (way not in {registrations, answers})


@pytest.mark.parametrize("way", [users, icodes])
def test_the_same_work_is_done_after_too_many_tries(house, way):
    asks = way(house)[:2]
    for method, path, body in asks:
        for _ in range(5):
            house.client.open(path, method=method, json=body)
        house.clock.advance(timedelta(seconds=1))
    known, unknown = (work_of(house, method, path, json=body) for method, path, body in asks)
    assert (known.hashing, known.statements) == (unknown.hashing, unknown.statements)
    assert known.status == unknown.status


def took_ms(house, method, path, body):
    forget_tries(house)
    now_s = time.perf_counter if IN_EARNEST else time.thread_time
    began = now_s()
    house.client.open(path, method=method, json=body)
    return (now_s() - began) * 1e3


@pytest.mark.parametrize("way", [users, icodes, registrations, answers, resets])
def test_medians_of_known_and_unknown_are_as_good_as_one(house, way):
    """In turns, so that whatever else the machine does slows both."""
    known, unknown = way(house)[:2]
    took = [(took_ms(house, *known), took_ms(house, *unknown)) for _ in range(TRIES)]
    medians = [median(one) for one in zip(*took, strict=True)]
    assert abs(medians[0] - medians[1]) < APART_MS, medians


def test_a_password_is_right_by_the_same_work_as_it_is_wrong_up_to_the_comparison(house):
    house.open_account()
    right, wrong = (
        work_of(house, "POST", "/sessions", json={"userId": "anna80", "password": one}) for one in (PASSWORD, WRONG)
    )
    assert right.status == 201
    assert right.hashing == wrong.hashing
