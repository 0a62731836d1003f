"""What an operator does by hand: staff, accounts, system tokens, checking the audit. Passwords come by stdin.

The service's database must be migrated.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import get_args

from contracts.refusal import Refusal
from contracts.tokens import Scope, StaffRole
from services.chassis.service import Service
from services.identity.domain.accounts import check_password
from services.identity.parts import Parts
from services.identity.usecases.accounts import NewAccount, open_account
from services.identity.usecases.audit import find_breaks
from services.identity.usecases.staff import NewMember, add_staff, end_system, issue_system_token


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m services.identity")
    commands = parser.add_subparsers(dest="command", required=True)
    staff = commands.add_parser("add-staff", help="add a member of staff; the password is one line of stdin")
    staff.add_argument("--user-id", required=True)
    staff.add_argument("--roles", required=True, nargs="+", choices=get_args(StaffRole))
    staff.add_argument("--locations", nargs="+", help="location codes; without it: all")
    account = commands.add_parser("open-account", help="open an account; the password is one line of stdin")
    account.add_argument("--user-id", required=True)
    account.add_argument("--email", required=True)
    account.add_argument("--patients", required=True, nargs="+", help="ids of patients whose identity was proven")
    system = commands.add_parser("system-token", help="print a token for another system, for a year")
    system.add_argument("--name", default="system")
    system.add_argument("--scopes", required=True, nargs="+", choices=get_args(Scope))
    ending = commands.add_parser("end-system", help="end the token of another system")
    ending.add_argument("holder", help="system:…, as system-token said on stderr")
    commands.add_parser("verify-audit", help="check the chain of every service's acts")
    return parser


def _add_staff(parts: Parts, asked: argparse.Namespace) -> str:
    ask = NewMember(asked.user_id, _password_hash(parts), asked.roles, asked.locations)
    with parts.db.begin() as tx:
        return f"staff:{add_staff(tx, ask, parts.clock.now())}"


def _open_account(parts: Parts, asked: argparse.Namespace) -> str:
    ask = NewAccount(asked.user_id, asked.email, _password_hash(parts))
    with parts.db.begin() as tx:
        return f"account:{open_account(tx, ask, asked.patients, parts.clock.now(), by='staff')}"


def _password_hash(parts: Parts) -> str:
    password = sys.stdin.readline().rstrip("\r\n")
    check_password(password)
    return parts.hasher.hash(password)


def _system_token(parts: Parts, asked: argparse.Namespace) -> str:
    with parts.db.begin() as tx:
        holder, token = issue_system_token(tx, parts, asked.name, asked.scopes, parts.clock.now())
    print(holder, file=sys.stderr)  # noqa: T201 - the answer to a person at a terminal
    return token


def _end_system(parts: Parts, asked: argparse.Namespace) -> str | None:
    with parts.db.begin() as tx:
        return asked.holder if end_system(tx, asked.holder, parts.clock.now()) else None


def _verify_audit(parts: Parts, _asked: argparse.Namespace) -> str | None:
    with parts.db.read() as tx:
        breaks = find_breaks(tx)
    for service, position in breaks.items():
        print(f"{service}: act {position} is missing or altered", file=sys.stderr)  # noqa: T201 - as above
    return None if breaks else "every chain holds"


COMMANDS: dict[str, Callable[[Parts, argparse.Namespace], str | None]] = {
    "add-staff": _add_staff,
    "open-account": _open_account,
    "system-token": _system_token,
    "end-system": _end_system,
    "verify-audit": _verify_audit,
}


def run_by_hand(make: Callable[[], Service], argv: Sequence[str]) -> int:
    """Do one command; gives the exit status: 0 done, 1 refused or not found."""
    asked = _parser().parse_args(argv)
    parts = make().parts
    try:
        said = COMMANDS[asked.command](parts, asked)
    except Refusal as refusal:
        print(f"{refusal.slug}: {refusal.words}", file=sys.stderr)  # noqa: T201 - as above
        return 1
    if said is None:
        return 1
    print(said)  # noqa: T201 - as above
    return 0
