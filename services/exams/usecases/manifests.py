"""Manifests: what is in a study, as an immutable object; made at once, then at most every 5 s while images come."""

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime

from contracts.manifest import Manifest, ManifestInstance, ManifestSeries
from services.chassis.db import new_id
from services.exams.domain.exams import MANIFEST_EVERY
from services.exams.parts import Parts
from services.exams.slice_order import in_order
from services.exams.store import exams as exam_store
from services.exams.store import studies
from services.exams.store.tables import InstanceRow, SeriesRow, StudyRow
from services.exams.usecases.matching import settle_exams

AT_ONCE = 20


def make_due(parts: Parts, study_ids: Iterable[str] | None = None) -> None:
    """Make the manifest of each study that changed and whose last one is old enough; only of *study_ids*, if given."""
    made_before = parts.clock.now() - MANIFEST_EVERY
    with parts.db.read() as tx:
        due = studies.find_dirty(tx, made_before, AT_ONCE, None if study_ids is None else list(study_ids))
    for study_id in due:
        make_manifest(parts, study_id)


def make_manifest(parts: Parts, study_id: str) -> None:
    """Store a new manifest of a study and tell its exams; when another was made meanwhile, leave it at that."""
    now = parts.clock.now()
    with parts.db.read() as tx:
        study = studies.find_study(tx, study_id)
        series = list(studies.find_series(tx, study_id).values())
        instances = studies.find_instances(tx, study_id)
    version, changes = study.manifest_version + 1, study.changes
    data = _json(_manifest(study, series, instances, version, now))
    key = f"manifests/{study_id}/{version}-{new_id()}.json"
    parts.objects.put(key, data)
    with parts.db.begin() as tx:
        row = studies.find_locked_study(tx, study_id)
        is_ours = row.manifest_version == version - 1
        if is_ours:
            row.manifest_version, row.manifest_key, row.manifest_at = version, key, now
            row.manifest_sha256 = hashlib.sha256(data).hexdigest()
            row.manifest_changes, row.is_dirty = changes, row.changes != changes
            _count(row, instances)
            tx.flush()
            settle_exams(tx, parts, [exam.id for exam in exam_store.find_exams_of_study(tx, study_id)], now)
    if not is_ours:
        parts.objects.delete(key)


def _count(study: StudyRow, instances: list[InstanceRow]) -> None:
    """Count what may be told: findings are report, not image, and in no count."""
    told = [one for one in instances if one.role != "finding"]
    study.instances, study.size_bytes = len(told), sum(one.size_bytes for one in told)
    study.pictures = sum(1 for one in told if one.role == "image" and one.frames)


def _json(manifest: Manifest) -> bytes:
    return json.dumps(manifest.to_json(), separators=(",", ":"), ensure_ascii=False).encode()


def _manifest(
    study: StudyRow, series: list[SeriesRow], instances: list[InstanceRow], version: int, now: datetime
) -> Manifest:
    by_series: dict[str, list[InstanceRow]] = {}
    for one in instances:
        by_series.setdefault(one.series_id, []).append(one)
    ordered = sorted(series, key=lambda one: (one.number is None, one.number or 0, one.series_uid))
    return Manifest(
        study_id=study.id,
        study_uid=study.study_uid,
        version=version,
        made_at=now,
        patient=study.patient_keys,
        study=study.study_keys,
        series=[_series(one, by_series[one.id]) for one in ordered if one.id in by_series],
    )


def _series(series: SeriesRow, instances: list[InstanceRow]) -> ManifestSeries:
    return ManifestSeries(
        series_uid=series.series_uid,
        modality=series.modality,
        number=series.number,
        description=series.description,
        keys=series.keys,
        instances=[_instance(one) for one in in_order(instances)],
    )


def _instance(row: InstanceRow) -> ManifestInstance:
    return ManifestInstance(
        sop_instance_uid=row.sop_instance_uid,
        sop_class_uid=row.sop_class_uid,
        transfer_syntax_uid=row.transfer_syntax_uid,
        role=row.role,
        key=row.key,
        size_bytes=row.size_bytes,
        sha256=row.sha256,
        number=row.instance_number,
        frames=row.frames,
        record_type=row.record_type,
        keys=row.keys,
    )
