"""The merged audit: the acts of all services, each in its service's chain."""

import json

from contracts.audit import ActRecorded
from services.chassis import log
from services.chassis.audit import FIRST_HASH, canonical, chain_hash
from services.chassis.audit import find_break as find_own_break
from services.chassis.db import Tx
from services.identity.store import audit as store


def append_act(tx: Tx, told: ActRecorded) -> None:
    """Keep an act; a second, other one at the same place of a chain is not believed, and noted."""
    body = canonical(told.model_copy(update={"hash": ""}))
    is_new = store.append(
        tx,
        service=told.service,
        position=told.position,
        at=told.at,
        actor=told.actor,
        action=told.action,
        patient_id=told.patient_id,
        object=told.object,
        outcome=told.outcome,
        from_address=told.from_address,
        person=told.person,
        device=told.device,
        body=body,
        hash=told.hash,
    )
    if not is_new and store.find_hash(tx, told.service, told.position) != told.hash:
        log.get().critical("audit-act-told-twice-differently", seq=told.position)


def find_breaks(tx: Tx) -> dict[str, int]:
    """Give, for each record that does not hold, the position of its first act that is missing or altered.

    By service, of what they told; and ``identity's own`` of the acts that identity did, as they were done.
    """
    found: dict[str, int | None] = {service: find_break(tx, service) for service in store.find_services(tx)}
    found["identity's own"] = find_own_break(tx)
    return {record: broken for record, broken in found.items() if broken is not None}


def find_break(tx: Tx, service: str) -> int | None:
    """Give the position of the first act of *service* that is missing or altered; None when its chain holds."""
    previous = FIRST_HASH
    for position, act in enumerate(store.find_chain(tx, service), start=1):
        if act.position != position or act.hash != chain_hash(previous, act.body) or not _is_shown_as_told(act):
            return position
        previous = act.hash
    return None


def _is_shown_as_told(act: store.AuditEntryRow) -> bool:
    """Whether what is searched and shown of an act is what the hashed text says."""
    try:
        told = ActRecorded.read(json.loads(act.body))
    except ValueError:  # pydantic's too
        return False
    return (told.at, told.actor, told.action, told.patient_id, told.object, told.outcome) == (
        act.at,
        act.actor,
        act.action,
        act.patient_id,
        act.object,
        act.outcome,
    )
