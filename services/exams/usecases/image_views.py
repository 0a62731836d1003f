"""An exam's images as lists: what its tiles show (S28)."""

from datetime import datetime
from typing import Any

from services.chassis.caller import Caller
from services.chassis.db import Tx
from services.exams.domain.looks import looks_of
from services.exams.slice_order import in_order
from services.exams.store import exams as exam_store
from services.exams.store import studies
from services.exams.store.tables import InstanceRow, SeriesRow
from services.exams.usecases.seen import record, seen_exam
from services.exams.usecases.telling import are_images_available

Json = dict[str, Any]
_LABELS = {"en": "Image {} of {}", "es": "Imagen {} de {}"}


def list_images(tx: Tx, caller: Caller, exam_id: str, series_uid: str | None, now: datetime, language: str) -> Json:
    """Give an exam's images by series (S28); none before the exam is completed (S3). Raises ExamNotFound."""
    exam = seen_exam(tx, caller, exam_id)
    record(tx, caller, "images.list", exam, now)
    found = exam_store.find_studies_of(tx, [exam.id]).get(exam.id, [])
    if not are_images_available(exam, found):
        return {"series": []}
    pictures = studies.find_pictures(tx, exam.id)
    return {
        "series": [
            _series(exam.id, series, instances, _LABELS[language])
            for series, instances in pictures
            if series_uid in {None, series.series_uid}
        ]
    }


def _series(exam_id: str, series: SeriesRow, instances: list[InstanceRow], label: str) -> Json:
    ordered = in_order(instances)
    is_colour = any(one.is_colour for one in ordered)
    return {
        "uid": series.series_uid,
        "modality": series.modality,
        "number": series.number,
        "description": series.description,
        "count": len(ordered),
        "looks": [{"slug": one.slug, "window": one.window} for one in looks_of(series.modality, is_colour=is_colour)],
        "images": [_image(exam_id, one, at, label.format(at, len(ordered))) for at, one in enumerate(ordered, start=1)],
    }


def _image(exam_id: str, row: InstanceRow, at: int, label: str) -> Json:
    jpg = f"/api/v1/exams/{exam_id}/images/{row.sop_instance_uid}.jpg"
    return {
        "uid": row.sop_instance_uid,
        "number": row.instance_number if row.instance_number is not None else at,
        "frames": row.frames,
        "jpg": jpg,
        "thumbnail": f"{jpg}?size=256",
        "label": label,
        "noPicture": row.no_picture,
    }
