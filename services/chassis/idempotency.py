"""Idempotency-Key on POSTs that create: the same key gives the same answer for 24 hours; another body is refused.

The kept answer is sealed with a key made of the Idempotency-Key itself, of which only a hash is stored: a dump of the
database opens no code, password or token in it.
"""

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, ClassVar, TypeVar, cast

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from flask import Response, current_app, make_response, request
from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from contracts.refusal import Refusal, RefusalKind
from services.chassis.clock import Clock
from services.chassis.db import Database, Tx
from services.chassis.tables import KeptAnswer

KEEP = timedelta(hours=24)
GIVEN_UP_AFTER = timedelta(seconds=60)
"""A first request that has not answered by then died: the key is free again."""
_ONE_USE_NONCE = b"\0" * 12  # each sealing key seals one answer


class KeyReused(Refusal):
    """Raised when an Idempotency-Key comes with another request than before."""

    slug = "idempotency-key-reused"
    kind: ClassVar[RefusalKind] = "invalid"
    words = "This Idempotency-Key was used for another request."


class RequestUnderWay(Refusal):
    """Raised when the first request with an Idempotency-Key has not answered yet."""

    slug = "request-under-way"
    kind: ClassVar[RefusalKind] = "conflict"
    words = "The same request is under way."


class KeyMalformed(Refusal):
    """Raised when an Idempotency-Key is empty or longer than 255 characters."""

    slug = "idempotency-key-malformed"
    kind: ClassVar[RefusalKind] = "malformed"
    words = "An Idempotency-Key has 1 to 255 characters."


@dataclass(frozen=True)
class AnswerKeeper:
    """Keeps one service's answers; ``app.extensions["answer_keeper"]``."""

    db: Database
    clock: Clock


View = TypeVar("View", bound=Callable[..., Any])


def idempotent(view: View) -> View:
    """Let a POST view answer once for each Idempotency-Key; without the header it is as it was. Goes innermost."""

    @wraps(view)
    def answer(*args: Any, **kwargs: Any) -> Any:
        key = request.headers.get("Idempotency-Key")
        if key is None:
            return view(*args, **kwargs)
        if not 1 <= len(key) <= 255:
            raise KeyMalformed
        keeper: AnswerKeeper = current_app.extensions["answer_keeper"]
        return _answer_once(keeper, key, lambda: view(*args, **kwargs))

    return cast("View", answer)


def _answer_once(keeper: AnswerKeeper, key: str, view: Callable[[], Any]) -> Any:
    who = request.headers.get("Authorization", "")
    subject = f"{request.method} {request.path}\n{_subject(who)}\n{key}"
    key_hash = hashlib.sha256(subject.encode()).hexdigest()
    seal = AESGCM(hashlib.sha256(b"seal\n" + subject.encode()).digest())
    kept = _begin(keeper, key_hash)
    if kept is not None:
        body = json.loads(seal.decrypt(_ONE_USE_NONCE, cast("bytes", kept.sealed), key_hash.encode()))
        response = Response(body["text"], status=kept.status, content_type=body["type"])
        if body["location"]:
            response.headers["Location"] = body["location"]
        return response
    try:
        response = make_response(_as_response(view()))
    except BaseException:
        _forget(keeper, key_hash)
        raise
    _keep(keeper, key_hash, seal, response)
    return response


def _subject(authorization: str) -> str:
    """Give who asks, stable over refreshed tokens: the holder of the verified caller, else nobody."""
    if not authorization:
        return "nobody"
    from services.chassis.web import caller

    return caller().holder


def _as_response(value: Any) -> Any:
    from pydantic import BaseModel

    if isinstance(value, tuple):
        first, *rest = value
        return (_as_response(first), *rest)
    return value.model_dump(mode="json", by_alias=True) if isinstance(value, BaseModel) else value


def _request_hash(key_hash: str) -> str:
    """Give a hash of the body that cannot be guessed at without the Idempotency-Key (a body may hold a password)."""
    key = request.headers["Idempotency-Key"]
    return hmac.new(f"{key_hash}\n{key}".encode(), request.get_data(cache=True), hashlib.sha256).hexdigest()


def _begin(keeper: AnswerKeeper, key_hash: str) -> KeptAnswer | None:
    """Take the key for this request; the kept answer when there is one. Raises KeyReused, RequestUnderWay."""
    now = keeper.clock.now()
    try:
        with keeper.db.begin() as tx:
            kept = tx.get(KeptAnswer, key_hash, with_for_update=True)
            if kept is not None and _is_over(kept, now):
                tx.delete(kept)
                tx.flush()
                kept = None
            if kept is None:
                tx.add(
                    KeptAnswer(
                        key_hash=key_hash, request_hash=_request_hash(key_hash), status=None, sealed=None, made_at=now
                    )
                )
                return None
    except IntegrityError as error:
        raise RequestUnderWay from error
    if kept.request_hash != _request_hash(key_hash):
        raise KeyReused(field="Idempotency-Key")
    if kept.status is None:
        raise RequestUnderWay
    return kept


def _is_over(kept: KeptAnswer, now: datetime) -> bool:
    return now >= kept.made_at + (GIVEN_UP_AFTER if kept.status is None else KEEP)


def _keep(keeper: AnswerKeeper, key_hash: str, seal: AESGCM, response: Response) -> None:
    body = {
        "text": response.get_data(as_text=True),
        "type": response.content_type,
        "location": response.headers.get("Location"),
    }
    with keeper.db.begin() as tx:
        kept = tx.get(KeptAnswer, key_hash)
        if kept is not None:
            kept.status = response.status_code
            kept.sealed = seal.encrypt(_ONE_USE_NONCE, json.dumps(body).encode(), key_hash.encode())


def _forget(keeper: AnswerKeeper, key_hash: str) -> None:
    with keeper.db.begin() as tx:
        tx.execute(delete(KeptAnswer).where(KeptAnswer.key_hash == key_hash, KeptAnswer.status.is_(None)))


def delete_old(tx: Tx, now: datetime) -> None:
    """Delete answers kept longer than KEEP."""
    tx.execute(delete(KeptAnswer).where(KeptAnswer.made_at < now - KEEP))
