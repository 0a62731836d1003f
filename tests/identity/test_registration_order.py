"""Whatever order the calls of a registration come in, no account is there without all its steps (S18-S22)."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from services.identity.store.accounts import AccountRow
from services.identity.store.identity_questions import IdentityQuestionsRow
from services.identity.store.registrations import RegistrationRow
from services.identity.store.validation_codes import CodeMailsRow
from tests.identity.conftest import PASSWORD
from tests.identity.registering import (
    CREDENTIALS,
    KNOWS,
    STRANGER,
    accounts,
    asked,
    begin,
    chosen,
    code_mailed,
    slug,
    until,
)

STEPS = ("questions", "credentials", "validation", "done")
CALLS: dict[str, tuple[str, str, object]] = {
    "questions": ("GET", "questions", None),
    "answers": ("POST", "answers", {"answers": []}),
    "credentials": ("POST", "credentials", CREDENTIALS | {"userId": "somebody"}),
    "new code": ("POST", "validation-codes", {}),
    "code": ("POST", "validation", {"code": "123456"}),
}
TAKEN_AT = {"questions": "questions", "answers": "questions", "credentials": "credentials"}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("call", CALLS)
def test_a_call_before_its_turn_or_again_changes_nothing_S19_S20_S22(house, step, call):
    if TAKEN_AT.get(call, "validation") == step:
        return
    path = until(house, step)
    before = house.everything_stored()
    method, ending, body = CALLS[call]
    status, why = (410, "registration-over") if step == "done" else (409, "registration-step")
    assert slug(house.call(method, f"{path}/{ending}", status, json=body)) == why
    assert house.everything_stored() == before


# --- any order ------------------------------------------------------------------------------------------------------

HALF_HOUR, DAY = timedelta(minutes=30), timedelta(hours=24)
MOVES = [
    "begin", "answer right", "answer wrong", "answer half", "credentials", "taken User ID", "weak password",
    "new code", "right code", "wrong code", "code of the other", "half an hour", "a day",
]  # fmt: skip
BY_STEP = {
    "questions": {"go on": "answer right", "stumble": "answer wrong", "slip": "answer half"},
    "credentials": {"go on": "credentials", "stumble": "taken User ID", "slip": "weak password"},
    "validation": {"go on": "right code", "stumble": "wrong code", "slip": "code of the other"},
    "done": {"go on": "begin", "stumble": "right code", "slip": "new code"},
}
"""Moves that suit what a registration waits for: chance alone would seldom come far."""


WHOLE = ["answers", "credentials", "code"]


@dataclass
class Walk:
    """What one registration must be at, by the rules alone."""

    path: str
    is_known: bool
    began_at: datetime
    step: str = "questions"
    code: str | None = None
    sent_at: datetime | None = None
    wrong_codes: int = 0
    proven: list[str] = field(default_factory=list)
    """The steps that were taken, in order."""

    def is_over(self, now):
        return self.step == "done" or now >= self.began_at + DAY

    def is_at(self, step, now):
        return not self.is_over(now) and self.step == step

    def takes_code(self, now):
        return self.code is not None and now < self.sent_at + HALF_HOUR and self.wrong_codes < 5


class Town:
    """Anna's two registrations and a stranger's, walked in any order on one house."""

    def __init__(self, house):
        self.house = house
        self.wrong_answers = {True: 0, False: 0}
        self.opened: list[str] = []
        self.walks = [self._begin(is_known=known) for known in (True, True, False)]

    def _begin(self, *, is_known):
        path = begin(self.house, **({} if is_known else STRANGER))
        return Walk(path, is_known, self.house.clock.now())

    @property
    def now(self):
        return self.house.clock.now()

    def post(self, walk, ending, body):
        return self.house.client.post(f"{walk.path}/{ending}", json=body).status_code

    def do(self, at, move):
        """Make *move* with registration *at*; whether it was taken must be what the rules say."""
        walk = self.walks[at]
        move = BY_STEP[walk.step].get(move, move)
        if move == "begin":
            self.walks[at] = self._begin(is_known=walk.is_known)
        elif move in {"half an hour", "a day"}:
            self._wait(HALF_HOUR if move == "half an hour" else DAY)
        elif move.startswith("answer"):
            self._answer(walk, move)
        elif move in {"credentials", "taken User ID", "weak password"}:
            self._choose(walk, move)
        elif move == "new code":
            is_taken = self.post(walk, "validation-codes", {}) == 202
            assert is_taken == walk.is_at("validation", self.now)
            self._note_code(walk, is_taken)
        else:
            self._enter(at, walk, move)

    def _wait(self, time):
        self.house.clock.advance(time)
        with self.house.parts.db.begin() as tx:
            tx.execute(delete(CodeMailsRow))  # how many mails an hour brings is another test's
            for row in tx.scalars(select(IdentityQuestionsRow)):
                row.in_all = 0  # and ten in all
        if time == DAY:
            self.wrong_answers = {True: 0, False: 0}

    def _answer(self, walk, move):
        is_open = walk.is_at("questions", self.now)
        answers = chosen(asked(self.house, walk.path), KNOWS if move == "answer right" else {}) if is_open else []
        answers = answers[: 2 if move == "answer half" else None]
        status = self.post(walk, "answers", {"answers": answers})
        is_looked_at = is_open and move != "answer half" and self.wrong_answers[walk.is_known] < 3
        is_right = is_looked_at and move == "answer right" and walk.is_known
        assert (status == 200) == is_right, (move, status)
        if is_right:
            walk.step = "credentials"
            walk.proven.append("answers")
        self.wrong_answers[walk.is_known] += is_looked_at and not is_right

    def _choose(self, walk, move):
        body = {"userId": walk.path[-32:], "email": f"{walk.path[-32:]}@example.net", "password": PASSWORD}
        body |= {"userId": "taken"} if move == "taken User ID" else {}
        body |= {"password": "passwordpassword"} if move == "weak password" else {}
        is_taken = self.post(walk, "credentials", body) == 200
        assert is_taken == (move == "credentials" and walk.is_at("credentials", self.now))
        if is_taken:
            walk.step = "validation"
            walk.proven.append("credentials")
            self._note_code(walk, is_taken)

    def _note_code(self, walk, is_sent):
        if is_sent:
            walk.code, walk.sent_at, walk.wrong_codes = code_mailed(self.house), self.now, 0
            with self.house.parts.db.begin() as tx:
                tx.execute(delete(CodeMailsRow))

    def _enter(self, at, walk, move):
        other = self.walks[(at + 1) % 3].code
        code = {"right code": walk.code, "code of the other": other}.get(move) or "000000"
        is_right = code == walk.code
        status = self.post(walk, "validation", {"code": code})
        is_open = walk.is_at("validation", self.now)
        assert (status == 201) == (is_open and is_right and walk.takes_code(self.now)), (move, status)
        if status == 201:
            walk.step = "done"
            walk.proven.append("code")
            assert walk.proven == WHOLE
            self.opened = self.opened or [walk.path[-32:]]  # one live account per patient
        elif is_open and not is_right:
            walk.wrong_codes += 1


@given(
    st.lists(
        st.tuples(
            st.sampled_from([0, 0, 0, 0, 1, 2]), st.sampled_from([*["go on"] * 12, *["stumble", "slip"] * 3, *MOVES])
        ),
        min_size=6,
        max_size=24,
    )
)
@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_in_any_order_no_account_is_opened_without_every_step_S18_S19_S20_S21_S22(house, moves):
    begin_anew(house)
    town = Town(house)
    for at, move in moves:
        town.do(at, move)
        assert all(walk.proven == WHOLE[: len(walk.proven)] for walk in town.walks)
        assert [one.user_id for one in live_accounts(house)] == town.opened


def live_accounts(house):
    return [one for one in accounts(house) if one.user_id != "taken" and not one.closed_at]


def begin_anew(house):
    """Let Anna have no account, and nobody have tried."""
    if not accounts(house):
        house.open_account("taken", ("ben",))
    with house.parts.db.begin() as tx:
        for row in (RegistrationRow, IdentityQuestionsRow, CodeMailsRow):
            tx.execute(delete(row))
        for account in live_accounts(house):
            tx.get_one(AccountRow, account.id).closed_at = house.clock.now()
