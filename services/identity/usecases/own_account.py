"""The account that a caller has, and only that.

One that is closed, frozen or at rest opens nothing of its own, not even to a token that was verified a moment before
it became so: it is answered as a session that is over.
"""

from services.chassis.caller import Caller
from services.chassis.db import Tx
from services.identity.domain.accounts import account_id_of
from services.identity.domain.sessions import SessionOver
from services.identity.store import accounts


def find_own_account(tx: Tx, caller: Caller) -> accounts.AccountRow:
    """Give the account of *caller*. Raises SessionOver for one that is not live, or of no account."""
    return _live(accounts.find_account(tx, account_id_of(caller.holder)))


def lock_own_account(tx: Tx, caller: Caller) -> accounts.AccountRow:
    """Give the account of *caller*, locked until *tx* ends. Raises SessionOver as ``find_own_account``."""
    return _live(accounts.lock_account(tx, account_id_of(caller.holder)))


def _live(account: accounts.AccountRow | None) -> accounts.AccountRow:
    if account is None or not account.is_live:
        raise SessionOver
    return account
