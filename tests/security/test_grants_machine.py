"""Whatever happens to codes, accounts, records, visits and clocks, nobody gets to an exam outside their grants.

A Hypothesis machine does to identity what people, staff and the RIS do, in any order, and holds every token that is
still taken against a model of who may open what (``grants_model``). ``GRANTS_STEPS`` and ``GRANTS_EXAMPLES`` make
it look further.
"""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule, run_state_machine_as_test

from services.identity.domain.icodes import ICODE_LIFETIME
from services.identity.store.accounts import find_account_by_user_id, find_records
from services.identity.usecases.icodes import tell_expired
from tests.identity.conftest import PASSWORD
from tests.identity.registering import KNOWS, asked, begin, chosen, code_mailed
from tests.security.grants_model import PERSON, Account, Code
from tests.security.grants_ris import Ris
from tests.security.grants_world import SECOND, VISITS, Token, a_template

STEPS = int(os.environ.get("GRANTS_STEPS", "25"))
EXAMPLES = int(os.environ.get("GRANTS_EXAMPLES", "12"))
DAY = timedelta(days=1)
LATER = (*[SECOND] * 5, timedelta(minutes=4), timedelta(minutes=14), timedelta(hours=11), 89 * DAY, ICODE_LIFETIME)
"""How far the clock jumps, mostly not beyond a token's minutes; and beyond a session's hours and a code's days."""


class People(Ris):
    """All that happens."""

    # --- what people do ---------------------------------------------------------------------------------------------

    @initialize()
    def some_are_ready(self) -> None:
        for record in ("anna", "bert"):
            self.open_by_hand(record)
        self.print_for("visit-1", None)
        self.print_for("visit-1", frozenset({"ct"}))
        for visit in ("visit-a", "visit-b", "visit-c"):
            self.print_for(visit, None)
        self.everybody_comes_in()

    @rule()
    def everybody_comes_in(self) -> None:
        """Everybody tries what they have last been given, good or not."""
        for code in self.codes[-4:]:
            self.enter(code)
        for account in self.accounts[-3:]:
            self.log_in(account)

    @precondition(lambda self: self.codes)
    @rule(data=st.data())
    def enter_an_old_code(self, data: Any) -> None:
        self.enter(self.pick(data, self.codes))

    def enter(self, code: Code) -> None:
        self.forget_tries()
        answer = self.post("/icode-sessions", {"icode": code.shown})
        if code.is_ended or self.truth.is_anothers(code):
            assert answer.status_code == 401, answer.text
        elif self.truth.is_live(code, self.clock.now()):
            assert answer.status_code == 201, answer.text
            self.came_in(code, answer.json)
        else:
            assert answer.status_code == 410, answer.text

    def log_in(self, account: Account) -> None:
        self.forget_tries()
        answer = self.post("/sessions", {"userId": account.user_id, "password": PASSWORD})
        if self.truth.is_live(account, self.clock.now()):
            assert answer.status_code == 201, answer.text
            self.came_in(account, answer.json)
        else:
            assert answer.status_code == 401, answer.text

    @precondition(lambda self: self.sessions)
    @rule(data=st.data())
    def refresh(self, data: Any) -> None:
        session = self.pick(data, self.sessions)
        answer = self.post("/sessions/refresh", {"refreshToken": session.refresh_token})
        if answer.status_code == 200:
            session.refresh_token = answer.json["refreshToken"]
            self.check_new(Token(answer.json["accessToken"], session.holder))
        else:
            assert answer.status_code == 401, answer.text
            self.sessions.remove(session)

    @precondition(lambda self: self.tokens)
    @rule(data=st.data(), way=st.sampled_from(["/sessions/current", "/sessions"]))
    def log_out(self, data: Any, way: str) -> None:
        token = self.pick(data, self.tokens)
        if self.house.client.delete(way, headers=self.bearer(token)).status_code == 204:
            self.must_be_refused(token)

    @rule(number=st.integers(0, 3))
    def register(self, number: int) -> None:
        """Create an account as Anna, in the four steps; it may be refused or come to nothing."""
        typed = f"anna-{number}"
        path = begin(self.house)
        answers = {"answers": chosen(asked(self.house, path), KNOWS)}
        if self.post(f"{path}/answers", answers).status_code != 200:
            return
        email = f"anna{next(self.made)}@example.net"
        chose = self.post(f"{path}/credentials", {"userId": typed, "email": email, "password": PASSWORD})
        if chose.status_code == 200:
            self.house.call("POST", f"{path}/validation", 201, json={"code": code_mailed(self.house)})
            self.note_account(typed)

    def note_account(self, user_id: str) -> None:
        with self.house.parts.db.read() as tx:
            row = find_account_by_user_id(tx, user_id)
            proven = {one.patient_id for one in find_records(tx, row.id) if one.by == "matched"} if row else set()
        if row is not None:
            assert {PERSON[one] for one in proven} == {"Anna"}
            assert not [one for one in self.accounts if not one.is_over and self.truth.held(one.proven) & proven]
            self.accounts.append(Account(row.id, user_id, proven))

    @precondition(lambda self: self.accounts and self.codes)
    @rule(data=st.data())
    def add_records(self, data: Any) -> None:
        """Enter every visit's code in an account: only the same person's record joins it."""
        account = self.pick(data, self.accounts)
        own = [token for token in self.tokens if token.holder is account]
        for code in self.codes[-5:] if own else []:
            self.forget_tries()
            if self.post("/me/icodes", {"icode": code.shown}, own[-1]).status_code == 201:
                self.note_record(account, code)

    def note_record(self, account: Account, code: Code) -> None:
        assert self.truth.is_live(code, self.clock.now()) and self.truth.is_live(account, self.clock.now())
        record = self.truth.shown_as(code.visit)
        if record not in self.truth.held(account.proven):
            assert PERSON[record] in {PERSON[one] for one in account.proven}
            account.proven.add(record)

    @precondition(lambda self: self.accounts)
    @rule(data=st.data())
    def close_an_account(self, data: Any) -> None:
        account = self.pick(data, self.accounts)
        own = [token for token in self.tokens if token.holder is account]
        if own and self.delete("/me", {"password": PASSWORD}, own[-1]).status_code == 204:
            account.is_over = True

    # --- what staff do ----------------------------------------------------------------------------------------------

    @rule(data=st.data(), visit=st.sampled_from(sorted(VISITS)), is_part=st.booleans())
    def print_a_pass(self, data: Any, visit: str, is_part: bool) -> None:
        of_visit = self.truth.exams_of(visit)
        some = data.draw(st.sets(st.sampled_from(sorted(of_visit)), min_size=1)) if is_part and of_visit else of_visit
        self.print_for(visit, None if some == of_visit else frozenset(some))

    @precondition(lambda self: self.codes)
    @rule(data=st.data())
    def print_a_pass_anew(self, data: Any) -> None:
        code = self.pick(data, self.codes)
        if code.exams is None or code.exams < self.truth.exams_of(code.visit):
            self.print_for(code.visit, code.exams)

    def print_for(self, visit: str, exams: frozenset[str] | None) -> None:
        body = {} if exams is None else {"examIds": sorted(exams)}
        issued = self.house.call("POST", f"/staff/visits/{visit}/icodes", 201, self.staff("front-desk"), json=body)
        for code in self.codes:
            code.is_ended |= (code.visit, code.exams) == (visit, exams)
        expires_at, shown_for = self.clock.now() + ICODE_LIFETIME, self.truth.shown_as(visit)
        self.codes.append(Code(issued["id"], issued["icode"], visit, exams, expires_at, shown_for))

    @precondition(lambda self: self.codes)
    @rule(data=st.data())
    def end_a_lost_code(self, data: Any) -> None:
        code = self.pick(data, self.codes)
        self.house.call("DELETE", f"/staff/icodes/{code.id}", 204, self.staff("front-desk"), json={"reason": "lost"})
        code.is_ended = True

    @precondition(lambda self: self.codes)
    @rule(data=st.data())
    def get_help(self, data: Any) -> None:
        """Ask for another 90 days, and be granted them."""
        code, token = self.pick(data, self.codes), self.staff("support")
        asks = {"reason": "code-expired", "name": "x", "contact": "x@example.org", "message": "x", "icode": code.shown}
        self.house.call("POST", "/help-requests", 202, json=asks)
        queue = self.house.call("GET", "/staff/help-requests?limit=100", 200, token)["helpRequests"]
        path = f"/staff/help-requests/{queue[-1]['id']}"
        answer = self.post(f"{path}/grant", {"verifiedBy": "photo-id"}, token)
        if code.is_ended:
            assert answer.status_code == 409
            self.post(f"{path}/refusal", {"note": "ended"}, token)
        else:
            assert answer.status_code == 200
            code.expires_at = self.clock.now() + ICODE_LIFETIME

    @rule(record=st.sampled_from(sorted(PERSON)))
    def open_an_account_by_hand(self, record: str) -> None:
        if any(record in self.truth.held(one.proven) for one in self.accounts if not one.is_over):
            return  # an operator sees that there is one
        self.open_by_hand(record)

    def open_by_hand(self, record: str) -> None:
        user_id = f"{record}-{next(self.made)}"
        self.accounts.append(Account(self.house.open_account(user_id, (record,)), user_id, {record}))

    @precondition(lambda self: [one for one in self.accounts if not one.is_over])
    @rule(data=st.data())
    def freeze_or_unfreeze_an_account(self, data: Any) -> None:
        account = self.pick(data, [one for one in self.accounts if not one.is_over])
        path = f"/staff/accounts/{account.id}/{'unfreeze' if account.is_frozen else 'freeze'}"
        body = {"verifiedBy": "photo-id", "note": "not theirs"}
        self.house.call("POST", path, 200, self.staff("support"), json=body)
        account.is_frozen = not account.is_frozen

    # --- time -------------------------------------------------------------------------------------------------------

    @rule(by=st.sampled_from(LATER))
    def let_time_pass(self, by: timedelta) -> None:
        self.clock.advance(by)

    @precondition(lambda self: self.codes)
    @rule(data=st.data())
    def come_in_in_the_last_minutes_of_a_code(self, data: Any) -> None:
        last = self.pick(data, self.codes).expires_at - timedelta(minutes=2)
        if last > self.clock.now():
            self.clock.move_to(last)
            self.everybody_comes_in()

    @rule()
    def sweep(self) -> None:
        with self.house.parts.db.begin() as tx:
            tell_expired(tx, self.clock.now())


@pytest.fixture
def machine(tmp_path: Path) -> Any:
    with a_template(tmp_path) as house:
        house.parts.db.close()
        yield type("People", (People,), {"template": house, "folder": tmp_path})


def test_no_path_leads_to_an_exam_outside_the_grants_S11_S12_S13_S67_S70(machine):
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
