"""The Portal Pass: shown to whoever issued its code, for 15 minutes (S1, S2, S65)."""

from datetime import datetime
from zoneinfo import ZoneInfo

from services.chassis import audit
from services.chassis.caller import Caller
from services.chassis.db import Tx
from services.identity.domain.portal_passes import PASS_LIFETIME, Language, PassNotFound, is_shown
from services.identity.parts import Parts
from services.identity.portal_pass import PassSheet
from services.identity.seal import Seal
from services.identity.store import holders, icodes, patients, visits
from services.identity.store import portal_passes as store
from services.identity.usecases.icodes import IssuedCode


def keep_pass(tx: Tx, seal: Seal, caller: Caller, issued: IssuedCode, now: datetime) -> None:
    """Keep the code just issued for its Pass, sealed, for the session that issued it."""
    sealed = seal.close(issued.shown, issued.id)
    store.add_pass(tx, icode_id=issued.id, session=caller.session, sealed=sealed, made_at=now)


def show_pass(tx: Tx, parts: Parts, caller: Caller, icode_id: str, language: Language, now: datetime) -> PassSheet:
    """Give what stands on a Pass, and put on record that it was shown. Raises PassNotFound."""
    kept = store.find_pass(tx, icode_id, caller.session)
    if kept is None or not is_shown(kept.made_at, now):
        raise PassNotFound
    icode = icodes.find_icode(tx, icode_id)
    opens = holders.find_icode_holder(tx, icode.holder) if icode and icode.ended_at is None else None
    visit = visits.find_visit(tx, opens.visit_id) if opens else None
    if icode is None or opens is None or visit is None:
        raise PassNotFound
    patient = patients.find_patient(tx, visit.patient_id)
    audit.record(
        tx,
        "identity",
        "portal-pass.show",
        now,
        caller=caller,
        patient_id=visit.patient_id,
        object=f"icode:{icode_id}",
    )
    code = parts.pass_seal.open(kept.sealed, icode_id)
    zone = ZoneInfo(parts.time_zone(visit.location_id))
    location = parts.locations.by_id.get(visit.location_id)
    return PassSheet(
        code=code,
        entry_url=f"{parts.public_url}/enter#{code}",
        address=_address(parts, location.region if location else None),
        patient_name=patient.listed_name if patient else "",
        visit_day=visit.local_date,
        location=location.name if location else "",
        state=location.state if location else "",
        exams=_exams(tx, visit.id, opens.exam_ids),
        last_day=icode.expires_at.astimezone(zone).date(),
        support_phone=parts.support_phone,
        made_at=kept.made_at,
        language=language,
    )


def _address(parts: Parts, region: str | None) -> str:
    """Give the portal's address as it is typed, of the region where it is known."""
    host = parts.public_url.partition("://")[2]
    return f"{host}/r/{region}" if region else host


def _exams(tx: Tx, visit_id: str, exam_ids: list[str] | None) -> tuple[str, ...]:
    """Give what the exams that a code opens are called, by accession; None: all of the visit."""
    rows = visits.find_visit_exams(tx, [visit_id])
    return tuple(row.procedure for row in rows if exam_ids is None or row.exam_id in exam_ids)


def sweep_passes(tx: Tx, now: datetime) -> None:
    """Delete the Passes that nobody can print any more."""
    store.delete_made_until(tx, now - PASS_LIFETIME)
