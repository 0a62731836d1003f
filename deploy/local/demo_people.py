"""Makes the demo's staff, account and system token with identity's own use cases; JSON on stdin and stdout.

A process of its own, with the product's environment: ``python -m deploy.local.demo_people``. What is there already
stays; the system token is minted anew at every start.
"""

import json
import sys
from datetime import datetime
from typing import Any, get_args

from contracts.tokens import Scope
from services.identity.app import make
from services.identity.domain.accounts import UserIdTaken
from services.identity.parts import Parts
from services.identity.usecases.accounts import NewAccount, open_account
from services.identity.usecases.staff import NewMember, add_staff, issue_system_token


def main() -> None:
    """Read what is wanted, make it, print the system token."""
    wanted: dict[str, Any] = json.load(sys.stdin)
    parts: Parts = make().parts
    now = parts.clock.now()
    for member in wanted.get("staff", []):
        _add_member(parts, member, now)
    if account := wanted.get("account"):
        _open_account(parts, account, now)
    with parts.db.begin() as tx:
        _, token = issue_system_token(tx, parts, "demo", list(get_args(Scope)), now)
    json.dump({"systemToken": token}, sys.stdout)


def _add_member(parts: Parts, member: dict[str, Any], now: datetime) -> None:
    ask = NewMember(member["userId"], parts.hasher.hash(member["password"]), member["roles"], None)
    try:
        with parts.db.begin() as tx:
            add_staff(tx, ask, now)
    except UserIdTaken:
        return


def _open_account(parts: Parts, account: dict[str, Any], now: datetime) -> None:
    ask = NewAccount(account["userId"], account["email"], parts.hasher.hash(account["password"]), account["language"])
    try:
        with parts.db.begin() as tx:
            open_account(tx, ask, account["patients"], now, by="staff")
    except UserIdTaken:
        return


if __name__ == "__main__":
    main()
