"""Signing keys taking turns without a restart: a new file in the folder is told at once, and signs a day later.

By then every verifier has heard of it, even after hours without the bus. What the old key signed is believed until it
ends by itself: public keys are kept for two years. A stolen key is ended at once: see ``ending_keys``.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

from sqlalchemy import select

from contracts.access import Issuer, SigningKeyPublished
from services.chassis.db import Database, Tx
from services.chassis.signing import BELIEVED_FOR, SigningKey, load_or_make_key, make_key, publish_key, read_key
from services.chassis.supervisor import Chore
from services.chassis.tables import VerificationKey

SETTLES_AFTER = timedelta(hours=24)
ROTATE_AFTER = timedelta(days=180)
"""With a system's token of a year, well inside the two years for which a key is believed."""
TEND_EVERY_S = 60.0


@dataclass(frozen=True)
class KeyFolder:
    """The private keys of one issuer, in files that its processes share."""

    folder: Path
    _read: dict[str, SigningKey] = field(default_factory=dict, repr=False, compare=False)

    def at(self, now: datetime) -> SigningKey:
        """Give the newest key that has settled at *now*; while none has, the oldest."""
        keys = self.find()
        return next((key for key in reversed(keys) if now >= key.made_at + SETTLES_AFTER), keys[0])

    def find(self) -> list[SigningKey]:
        """Give the keys that are in the folder now, oldest first; there is at least one."""
        names = sorted(path.name for path in self.folder.glob("*.pem"))
        return [self._key(name) for name in names]

    def _key(self, name: str) -> SigningKey:
        if name not in self._read:
            self._read[name] = read_key(self.folder / name)
        return self._read[name]

    def forget_older(self, signing: SigningKey) -> None:
        """Delete the private keys that signed before *signing* did."""
        kids = [key.kid for key in self.find()]
        self.forget(kids[: kids.index(signing.kid)])

    def forget(self, kids: Collection[str]) -> None:
        """Delete the private keys of those ids: from now on others sign."""
        for name in sorted(path.name for path in self.folder.glob("*.pem")):
            if self._key(name).kid in kids:
                (self.folder / name).unlink(missing_ok=True)


def open_keys(folder: Path, now: datetime) -> KeyFolder:
    """Give the keys in *folder*, making the first one."""
    load_or_make_key(folder, now)
    return KeyFolder(folder)


def publish_keys(tx: Tx, issuer: Issuer, keys: KeyFolder, now: datetime) -> None:
    """Tell everyone the public halves of all keys in the folder; harmless when told before."""
    for key in keys.find():
        publish_key(tx, issuer, key, now)


def rotate_keys(db: Database, issuer: Issuer, keys: KeyFolder, now: datetime) -> str:
    """Make a key and tell its public half; says when it begins to sign."""
    key = read_key(make_key(keys.folder, now))
    with db.begin() as tx:
        publish_key(tx, issuer, key, now)
    return f"{key.kid} signs from {key.made_at + SETTLES_AFTER:%Y-%m-%dT%H:%M:%SZ} on"


def tend_keys(db: Database, issuer: Issuer, keys: KeyFolder, now: datetime) -> None:
    """Make a key when the newest is half a year old, tell those not told yet, delete those that sign no more."""
    if now >= keys.find()[-1].made_at + ROTATE_AFTER:
        make_key(keys.folder, now)
    with db.begin() as tx:
        for key in keys.find():
            if tx.get(VerificationKey, key.kid) is None:
                publish_key(tx, issuer, key, now)
    keys.forget_older(keys.at(now))


def keys_chore(db: Database, issuer: Issuer, keys: KeyFolder, now: Callable[[], datetime]) -> Chore:
    """Give the chore of an issuer's background."""
    return Chore("signing-keys", TEND_EVERY_S, lambda: tend_keys(db, issuer, keys, now()))


def find_published(tx: Tx, issuer: Issuer, now: datetime) -> list[SigningKeyPublished]:
    """Give what was told of the keys of *issuer*, oldest first: for retelling.

    Those that were ended are among them with their end, until they would have ended by themselves: a hearer may still
    believe them.
    """
    query = select(VerificationKey).filter_by(issuer=issuer).where(VerificationKey.not_before > now - BELIEVED_FOR)
    return [told_of(row) for row in tx.scalars(query.order_by(VerificationKey.not_before, VerificationKey.kid))]


def told_of(row: VerificationKey) -> SigningKeyPublished:
    """Give the event that tells a key as it stands; its version is 2 when it ends before its time."""
    is_ended = row.not_after < row.not_before + BELIEVED_FOR
    return SigningKeyPublished(
        id=row.kid,
        version=2 if is_ended else 1,
        at=row.not_after if is_ended else row.not_before,
        issuer=cast("Issuer", row.issuer),
        public_key=row.public_key,
        not_before=row.not_before,
        not_after=row.not_after,
    )
