"""Ending a signing key before its time, because its private half was stolen.

With it a thief mints access tokens of every kind that its issuer signs, for anybody and until the key's own end. They
cannot make a refresh token, which is random and known by its hash alone, so no session is theirs and nobody who is
logged in need log in again: the next refresh gives a token of the new key. The tokens of other systems end with the
key that signed them, and are issued anew.

What a thief did with such a token while it was believed stays done, and is on record under the name that it bore: an
operator looks there for shares, I-Codes and invitations made since, and ends them. A download's ticket ends with the
key of the token that asked for it.

Within a second of being told every verifier refuses the key; one that the bus does not reach goes on believing it
until it does. After an older copy of an issuer's database was put back, its keys are ended anew.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from contracts.access import Issuer
from services.chassis import audit
from services.chassis.auth import LEEWAY_S, LOOK_AGAIN_S, find_believed, note_key
from services.chassis.db import Database, Tx
from services.chassis.key_folder import KeyFolder, told_of
from services.chassis.outbox import put_event
from services.chassis.signing import make_key, publish_key, read_key
from services.chassis.tables import VerificationKey

SPREADS_WITHIN_S = LOOK_AGAIN_S + 1.0
"""As long as a new key takes to be told and read by every verifier; until then the old one signs on."""


class NoKeyToEnd(Exception):
    """Raised when no key of that id is believed."""


def end_keys(
    db: Database,
    issuer: Issuer,
    keys: KeyFolder,
    kid: str | None,
    now: Callable[[], datetime],
    wait: Callable[[float], object],
) -> str:
    """End the key *kid*, or (None) every key of *issuer* but a new one, which is made and told first; says which.

    *wait* lets so many seconds pass. Raises NoKeyToEnd, changing nothing.
    """
    with db.read() as tx:
        if not _find(tx, issuer, kid, now()):
            raise NoKeyToEnd
    new = read_key(make_key(keys.folder, now()))
    with db.begin() as tx:
        publish_key(tx, issuer, new, now())
    wait(SPREADS_WITHIN_S)
    with db.begin() as tx:
        ended = [row for row in _find(tx, issuer, kid, now()) if row.kid != new.kid]
        keys.forget({row.kid for row in ended})  # first, so that none signs what nobody believes
        for row in ended:
            _end(tx, issuer, row, now())
    return "\n".join([f"{row.kid} is ended" for row in ended] + [f"{keys.at(now()).kid} signs"])


def _find(tx: Tx, issuer: Issuer, kid: str | None, now: datetime) -> list[VerificationKey]:
    return [row for row in find_believed(tx, issuer, now) if kid in {None, row.kid}]


def _end(tx: Tx, issuer: Issuer, row: VerificationKey, now: datetime) -> None:
    """End a key for verifiers whose clocks are behind too."""
    ends_at = now - timedelta(seconds=LEEWAY_S)
    event = told_of(row).model_copy(update={"version": 2, "at": now, "not_after": ends_at})
    note_key(tx, event)
    put_event(tx, issuer, event, now)
    audit.record(tx, issuer, "signing-key.end", now, object=f"signing-key:{row.kid}")
