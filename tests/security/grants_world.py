"""The ground of the machine in ``test_grants_machine``: a house of its own, what is told to it, what must hold."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from shutil import copyfile
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant
from sqlalchemy import delete, select

from services.chassis.access import seen_by
from services.chassis.auth import Unauthenticated, Verifier
from services.chassis.db import Database
from services.identity.app import make_web
from services.identity.store.tries import TriesRow
from services.identity.store.visits import ExamRow
from tests.identity.conftest import ANNAS_DAY, House, a_house, a_patient, a_visit, an_exam, details
from tests.security.grants_model import Account, Code, Holder, Truth
from tests.servers import SetClock

SECOND = timedelta(seconds=1)
VISITS = {"visit-1": "anna", "visit-2": "anna", "visit-a": "anna2", "visit-b": "bert", "visit-d": "bert2"}
VISITS |= {"visit-c": "cleo"}
EXAMS = {"mri": "visit-1", "ct": "visit-1", "us": "visit-2", "pet": "visit-a", "xr": "visit-b", "dx": "visit-d"}
EXAMS |= {"mg": "visit-c"}


@dataclass
class Token:
    """An access token, and what it came by."""

    text: str
    holder: Holder


@dataclass
class Session:
    """The newest refresh token of a session."""

    refresh_token: str
    holder: Holder


class World(RuleBasedStateMachine):
    """Identity with everybody's records, visits and exams, and the model of it."""

    template: House
    folder: Path
    numbers = count()

    def __init__(self) -> None:
        super().__init__()
        path = self.folder / f"{next(self.numbers)}.db"
        copyfile(self.folder / "template.db", path)
        self.clock, db = SetClock(), Database(f"sqlite:///{path}")
        parts = replace(self.template.parts, db=db, clock=self.clock)
        service = replace(self.template.service, parts=parts, db=db, clock=self.clock)
        self.house = House(service, self.clock, make_web(parts).test_client())
        self.verifier = Verifier("exams", db, self.clock)
        self.truth = Truth(dict(EXAMS), dict(VISITS))
        self.codes: list[Code] = []
        self.accounts: list[Account] = []
        self.tokens: list[Token] = []
        self.refused: list[Token] = []
        self.sessions: list[Session] = []
        self.versions = count(10)
        self.made = count()

    def teardown(self) -> None:
        self.house.parts.db.close()

    def pick(self, data: Any, among: list[Any]) -> Any:
        return among[-1 - data.draw(st.integers(0, len(among) - 1))]

    def bearer(self, token: Token | str) -> dict[str, str]:
        return {"Authorization": f"Bearer {token if isinstance(token, str) else token.text}"}

    def post(self, path: str, body: Any, token: Token | str | None = None) -> Any:
        return self.house.client.post(path, json=body, headers=self.bearer(token) if token else {})

    def delete(self, path: str, body: Any, token: Token) -> Any:
        return self.house.client.delete(path, json=body, headers=self.bearer(token))

    def staff(self, role: str) -> str:
        return self.house.add_staff(f"{role}-{next(self.made)}", role)

    def forget_tries(self) -> None:
        """Let nothing wait: how tries are counted is shown elsewhere."""
        with self.house.parts.db.begin() as tx:
            tx.execute(delete(TriesRow))

    def hear(self, data: Any, events: list[Any]) -> None:
        self.house.hear(*data.draw(st.permutations(events)))

    # --- what must hold ---------------------------------------------------------------------------------------------

    @invariant()
    def no_token_opens_an_exam_outside_its_grants(self) -> None:
        self.clock.advance(SECOND)  # no two things happen at one instant
        for token in list(self.tokens):
            seen = self.seen(token)
            if seen is None:
                self.tokens.remove(token)
                self.refused.append(token)
            else:
                outside = seen - self.truth.allowed(token.holder, self.clock.now())
                assert not outside, (token.holder, outside)

    @invariant()
    def what_was_refused_is_never_taken_again(self) -> None:
        for token in self.refused[-3:]:
            assert self.seen(token) is None

    def came_in(self, holder: Holder, answer: Any) -> None:
        self.sessions.append(Session(answer["refreshToken"], holder))
        self.check_new(Token(answer["accessToken"], holder))

    def check_new(self, token: Token) -> None:
        """A token that was just given opens all that it may, and no more."""
        assert self.seen(token) == self.truth.allowed(token.holder, self.clock.now())
        assert self.truth.is_live(token.holder, self.clock.now())
        self.tokens.append(token)

    def must_be_refused(self, token: Token) -> None:
        assert self.seen(token) is None

    def seen(self, token: Token) -> set[str] | None:
        """Give the exams that *token* opens, None when it is refused: as a service puts its grants into its query."""
        try:
            caller = self.verifier.verify(token.text)
        except Unauthenticated:
            return None
        condition = seen_by(caller, patient_id=ExamRow.patient_id, visit_id=ExamRow.visit_id, exam_id=ExamRow.id)
        with self.house.parts.db.read() as tx:
            return set(tx.scalars(select(ExamRow.id).where(condition)))


@contextmanager
def a_template(folder: Path) -> Iterator[House]:
    """Give a house whose database lies in *folder* to be copied, with everybody's visits and exams."""
    house = a_house(f"sqlite:///{folder / 'template.db'}", folder, SetClock())
    same = {"name": a_patient().name, "birth_date": date(1980, 5, 17)}
    berts = {"name": a_patient("bert").name}
    house.hear(
        *ANNAS_DAY, a_patient("anna2", **same), a_patient("bert"), a_patient("bert2", **berts), a_patient("cleo")
    )
    for visit, record in VISITS.items():
        if visit != "visit-1":
            house.hear(a_visit(visit, patient_id=record), details(visit, (), patient_id=record))
    for exam, visit in EXAMS.items():
        if visit != "visit-1":
            house.hear(an_exam(exam, visit_id=visit, patient_id=VISITS[visit]))
    yield house
    house.parts.db.close()
