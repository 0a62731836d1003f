"""Looking at what proves a second factor: an app's code, a recovery code, a passkey's signature; each counts once."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.chassis.db import Tx
from services.identity.domain.challenges import Method
from services.identity.domain.recovery_codes import fold_code, hash_code
from services.identity.one_time_codes import find_step
from services.identity.parts import Parts
from services.identity.passkey_ceremony import CeremonyFailed, credential_id
from services.identity.store import recovery_codes
from services.identity.store import second_factors as store


@dataclass(frozen=True)
class Proof:
    """What somebody sends: a *code*, or for a passkey a *credential* (AuthenticationResponseJSON)."""

    method: Method
    code: str = field(default="", repr=False)
    credential: dict[str, Any] = field(default_factory=dict, repr=False)


def proves(tx: Tx, parts: Parts, account_id: str, asked: bytes, proof: Proof, now: datetime) -> bool:
    """Whether *proof* fits the account and, of a passkey, signs *asked*; what it used up is used up with *tx*."""
    if proof.method == "totp":
        return _proves_app(tx, parts, account_id, proof.code, now)
    if proof.method == "recovery-code":
        code_hash = hash_code(parts.recovery_key, account_id, fold_code(proof.code))
        return recovery_codes.use_code(tx, account_id, code_hash, now)
    return signs(tx, parts, account_id, asked, proof.credential, now, verifies_user=False)


def _proves_app(tx: Tx, parts: Parts, account_id: str, code: str, now: datetime) -> bool:
    return any(takes_code(parts, row, code, now) for row in store.lock_confirmed(tx, account_id, "totp"))


def takes_code(parts: Parts, row: store.SecondFactorRow, code: str, now: datetime) -> bool:
    """Whether *code* is that of an app now, and of a step newer than any taken before; *row* is locked."""
    step = find_step(parts.totp_seal.open(row.sealed_secret or b"", row.id), code, now)
    if step is None or (row.last_step is not None and step <= row.last_step):
        return False
    row.last_step, row.last_used_at = step, now
    return True


def signs(
    tx: Tx,
    parts: Parts,
    account_id: str,
    asked: bytes,
    credential: dict[str, Any],
    now: datetime,
    *,
    verifies_user: bool,
) -> bool:
    """Whether *credential* is a signature of *asked* by a passkey of the account, its sign count gone on."""
    claimed = credential_id(credential)
    row = store.lock_by_credential(tx, account_id, claimed) if claimed else None
    if row is None or row.public_key is None:
        return False
    try:
        row.sign_count = parts.passkeys.finish_proving(
            credential, asked, row.public_key, row.sign_count or 0, verifies_user=verifies_user
        )
    except CeremonyFailed:
        return False
    row.last_used_at = now
    return True
