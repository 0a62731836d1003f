"""Telling what changed: each noun's public state is compared with what was told of it last.

So an event is told when, and only when, the state is another one, whichever message or chore made it so.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from contracts.exams import (
    ExamCancelled,
    ExamChanged,
    ExamCompleted,
    ExamImagesAvailable,
    ExamImagesChanged,
    ExamManifestStored,
    ExamMoved,
    ExamOrdered,
    ExamRemoved,
    ExamState,
    MoveReason,
    PatientDemographicsChanged,
    PatientIdentifier,
    PatientMerged,
    PatientsJoined,
    PatientUnmerged,
    PersonName,
    StoredStudy,
    StudyRef,
    VisitChanged,
    VisitDetailsChanged,
    VisitExam,
    VisitRegistered,
    VisitState,
)
from contracts.wire import Event
from services.chassis.db import Tx
from services.chassis.locations import Locations
from services.chassis.outbox import put_event
from services.exams.domain.exams import shown_status
from services.exams.domain.plain_names import plain_name
from services.exams.file_names import file_name
from services.exams.parts import SERVICE
from services.exams.store import exams as exam_store
from services.exams.store import people
from services.exams.store.tables import ExamRow, PatientRow, StudyRow, VisitRow


def settle_patient(tx: Tx, patient: PatientRow, now: datetime) -> bool:
    """Tell what of *patient* is news: demographics, a merge, its undoing; whether the demographics were."""
    event = patient_event(tx, patient, now)
    state = _state(event)
    is_news = patient.told != state
    if is_news:
        patient.version += 1
        patient.told, patient.changed_at = state, now
        put_event(tx, SERVICE, event.model_copy(update={"version": patient.version}), now)
    _settle_merge(tx, patient, now)
    return is_news


def _settle_merge(tx: Tx, patient: PatientRow, now: datetime) -> None:
    before, after = patient.told_merged_into_id, patient.merged_into_id
    if before == after:
        return
    patient.version += 1
    patient.told_merged_into_id, patient.changed_at = after, now
    kind = PatientUnmerged if after is None else PatientMerged
    put_event(tx, SERVICE, _joined(kind, patient, after or before or "", now), now)


def _joined(kind: type[PatientsJoined], patient: PatientRow, into_id: str, now: datetime) -> PatientsJoined:
    return kind(id=patient.id, version=patient.version, at=now, from_patient_id=patient.id, into_patient_id=into_id)


def patient_events(tx: Tx, patient: PatientRow, now: datetime) -> list[Event]:
    """Give all that is so of a patient; of a merged one the merge last, since it must be heard as the newest."""
    event = patient_event(tx, patient, now)
    if patient.told_merged_into_id is None:
        return [event]
    before = event.model_copy(update={"version": patient.version - 1})
    return [before, _joined(PatientMerged, patient, patient.told_merged_into_id, now)]


def patient_event(tx: Tx, patient: PatientRow, now: datetime) -> PatientDemographicsChanged:
    """Give a patient's demographics as they are, at the version told last."""
    numbers = people.find_identifiers(tx, [patient.id])
    return PatientDemographicsChanged(
        id=patient.id,
        version=patient.version,
        at=now,
        identifiers=[PatientIdentifier(authority=one.authority, mrn=one.mrn) for one in numbers],
        name=PersonName(family=patient.family, given=patient.given, middle=patient.middle),
        birth_date=patient.birth_date,
        sex=patient.sex,
        postal_code=patient.postal_code,
        phones=patient.phones,
        emails=patient.emails,
        language=patient.language,
        is_deceased=patient.is_deceased,
        is_protected=patient.is_protected,
    )


def settle_visit(tx: Tx, locations: Locations, visit: VisitRow, now: datetime) -> None:
    """Tell what of *visit* is news, openly and with its details."""
    kind = VisitRegistered if visit.told is None else VisitChanged
    event = visit_event(locations, visit, now, kind)
    if visit.told != _state(event):
        visit.version += 1
        visit.told, visit.changed_at = _state(event), now
        put_event(tx, SERVICE, event.model_copy(update={"version": visit.version}), now)
    details = visit_details(tx, visit, now)
    if visit.details_told != _state(details):
        visit.details_version += 1
        visit.details_told, visit.changed_at = _state(details), now
        put_event(tx, SERVICE, details.model_copy(update={"version": visit.details_version}), now)


def visit_event(locations: Locations, visit: VisitRow, now: datetime, kind: type[VisitState]) -> VisitState:
    """Give a visit's public state as it is, at the version told last."""
    return kind(
        id=visit.id,
        version=visit.version,
        at=now,
        patient_id=visit.patient_id,
        location_id=visit.location_id,
        state=locations[visit.location_id].state,
        starts_at=visit.starts_at,
    )


def visit_details(tx: Tx, visit: VisitRow, now: datetime) -> VisitDetailsChanged:
    """Give what identity is told of a visit, at the version told last."""
    patient = people.find_patient(tx, visit.patient_id)
    exams = [one for one in exam_store.find_exams_of_visits(tx, [visit.id]) if one.status != "cancelled"]
    return VisitDetailsChanged(
        id=visit.id,
        version=visit.details_version,
        at=now,
        patient_id=visit.patient_id,
        location_id=visit.location_id,
        starts_at=visit.starts_at,
        visit_number=visit.visit_number,
        exams=[VisitExam(exam_id=one.id, accession=one.accession, procedure=one.procedure_text) for one in exams],
        referring_physician=visit.referring_physician,
        language=patient.language,
        is_protected=patient.is_protected,
    )


def settle_exam(
    tx: Tx, locations: Locations, exam: ExamRow, now: datetime, *, reason: MoveReason = "corrected"
) -> None:
    """Tell what of *exam* is news. *reason*: why it is another patient's, if it is."""
    studies = exam_store.find_studies_of(tx, [exam.id]).get(exam.id, [])
    fields = exam_fields(tx, locations, exam, studies)
    state = _state(ExamChanged(id=exam.id, version=0, at=now, **fields))
    for kind, more in _news(exam.told, state, reason):
        exam.version += 1
        put_event(tx, SERVICE, kind(id=exam.id, version=exam.version, at=now, **fields, **more), now)
        exam.changed_at = now
    exam.told = state
    _settle_manifests(tx, exam, studies, now)


def _news(
    before: dict[str, Any] | None, after: dict[str, Any], reason: MoveReason
) -> Iterator[tuple[type[ExamState], dict[str, Any]]]:
    """Give the events that lead from one state to the other, each with its own fields."""
    if before == after:
        return
    moved = before is not None and before["patientId"] != after["patientId"]
    if before is None:
        yield ExamOrdered, {}
        before = {"status": None, "imagesAvailable": False, "studies": []}
    elif moved:
        yield ExamMoved, {"from_patient_id": before["patientId"], "to_patient_id": after["patientId"], "reason": reason}
    told = list(_course(before, after))
    yield from told
    if not (told or moved or before["status"] is None):
        yield ExamChanged, {}


def _course(before: dict[str, Any], after: dict[str, Any]) -> Iterator[tuple[type[ExamState], dict[str, Any]]]:
    if before["status"] != after["status"] == "completed":
        yield ExamCompleted, {}
    if before["status"] != after["status"] == "cancelled":
        yield ExamCancelled, {}
        if before["imagesAvailable"]:
            yield ExamRemoved, {"from_patient_id": after["patientId"], "reason": "cancelled"}
    if after["imagesAvailable"] and not before["imagesAvailable"]:
        yield ExamImagesAvailable, {}
    elif before["studies"] != after["studies"]:
        yield ExamImagesChanged, {}


def exam_fields(tx: Tx, locations: Locations, exam: ExamRow, studies: list[StudyRow]) -> dict[str, Any]:
    """Give an exam's public state (contracts.exams.ExamState) without id, version and time."""
    visit = people.find_visit(tx, exam.visit_id)
    location = locations[visit.location_id]
    status = shown_status(exam.status, visit.arrived_at)  # type: ignore[arg-type]  # as it was read
    ready = [study for study in studies if study.manifest_version]
    return {
        "patient_id": exam.patient_id,
        "visit_id": exam.visit_id,
        "location_id": location.id,
        "state": location.state,
        "time_zone": location.time_zone,
        "modality": exam.modality,
        "status": status,
        "starts_at": exam.starts_at,
        "completed_at": exam.completed_at if status == "completed" else None,
        "studies": [
            StudyRef(
                study_id=one.id, manifest_version=one.manifest_version, instances=one.instances, bytes=one.size_bytes
            )
            for one in ready
        ],
        "images_available": are_images_available(exam, studies),
    }


def are_images_available(exam: ExamRow, studies: list[StudyRow]) -> bool:
    """Tell whether the exam is completed (S3) and has pictures."""
    return exam.status == "completed" and any(one.manifest_version and one.pictures for one in studies)


def _settle_manifests(tx: Tx, exam: ExamRow, studies: list[StudyRow], now: datetime) -> None:
    event = manifest_event(exam, studies, now)
    if exam.stored_told == _state(event) or (exam.stored_told is None and not event.studies):
        return
    exam.stored_version += 1
    exam.stored_told, exam.changed_at = _state(event), now
    put_event(tx, SERVICE, event.model_copy(update={"version": exam.stored_version}), now)


def manifest_event(exam: ExamRow, studies: list[StudyRow], now: datetime) -> ExamManifestStored:
    """Give where the exam's manifests lie, at the version told last."""
    description = plain_name(exam.modality, exam.procedure_text, "en") if exam.procedure_text else None
    return ExamManifestStored(
        id=exam.id,
        version=exam.stored_version,
        at=now,
        exam_id=exam.id,
        studies=[
            StoredStudy(
                study_id=one.id,
                manifest_version=one.manifest_version,
                manifest_key=one.manifest_key,
                sha256=one.manifest_sha256 or "",
            )
            for one in studies
            if one.manifest_key is not None
        ],
        file_name=file_name(exam.accession, description),
    )


def _state(event: Event) -> dict[str, Any]:
    """Give an event's data without what every event has of its own."""
    return {name: value for name, value in event.to_json().items() if name not in {"id", "version", "at"}}
