"""What an account's owner does with it: nothing at all once it is closed, frozen or at rest, even a moment after."""

import pytest

from services.chassis.auth import Verifier
from services.identity.domain.accounts import account_id_of
from services.identity.domain.sessions import SessionOver
from services.identity.store import accounts
from services.identity.usecases import email_changes, me, own_account, password_changes, passwords, second_factors
from tests.identity.conftest import PASSWORD
from tests.servers import NOON

OTHER = "another long and quiet password"


def in_one(use_case, *asked):
    """Do what takes a transaction."""

    def ask(parts, caller):
        with parts.db.begin() as tx:
            return use_case(tx, caller, *asked)

    return ask


ASKS = {
    "me": in_one(lambda tx, caller: me.find_me(tx, caller, NOON)),
    "own account": in_one(own_account.find_own_account),
    "locked": in_one(own_account.lock_own_account),
    "password proven": lambda parts, caller: passwords.prove_password(parts, caller, PASSWORD),
    "password changed": lambda parts, caller: password_changes.change_password(parts, caller, PASSWORD, OTHER),
    "address begun": lambda parts, caller: email_changes.begin_change(parts, caller, "new@example.org", PASSWORD),
    "address finished": lambda parts, caller: email_changes.finish_change(parts, caller, "unknown", "123456"),
    "factors listed": in_one(second_factors.find_factors),
    "factor begun": lambda parts, caller: second_factors.begin_factor(parts, caller, "totp", None, PASSWORD),
    "factor confirmed": lambda parts, caller: in_one(
        lambda tx, who: second_factors.confirm_factor(tx, parts, who, "unknown", "123456", None)
    )(parts, caller),
    "factor removed": lambda parts, caller: second_factors.remove_factor(parts, caller, "unknown", PASSWORD),
    "codes renewed": lambda parts, caller: second_factors.renew_recovery_codes(parts, caller, PASSWORD),
}


@pytest.mark.parametrize("mark", ["closed_at", "frozen_at", "rests_at"])
@pytest.mark.parametrize("ask", ASKS)
def test_an_account_that_is_not_live_opens_nothing_of_its_own(house, ask, mark):
    account_id = house.open_account()
    caller = Verifier("identity", house.parts.db, house.clock).verify(house.log_in()["accessToken"])
    with house.parts.db.begin() as tx:
        setattr(accounts.lock_account(tx, account_id), mark, house.clock.now())
    before = house.told()
    with pytest.raises(SessionOver):
        ASKS[ask](house.parts, caller)
    assert house.told() == before


@pytest.mark.parametrize(
    ("holder", "account_id"), [("account:a1", "a1"), ("icode:a1", ""), ("staff:a1", ""), ("a1", ""), ("", "")]
)
def test_an_accounts_holder_alone_names_an_account(holder, account_id):
    assert account_id_of(holder) == account_id
