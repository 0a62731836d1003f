"""Members of staff and other systems: adding them, logging in, their tokens."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from contracts.tokens import SYSTEM_LIFETIME, Scope, StaffRole, SystemGrants
from services.chassis import audit
from services.chassis.db import Tx, new_id
from services.identity.domain.accounts import UserIdTaken, fold_user_id
from services.identity.parts import Parts
from services.identity.store import holders
from services.identity.store import staff as store
from services.identity.usecases.access import end_access
from services.identity.usecases.passwords import Credentials, Known, log_in
from services.identity.usecases.sessions import Entry, Tokens, begin_session


@dataclass(frozen=True)
class NewMember:
    """What a member of staff is added with; *locations* None: all."""

    user_id: str
    password_hash: str = field(repr=False)
    roles: list[StaffRole]
    locations: list[str] | None


def add_staff(tx: Tx, ask: NewMember, now: datetime) -> str:
    """Add a member of staff; gives its id. Raises UserIdTaken, UserIdMalformed."""
    staff_id = new_id()
    is_new = store.add_staff(
        tx,
        id=staff_id,
        user_id=ask.user_id,
        user_id_folded=fold_user_id(ask.user_id),
        password_hash=ask.password_hash,
        roles=list(ask.roles),
        locations=ask.locations,
        added_at=now,
    )
    if not is_new:
        raise UserIdTaken(field="userId")
    holders.add_holder(tx, f"staff:{staff_id}")
    audit.record(tx, "identity", "staff.add", now, object=f"staff:{staff_id}")
    return staff_id


def log_in_staff(parts: Parts, credentials: Credentials, entry: Entry) -> Tokens:
    """Begin a session of a member of staff. Raises WrongCredentials, TooManyTries."""

    def let_in(tx: Tx, known: Known) -> Tokens:
        return begin_session(tx, parts, known.holder, entry, parts.clock.now())

    return log_in(parts, "staff", credentials, _find_known, let_in, entry)


def _find_known(tx: Tx, user_id_folded: str) -> Known | None:
    member = store.find_staff_by_user_id(tx, user_id_folded)
    return Known(f"staff:{member.id}", member.password_hash) if member else None


def issue_system_token(tx: Tx, parts: Parts, name: str, scopes: Collection[Scope], now: datetime) -> tuple[str, str]:
    """Give another system a token for a year: its holder and the token, which is kept nowhere."""
    system_id = new_id()
    holder = f"system:{system_id}"
    store.add_system(tx, id=system_id, name=name, scopes=sorted(scopes), issued_at=now, ends_at=now + SYSTEM_LIFETIME)
    holders.add_holder(tx, holder)
    tx.flush()
    token, _ = parts.minter.mint(
        holder=holder, session=system_id, version=1, grants=SystemGrants(scopes=sorted(scopes)), now=now
    )
    audit.record(tx, "identity", "system.add", now, object=holder)
    return holder, token


def end_system(tx: Tx, holder: str, now: datetime) -> bool:
    """End the token of another system; False when there is no such system."""
    row = store.find_system(tx, holder.removeprefix("system:"))
    if row is None or row.ended_at is not None:
        return False
    row.ended_at = now
    end_access(tx, holder, "ended", now)
    audit.record(tx, "identity", "system.end", now, object=holder)
    return True
