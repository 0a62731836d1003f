"""Minting access tokens: what the two issuers, identity and sharing, share. Private keys lie in files, mode 0600."""

import base64
import os
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contracts.access import Issuer, SigningKeyPublished
from contracts.tokens import (
    ACCESS_LIFETIME,
    ALGORITHM,
    AUDIENCES,
    SHARE_ACCESS_LIFETIME,
    SYSTEM_LIFETIME,
    Claims,
    Grants,
)
from services.chassis.auth import note_key
from services.chassis.db import Tx, new_id
from services.chassis.outbox import put_event

KEY_LIFETIME = timedelta(days=2 * 365)
"""A system's token lives a year, so a key must verify for longer."""
BELIEVED_BEFORE = timedelta(days=1)
BELIEVED_FOR = BELIEVED_BEFORE + KEY_LIFETIME
"""From a key's ``not_before`` to its ``not_after``, unless it is ended."""


@dataclass(frozen=True)
class SigningKey:
    """A private Ed25519 key and its id."""

    kid: str
    private_key: Ed25519PrivateKey
    made_at: datetime

    def at(self, now: datetime) -> "SigningKey":
        """Give itself: a key alone signs at any time."""
        del now
        return self

    def published(self, issuer: Issuer) -> SigningKeyPublished:
        """Give the event that tells its public half."""
        raw = self.private_key.public_key().public_bytes_raw()
        return SigningKeyPublished(
            id=self.kid,
            version=1,
            at=self.made_at,
            issuer=issuer,
            public_key=base64.urlsafe_b64encode(raw).rstrip(b"=").decode(),
            not_before=self.made_at - BELIEVED_BEFORE,
            not_after=self.made_at + KEY_LIFETIME,
        )


class Keys(Protocol):
    """The keys of an issuer: one alone, or a folder in which they take turns."""

    def at(self, now: datetime) -> SigningKey:
        """Give the key that signs at *now*."""


@dataclass(frozen=True)
class Minter:
    """Mints the tokens of one issuer with the key that signs now."""

    issuer: Issuer
    keys: Keys

    def mint(
        self, *, holder: str, session: str, version: int, grants: Grants, now: datetime, ends_at: datetime | None = None
    ) -> tuple[str, int]:
        """Give an access token and the seconds it lives; never past *ends_at*, the code's or share's own end."""
        expires_at = now + lifetime(grants)
        expires_at = expires_at if ends_at is None else min(expires_at, ends_at)
        claims = Claims(
            iss=self.issuer,
            aud=list(AUDIENCES[grants.kind]),
            sub=holder,
            sid=session,
            sv=version,
            jti=new_id(),
            iat=int(now.timestamp()),
            exp=int(expires_at.timestamp()),
            grants=grants,
        )
        key = self.keys.at(now)
        token = jwt.encode(claims.to_json(), key.private_key, algorithm=ALGORITHM, headers={"kid": key.kid})
        return token, max(0, int((expires_at - now).total_seconds()))


def lifetime(grants: Grants) -> timedelta:
    """How long an access token with *grants* lives."""
    if grants.kind == "share":
        return SHARE_ACCESS_LIFETIME
    return SYSTEM_LIFETIME if grants.kind == "system" else ACCESS_LIFETIME


def load_or_make_key(folder: Path, now: datetime) -> SigningKey:
    """Give the newest key in *folder*, making the first one. Files are ``<instant>-<kid>.pem``."""
    files = sorted(folder.glob("*.pem"))
    return read_key(files[-1] if files else make_key(folder, now))


def read_key(path: Path) -> SigningKey:
    """Give the key in a file that ``make_key`` made."""
    stamp, kid = path.stem.split("-", maxsplit=1)
    private_key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(private_key, Ed25519PrivateKey):
        raise TypeError(f"{path.name} holds no Ed25519 key")
    return SigningKey(kid, private_key, datetime.fromtimestamp(int(stamp), UTC))


def make_key(folder: Path, now: datetime) -> Path:
    """Make a key in *folder*, whose file is there whole or not at all."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    private_key = Ed25519PrivateKey.generate()
    pem = private_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / f"{int(now.timestamp())}-{secrets.token_hex(8)}.pem"
    part = path.with_suffix(".part")
    file = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(file, "wb") as out:
        out.write(pem)
        out.flush()
        os.fsync(out.fileno())
    return part.rename(path)


def publish_key(tx: Tx, issuer: Issuer, key: SigningKey, now: datetime) -> None:
    """Keep the public half here and tell everyone; harmless when told before."""
    event = key.published(issuer)
    note_key(tx, event)
    put_event(tx, issuer, event, now)
