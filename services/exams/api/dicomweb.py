"""STOW-RS (PS3.18 §10.5): studies come in by POST, one or many objects a request, chunked or not."""

from collections.abc import Iterable, Iterator
from typing import Any

from apiflask import APIBlueprint
from flask import Response, jsonify, request

from services.chassis.web import Forbidden, caller
from services.exams import multipart
from services.exams.api.door import parts
from services.exams.usecases.intake import Incoming, NothingSent, Outcome, Taken, take_objects

blueprint = APIBlueprint("dicomweb", __name__)

DICOM = "application/dicom"
NO_LIMIT_BYTES = 1 << 50
"""A study has no cap; each object has one."""


@blueprint.post("/dicomweb/studies")
@blueprint.doc(summary="Store DICOM objects (STOW-RS)", responses=[200, 202, 400, 401, 403, 409, 415, 503])
def store() -> Response:
    """Store DICOM objects of any study."""
    return _store(None)


@blueprint.post("/dicomweb/studies/<study_uid>")
@blueprint.doc(summary="Store DICOM objects of one study (STOW-RS)", responses=[200, 202, 400, 401, 403, 409, 415, 503])
def store_study(study_uid: str) -> Response:
    """Store DICOM objects of one study; others are refused."""
    return _store(study_uid)


def _store(study_uid: str | None) -> Response:
    if not caller().has_scope("images.store"):
        raise Forbidden
    request.max_content_length = NO_LIMIT_BYTES
    outcome = take_objects(parts(), _incoming(), study_uid)
    if outcome.fault is not None and not outcome.taken:
        raise outcome.fault
    if not outcome.taken and not outcome.skipped:
        raise NothingSent
    return _answer(outcome)


class _Whole:
    """A request whose body is one object."""

    content_type = DICOM

    def chunks(self) -> Iterator[bytes]:
        """Give the body."""
        while chunk := request.stream.read(multipart.CHUNK_BYTES):
            yield chunk


def _incoming() -> Iterable[Incoming]:
    kind = request.headers.get("Content-Type", "")
    if kind.split(";")[0].strip().lower() == DICOM:
        return [_Whole()]
    return multipart.parts(request.stream, kind, max_part_bytes=parts().max_object_bytes)


def _answer(outcome: Outcome) -> Response:
    """Give the Store Instances Response (PS3.18 §10.5.3) in the DICOM JSON model."""
    stored = [one for one in outcome.taken if one.reason is None]
    failed = [one for one in outcome.taken if one.reason is not None]
    body: dict[str, Any] = {}
    studies = {one.study_uid for one in stored}
    if len(studies) == 1:
        body["00081190"] = {"vr": "UR", "Value": [_retrieve_url(*studies)]}
    if failed:
        body["00081198"] = {"vr": "SQ", "Value": [_failed(one) for one in failed]}
    if stored:
        body["00081199"] = {"vr": "SQ", "Value": [_referenced(one) for one in stored]}
    response = jsonify(body)
    is_whole = not failed and outcome.fault is None
    response.status_code = 409 if not stored else (200 if is_whole else 202)
    response.content_type = "application/dicom+json"
    return response


def _retrieve_url(study_uid: str) -> str:
    return f"{request.url_root}dicomweb/studies/{study_uid}"


def _referenced(one: Taken) -> dict[str, Any]:
    return {
        "00081150": {"vr": "UI", "Value": [one.sop_class_uid]},
        "00081155": {"vr": "UI", "Value": [one.sop_instance_uid]},
        "00081190": {"vr": "UR", "Value": [_retrieve_url(one.study_uid)]},
    }


def _failed(one: Taken) -> dict[str, Any]:
    said = {"00081150": one.sop_class_uid, "00081155": one.sop_instance_uid}
    known = {tag: {"vr": "UI", "Value": [uid]} if uid else {"vr": "UI"} for tag, uid in said.items()}
    return {**known, "00081197": {"vr": "US", "Value": [one.reason]}}
