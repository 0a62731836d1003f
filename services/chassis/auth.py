"""Verifying access tokens, with keys that came over the bus, so that it works while the issuer is down."""

import base64
import threading
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

import jwt
from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import ValidationError
from sqlalchemy import select

from contracts.access import SigningKeyPublished
from contracts.refusal import Refusal, RefusalKind
from contracts.tokens import ALGORITHM, AUDIENCES, ISSUERS, Claims
from services.chassis.access import is_ended
from services.chassis.caller import Caller
from services.chassis.clock import Clock
from services.chassis.db import Database, Tx, insert_new
from services.chassis.tables import VerificationKey

LEEWAY_S = 5
"""How far the clocks of issuer and verifier may differ."""
LOOK_AGAIN_S = 1.0
"""How often at most the known keys are read anew: an ended one is refused within this time."""


class Unauthenticated(Refusal):
    """Raised when there is no valid access token: absent, malformed, expired, ended, or not for this part."""

    slug = "unauthenticated"
    kind: ClassVar[RefusalKind] = "unauthenticated"
    words = "Log in again."


@dataclass
class Verifier:
    """Verifies tokens for one part. Keeps the known keys in memory; the database's table is the truth."""

    part: str
    db: Database
    clock: Clock
    _keys: dict[str, VerificationKey] = field(default_factory=dict)
    _looked_at: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def verify(self, token: str, address: str | None = None) -> Caller:
        """Give who *token* stands for. Raises Unauthenticated, never saying why."""
        claims, key = self._claims(token)
        with self.db.read() as tx:
            if is_ended(tx, claims.sub, claims.sid, claims.sv):
                raise Unauthenticated
        return Caller(
            kind=claims.grants.kind,
            holder=claims.sub,
            session=claims.sid,
            version=claims.sv,
            grants=claims.grants,
            address=address,
            kid=key.kid,
        )

    def _claims(self, token: str) -> tuple[Claims, VerificationKey]:
        try:
            header = jwt.get_unverified_header(token)
            key = self._key(header)
            options: Any = {
                "verify_exp": False,
                "verify_iat": False,
                "verify_aud": False,
                "require": ["exp", "iat", "sub"],
            }
            payload = jwt.decode(token, key=_public_key(key), algorithms=[ALGORITHM], options=options)
            claims = Claims.read(payload)
        except (jwt.PyJWTError, ValidationError, InvalidKey, ValueError, RecursionError) as error:
            raise Unauthenticated from error
        self._check(claims, key)
        return claims, key

    def _check(self, claims: Claims, key: VerificationKey) -> None:
        now = self.clock.now().timestamp()
        kind = claims.grants.kind
        is_ours = self.part in claims.aud and self.part in AUDIENCES[kind]
        is_issuers = claims.iss == key.issuer == ISSUERS[kind] and claims.sub.startswith(f"{kind}:")
        if not (is_ours and is_issuers and claims.iat - LEEWAY_S <= now < claims.exp):
            raise Unauthenticated

    def _key(self, header: dict[str, object]) -> VerificationKey:
        kid = header.get("kid")
        if header.get("alg") != ALGORITHM or not isinstance(kid, str) or len(kid) > 64:
            raise Unauthenticated
        self._look_again()
        key = self._keys.get(kid)
        if key is None or not key.not_before <= self.clock.now() < key.not_after:
            raise Unauthenticated
        return key

    def _look_again(self) -> None:
        if self._has_just_looked():
            return
        with self._lock:
            if self._has_just_looked():
                return
            began = time.monotonic()
            with self.db.read() as tx:
                self._keys = {row.kid: row for row in tx.scalars(select(VerificationKey))}
            self._looked_at = began

    def _has_just_looked(self) -> bool:
        return time.monotonic() - self._looked_at < LOOK_AGAIN_S


def _public_key(key: VerificationKey) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(key.public_key + "=="))


def note_key(tx: Tx, event: SigningKeyPublished) -> None:
    """Keep a public key; a key id is never given another key, and the earliest end that is told of it holds."""
    values = {
        "kid": event.id,
        "issuer": event.issuer,
        "public_key": event.public_key,
        "not_before": event.not_before,
        "not_after": event.not_after,
    }
    if insert_new(tx, VerificationKey, values, ["kid"]):
        return
    row = tx.get_one(VerificationKey, event.id, with_for_update=True, populate_existing=True)
    if (row.issuer, row.public_key) == (event.issuer, event.public_key):
        row.not_after = min(row.not_after, event.not_after)


def is_key_ended(tx: Tx, kid: str, now: datetime) -> bool:
    """Whether what the key *kid* opened is to be closed at *now*: it is unknown here, or over."""
    row = tx.get(VerificationKey, kid)
    return row is None or now >= row.not_after


def on_signing_key_published(parts: object, tx: Tx, event: SigningKeyPublished) -> None:
    """Keep what an issuer told; the handler of ``signing-key.published`` in every service."""
    del parts
    note_key(tx, event)


def find_believed(tx: Tx, issuer: str, now: datetime) -> list[VerificationKey]:
    """Give the public keys of *issuer* that are believed at *now*, oldest first."""
    query = select(VerificationKey).filter_by(issuer=issuer).where(VerificationKey.not_after > now)
    return list(tx.scalars(query.order_by(VerificationKey.not_before, VerificationKey.kid)))


def find_jwks(tx: Tx, issuer: str, now: datetime) -> list[dict[str, str]]:
    """Give the public keys of *issuer* that are believed at *now*, as JWKs (RFC 8037), oldest first."""
    return [
        {"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": ALGORITHM, "kid": row.kid, "x": row.public_key}
        for row in find_believed(tx, issuer, now)
    ]
