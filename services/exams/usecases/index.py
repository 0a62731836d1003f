"""Indexing stored objects: studies, series, instances; who came first under a UID stays."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from services.chassis.db import Tx, new_id
from services.exams.dicom_headers import InstanceHeaders
from services.exams.parts import Parts
from services.exams.store import locks, people, studies
from services.exams.store.tables import StudyRow
from services.exams.usecases.matching import match_study, settle_exams

Verdict = Literal["stored", "known", "other-bytes", "other-study", "other-patient"]

RENDER_AHEAD_BYTES = 1 << 30
"""Of larger objects pictures are made only when asked for."""
RENDER_AHEAD_FRAMES = 2_000


@dataclass(frozen=True)
class Arrived:
    """An object that is durable at *key*; None: its SOP Instance UID is taken, so it was not written."""

    headers: InstanceHeaders
    key: str | None
    sha256: str
    size_bytes: int


def index(parts: Parts, arrived: list[Arrived]) -> tuple[list[Verdict], set[str]]:
    """Index objects; give what became of each, in order, and the studies (ids) that changed."""
    now = parts.clock.now()
    touched: set[str] = set()
    with parts.db.begin() as tx:
        locks.lock(tx, _lock_keys(arrived))
        verdicts = _known(tx, arrived)
        changed: set[str] = set()
        for study_uid in dict.fromkeys(one.headers.study_uid for one in arrived):
            places = [
                at for at, one in enumerate(arrived) if one.headers.study_uid == study_uid and not verdicts.get(at)
            ]
            if places:
                study = _study(tx, arrived[places[0]].headers, now)
                changed |= _add(tx, study, {at: arrived[at] for at in places}, verdicts, touched, now)
        settle_exams(tx, parts, changed, now)
    return [verdicts[at] for at in range(len(arrived))], touched


def _lock_keys(arrived: list[Arrived]) -> set[str]:
    keys = {locks.study_key(one.headers.study_uid) for one in arrived}
    return keys | {locks.accession_key(one.headers.accession) for one in arrived if one.headers.accession}


def _known(tx: Tx, arrived: list[Arrived]) -> dict[int, Verdict]:
    """Give the verdict on those whose SOP Instance UID is taken, by an earlier object or one of the same batch."""
    held = studies.find_held(tx, list({one.headers.sop_instance_uid for one in arrived}))
    verdicts: dict[int, Verdict] = {}
    for at, one in enumerate(arrived):
        uid = one.headers.sop_instance_uid
        first = held.setdefault(uid, studies.Held("", one.headers.study_uid, one.headers.series_uid, one.sha256))
        is_first = first.id == "" and not any(arrived[before].headers.sop_instance_uid == uid for before in range(at))
        if not is_first:
            verdicts[at] = _compare(one, first)
    return verdicts


def _compare(one: Arrived, first: studies.Held) -> Verdict:
    if first.study_uid != one.headers.study_uid:
        return "other-study"
    return "known" if first.sha256 == one.sha256 else "other-bytes"


def _study(tx: Tx, headers: InstanceHeaders, now: datetime) -> StudyRow:
    study = studies.find_study_by_uid(tx, headers.study_uid)
    if study is not None:
        return study
    return studies.add_study(
        tx,
        headers.study_uid,
        mrn=headers.patient_id,
        accession=headers.accession,
        description=headers.study_description,
        patient_keys=headers.patient_keys,
        study_keys=headers.study_keys,
        first_at=now,
    )


def _add(
    tx: Tx, study: StudyRow, new: dict[int, Arrived], verdicts: dict[int, Verdict], touched: set[str], now: datetime
) -> set[str]:
    """Add objects to their study; give the exams (ids) whose studies changed by it."""
    rows: list[dict[str, Any]] = []
    series_ids = {uid: row.id for uid, row in studies.find_series(tx, study.id).items()}
    is_new = study.changes == 0
    for at, one in new.items():
        if not _is_same_person(tx, study.mrn, one.headers.patient_id):
            verdicts[at] = "other-patient"
            continue
        if study.mrn is None and one.headers.patient_id is not None:
            study.mrn, is_new = one.headers.patient_id, True
        if study.accession is None and one.headers.accession is not None:
            study.accession, is_new = one.headers.accession, True
        if one.headers.series_uid not in series_ids:
            series_ids[one.headers.series_uid] = _add_series(tx, study, one.headers)
        rows.append(_row(one, study.id, series_ids[one.headers.series_uid], now))
        verdicts[at] = "stored"
    if not rows:
        return set()
    studies.add_instances(tx, rows)
    _check_landed(tx, rows, new, verdicts)
    study.changes, study.is_dirty = study.changes + 1, True
    touched.add(study.id)
    tx.flush()
    return set(match_study(tx, study, now)) if is_new else set()


def _check_landed(tx: Tx, rows: list[dict[str, Any]], new: dict[int, Arrived], verdicts: dict[int, Verdict]) -> None:
    """Correct the verdict on an object whose UID another transaction took at the same instant."""
    held = studies.find_held(tx, [row["sop_instance_uid"] for row in rows])
    ids = {row["id"] for row in rows}
    for at, one in new.items():
        first = held.get(one.headers.sop_instance_uid)
        if verdicts[at] == "stored" and first is not None and first.id not in ids:
            verdicts[at] = _compare(one, first)


def _is_same_person(tx: Tx, mrn: str | None, other: str | None) -> bool:
    """Tell whether two Patient IDs may stand in one study: the same, or numbers of one person by a merge."""
    if mrn is None or other is None or mrn == other:
        return True
    persons = [
        {people.find_living(tx, patient_id).id for patient_id in people.find_patients_of_mrn(tx, number)}
        for number in (mrn, other)
    ]
    return bool(persons[0] & persons[1])


def _add_series(tx: Tx, study: StudyRow, headers: InstanceHeaders) -> str:
    return studies.add_series(
        tx,
        study.id,
        headers.series_uid,
        modality=headers.modality,
        number=headers.series_number,
        description=headers.series_description,
        keys=headers.series_keys,
    ).id


def _row(one: Arrived, study_id: str, series_id: str, now: datetime) -> dict[str, Any]:
    headers = one.headers
    is_picture = headers.role == "image" and 0 < headers.frames <= RENDER_AHEAD_FRAMES
    return {
        "id": new_id(),
        "study_id": study_id,
        "series_id": series_id,
        "sop_instance_uid": headers.sop_instance_uid,
        "sop_class_uid": headers.sop_class_uid,
        "transfer_syntax_uid": headers.transfer_syntax_uid,
        "key": one.key,
        "sha256": one.sha256,
        "size_bytes": one.size_bytes,
        "role": headers.role,
        "record_type": headers.record_type,
        "instance_number": headers.instance_number,
        "frames": headers.frames,
        "is_colour": headers.is_colour,
        "slice_position": headers.slice_position,
        "orientation": headers.orientation,
        "keys": headers.instance_keys,
        "stored_at": now,
        "render_state": "queued" if is_picture and one.size_bytes <= RENDER_AHEAD_BYTES else "none",
        "render_tries": 0,
    }
