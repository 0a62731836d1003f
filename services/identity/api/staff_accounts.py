"""Accounts, for support: finding, unlocking, freezing, resetting second factors."""

from collections.abc import Callable
from datetime import date, datetime

from apiflask import APIBlueprint
from pydantic import Field

from services.chassis.caller import Caller
from services.chassis.db import Tx
from services.chassis.idempotency import idempotent
from services.chassis.web import Answer, Ask, staff_with
from services.identity.api.doors import parts
from services.identity.domain.help_requests import VerifiedBy
from services.identity.domain.staff_accounts import AccountSearch, AccountState, Check
from services.identity.parts import Parts
from services.identity.usecases import staff_accounts
from services.identity.usecases.front_desk import Page

bp = APIBlueprint("staff_accounts", __name__)


class AccountsAsk(Ask):
    """Whose account; all that is given must fit."""

    user_id: str | None = Field(None, max_length=200)
    email: str | None = Field(None, max_length=254, repr=False)
    patient: str | None = Field(None, max_length=64)
    reason: str | None = Field(None, max_length=500)
    """Where the account's owner was at none of one's own locations."""
    limit: int = Field(50, ge=1, le=100)
    cursor: int = Field(0, ge=0, le=10_000)


class CheckAsk(Ask):
    """How staff made sure who asks, and why; kept on record. A call back goes to the number on file."""

    verified_by: VerifiedBy
    note: str = Field(max_length=500)


class HeldPatientAnswer(Answer):
    """A patient whose records an account holds."""

    id: str
    name: str
    date_of_birth: date | None


class AccountAnswer(Answer):
    """An account."""

    id: str
    user_id: str
    email: str
    """Masked."""
    name: str
    """The patient's; empty where it holds no record."""
    state: AccountState
    locked: bool
    """Whether its password cannot be tried now: after too many wrong ones."""
    second_factors: int
    opened_at: datetime
    patients: list[HeldPatientAnswer]


class AccountsAnswer(Answer):
    """Accounts, newest first."""

    accounts: list[AccountAnswer]
    next: str | None
    """The cursor of the next page; null on the last."""


@bp.get("/staff/accounts")
@bp.input(AccountsAsk, location="query", arg_name="ask")
@bp.output(AccountsAnswer)
def accounts(ask: AccountsAsk) -> AccountsAnswer:
    """Find accounts."""
    who = staff_with("support")
    asked = AccountSearch(ask.user_id, ask.email, ask.patient)
    with parts().db.begin() as tx:
        page = Page(ask.limit, ask.cursor)
        found, has_more = staff_accounts.find_accounts(tx, parts(), who, asked, ask.reason, page, parts().clock.now())
        answers = [_account_answer(one) for one in found]
    return AccountsAnswer(accounts=answers, next=str(ask.cursor + ask.limit) if has_more else None)


def _account_answer(one: staff_accounts.ShownAccount) -> AccountAnswer:
    return AccountAnswer(
        id=one.row.id,
        user_id=one.row.user_id,
        email=one.email,
        name=one.patients[0].shown_name if one.patients else "",
        state=one.state,
        locked=one.is_locked,
        second_factors=one.second_factors,
        opened_at=one.row.opened_at,
        patients=[
            HeldPatientAnswer(id=row.id, name=row.shown_name, date_of_birth=row.birth_date) for row in one.patients
        ],
    )


Act = Callable[[Tx, Parts, Caller, str, Check, datetime], staff_accounts.ShownAccount]


def _do(act: Act, account_id: str, ask: CheckAsk) -> AccountAnswer:
    who = staff_with("support")
    with parts().db.begin() as tx:
        check = Check(ask.verified_by, ask.note)
        return _account_answer(act(tx, parts(), who, account_id, check, parts().clock.now()))


@bp.post("/staff/accounts/<account_id>/unlock")
@bp.input(CheckAsk, arg_name="ask")
@bp.output(AccountAnswer)
@idempotent
def unlock(account_id: str, ask: CheckAsk) -> AccountAnswer:
    """Forget an account's wrong tries."""
    return _do(staff_accounts.unlock, account_id, ask)


@bp.post("/staff/accounts/<account_id>/freeze")
@bp.input(CheckAsk, arg_name="ask")
@bp.output(AccountAnswer)
@idempotent
def freeze(account_id: str, ask: CheckAsk) -> AccountAnswer:
    """Freeze an account that is not its patient's; its sessions and shares end."""
    return _do(staff_accounts.freeze, account_id, ask)


@bp.post("/staff/accounts/<account_id>/unfreeze")
@bp.input(CheckAsk, arg_name="ask")
@bp.output(AccountAnswer)
@idempotent
def unfreeze(account_id: str, ask: CheckAsk) -> AccountAnswer:
    """Let a frozen account be entered again."""
    return _do(staff_accounts.unfreeze, account_id, ask)


@bp.post("/staff/accounts/<account_id>/second-factor-reset")
@bp.input(CheckAsk, arg_name="ask")
@bp.output(AccountAnswer)
@idempotent
def reset_second_factors(account_id: str, ask: CheckAsk) -> AccountAnswer:
    """Take all second factors from an account; its sessions end, its address is told."""
    return _do(staff_accounts.reset_second_factors, account_id, ask)
