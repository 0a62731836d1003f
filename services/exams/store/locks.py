"""Locks by name, held to the end of the transaction: what two sides must not decide at the same instant.

On PostgreSQL advisory locks, taken in sorted order so that nobody waits in a circle; on SQLite whoever writes is alone.
"""

import hashlib
from collections.abc import Iterable

from sqlalchemy import text

from services.chassis.db import Tx


def patient_key(authority: str, mrn: str) -> str:
    """Name the lock of a patient's identifier."""
    return f"0 patient {authority} {mrn}"


def study_key(study_uid: str) -> str:
    """Name the lock of a Study Instance UID."""
    return f"1 study {study_uid}"


def accession_key(accession: str) -> str:
    """Name the lock of an accession number."""
    return f"2 accession {accession}"


def lock(tx: Tx, keys: Iterable[str]) -> None:
    """Hold *keys* until *tx* ends; called once in a transaction, with all that it needs."""
    if tx.get_bind().dialect.name != "postgresql":
        return
    for key in sorted(set(keys)):
        number = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big", signed=True)
        tx.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})
