"""The records that an account holds, and taking in a further one by a visit's I-Code (rules: Accounts).

A code opens one visit; an account shows the whole history. So what a code adds is the record of the same person in
another system, and nobody else's: that of a minor comes by I-Code alone (S68), a represented person's by staff.
"""

from dataclasses import dataclass
from datetime import date, datetime

from contracts.messages import About
from contracts.refusal import Refusal
from services.chassis import audit
from services.chassis.caller import Caller
from services.chassis.db import Tx
from services.chassis.outbox import put_event
from services.identity.domain.ages import adult_at
from services.identity.domain.own_records import RecordNotAddable, is_own
from services.identity.parts import Parts
from services.identity.store import accounts, demographics, holders, patients, visits
from services.identity.store.icodes import ICodeRow
from services.identity.usecases.accounts import join_records
from services.identity.usecases.contacts import tell_of_devices
from services.identity.usecases.help_letters import message
from services.identity.usecases.icodes import Typed, with_icode
from services.identity.usecases.own_account import lock_own_account


@dataclass(frozen=True)
class OwnRecord:
    """A patient whose records an account holds."""

    patient_id: str
    name: str
    exams: int
    by: str
    """``matched``, ``icode``, ``staff`` or ``merge``."""


def add_record(parts: Parts, caller: Caller, text: str, birth_date: date | None) -> list[OwnRecord]:
    """Let the account of *caller* hold the record of the visit whose I-Code is *text*; gives all that it holds then.

    Tokens have it from the next refresh on. Raises what ``with_icode`` raises; RecordNotAddable; SessionOver
    for an account that is gone.
    """
    now = parts.clock.now()
    typed = Typed(text, birth_date, caller.address, caller)
    return with_icode(parts, typed, lambda tx, row: _add(tx, parts, caller, row, now))


def _add(tx: Tx, parts: Parts, caller: Caller, row: ICodeRow, now: datetime) -> list[OwnRecord] | Refusal:
    account = lock_own_account(tx, caller)
    opens = holders.find_icode_holder(tx, row.holder)
    visit = visits.find_visit(tx, opens.visit_id) if opens else None
    patient_id = visit.patient_id if visit else ""
    held = accounts.find_patient_ids(tx, account.id)
    if visit is None or patient_id not in held:
        refusal = _refusal(tx, parts, account.id, visit, now)
        if refusal is not None:
            return refusal
        _hold(tx, account.id, patient_id, now)
    audit.record(tx, "identity", "record.add", now, caller=caller, patient_id=patient_id, object=f"icode:{row.id}")
    return find_records(tx, account.id)


def _refusal(tx: Tx, parts: Parts, account_id: str, visit: visits.VisitRow | None, now: datetime) -> Refusal | None:
    """Give why an account may not hold the visit's record; None: it may.

    What a merge lends says nothing of whose the account is: the merge may be a wrong one.
    """
    patient_id = visit.patient_id if visit else ""
    record = demographics.lock_eligible(tx, patient_id, is_despite_protection=False)
    if record is None or visit is None:
        return RecordNotAddable()
    same = {patient_id, *patients.find_merged_into(tx, [patient_id]).values()}
    is_held = set(accounts.find_live_holders_of(tx, same)) - {account_id} != set()
    is_minors = adult_at(record.birth_date, parts.time_zone(visit.location_id), now) is not None
    is_theirs = is_own(record, demographics.find_recorded(tx, accounts.find_proven(tx, account_id)))
    return None if is_theirs and not is_held and not is_minors else RecordNotAddable()


def _hold(tx: Tx, account_id: str, patient_id: str, now: datetime) -> None:
    before = set(accounts.find_patient_ids(tx, account_id))
    accounts.add_record(tx, account_id, patient_id, "icode")
    tx.flush()
    join_records(tx, account_id)
    tell_of_devices(tx, account_id, set(accounts.find_patient_ids(tx, account_id)) - before, now)
    letter = message("record-added", now, about=About(kind="patient", id=patient_id))
    put_event(tx, "identity", letter, now)


def find_records(tx: Tx, account_id: str) -> list[OwnRecord]:
    """Give the records that an account holds, each once, by patient."""
    by = {row.patient_id: row.by.partition(":")[0] for row in accounts.find_records(tx, account_id)}
    counts = visits.count_exams_of(tx, by)
    found = [(patients.find_patient(tx, one), one) for one in sorted(by)]
    return [
        OwnRecord(patient_id, row.shown_name if row else "", counts.get(patient_id, 0), by[patient_id])
        for row, patient_id in found
    ]
