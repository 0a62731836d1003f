"""The record of who did what: append-only, hash-chained, in the act's own transaction; identity merges the copies."""

import hashlib
import json
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from contracts.audit import ActRecorded
from services.chassis.caller import Caller
from services.chassis.db import Tx
from services.chassis.outbox import put_event
from services.chassis.tables import Act, AuditHead

FIRST_HASH = "0" * 64


def record(
    tx: Tx,
    service: str,
    action: str,
    now: datetime,
    *,
    caller: Caller | None = None,
    actor: str | None = None,
    patient_id: str | None = None,
    object: str | None = None,  # noqa: A002 - the audit's own word
    slug: str | None = None,
    phi_acknowledged: bool | None = None,
    address: str | None = None,
    reason: str | None = None,
    person: str | None = None,
    device: str | None = None,
) -> None:
    """Append one act of *caller*, or of *actor* (``service:…``, or a holder that has no token yet).

    *slug*: why it was refused; None: it was done. *reason*: what a member of staff gave as theirs, where one is asked.
    *person* and *device*: what a recipient typed as their name, and came with.
    """
    head = _locked_head(tx)
    act = ActRecorded(
        id=f"{service}:{head.position + 1}",
        version=1,
        at=now,
        service=service,
        position=head.position + 1,
        actor=caller.holder if caller else (actor or f"service:{service}"),
        action=action,
        patient_id=patient_id,
        object=object,
        outcome="refused" if slug else "done",
        slug=slug,
        from_address=caller.address if caller else address,
        phi_acknowledged=phi_acknowledged,
        reason=reason,
        person=person,
        device=device,
        previous_hash=head.hash,
        hash="",
    )
    body = canonical(act)
    digest = chain_hash(head.hash, body)
    tx.add(Act(position=act.position, at=now, body=body, hash=digest))
    head.position, head.hash = act.position, digest
    put_event(tx, service, act.model_copy(update={"hash": digest}), now)


def chain_hash(previous_hash: str, body: str) -> str:
    """Give the hash of the act *body* (canonical JSON) that follows *previous_hash*."""
    return hashlib.sha256(f"{previous_hash}\n{body}".encode()).hexdigest()


def canonical(act: ActRecorded) -> str:
    """Give the text of *act* (its ``hash`` empty) that is hashed and kept for 6 years.

    Without the address, name and device: they are kept beside it, and their going must not break the chain.
    """
    kept = act.model_copy(update={"from_address": None}).to_json()
    said = {name: value for name, value in kept.items() if name not in {"person", "device"}}
    return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _locked_head(tx: Tx) -> AuditHead:
    query = select(AuditHead).filter_by(id=1).with_for_update()
    head = tx.scalars(query).one_or_none()
    if head is not None:
        return head
    try:
        with tx.begin_nested():
            tx.add(AuditHead(id=1, position=0, hash=FIRST_HASH))
    except IntegrityError:  # another transaction began the chain at the same instant
        pass
    return tx.scalars(query).one()


def find_break(tx: Tx) -> int | None:
    """Give the position of the first act that does not fit its chain, or is missing at its end; None when all do."""
    position, previous = 0, FIRST_HASH
    acts = tx.scalars(select(Act).order_by(Act.position).execution_options(yield_per=1000))
    for position, act in enumerate(acts, start=1):
        if act.position != position or act.hash != chain_hash(previous, act.body):
            return position
        previous = act.hash
    head = tx.get(AuditHead, 1)
    is_whole = (head.position, head.hash) == (position, previous) if head else position == 0
    return None if is_whole else position + 1
