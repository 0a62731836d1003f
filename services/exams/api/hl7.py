"""HL7 v2 over HTTP: a message in, its ACK out, always 200; only what is no message at all is a problem."""

import hashlib
from zoneinfo import ZoneInfo

from apiflask import APIBlueprint
from flask import Response, request

from services.chassis import metrics
from services.chassis.db import new_id
from services.chassis.web import Forbidden, caller
from services.exams import hl7_feed
from services.exams.api.door import parts
from services.exams.hl7_answers import ack
from services.exams.hl7_fields import ZoneOf
from services.exams.hl7_segments import Hl7Refused, Message, read_message
from services.exams.usecases.ris import find_zone, take_message

blueprint = APIBlueprint("hl7", __name__)

HL7 = "application/hl7-v2"
LIMIT_BYTES = 32 << 20
"""A report may bring a PDF."""
CONTROL_ID_LENGTH = 20
"""MSH-10 is an ST of 20."""


@blueprint.post("/hl7v2")
@blueprint.doc(summary="Take an HL7 v2 message", responses=[200, 400, 401, 403, 503])
def take() -> Response:
    """Take one message; the answer is its ACK: AA, or AE and AR with an ERR that names segment and field."""
    if not caller().has_scope("hl7.send"):
        raise Forbidden
    request.max_content_length = LIMIT_BYTES
    body = request.get_data(cache=False)
    refusal = None
    try:
        _take(body)
    except Hl7Refused as fault:
        refusal = fault
    control_id = new_id()[:CONTROL_ID_LENGTH]
    answer = ack(body, at=parts().clock.now(), control_id=control_id, refusal=refusal)
    return Response(answer, content_type=f"{HL7}; charset=utf-8")


def _take(body: bytes) -> None:
    message = read_message(body)
    kind = message.segments[0].text(9, 1)
    kind = kind if kind in {"ADT", "ORM", "OMI", "ORU"} else "other"
    try:
        told = hl7_feed.read(message, _zone_of(message))
        with parts().db.begin() as tx:
            take_message(tx, parts(), told, hashlib.sha256(body).hexdigest(), parts().clock.now())
    except Hl7Refused as refusal:
        metrics.HL7_MESSAGES.labels(kind, "AR" if refusal.is_reject else "AE").inc()
        raise
    metrics.HL7_MESSAGES.labels(kind, "AA").inc()


def _zone_of(message: Message) -> ZoneOf:
    """Give what tells a location's time zone; a message that names none is about an exam that may be known."""
    orders = [segment.text(3) or segment.text(18) for segment in message.all("OBR")]

    def zone_of(code: str | None) -> ZoneInfo:
        if code is not None:
            return parts().locations[code].zone
        with parts().db.read() as tx:
            return find_zone(tx, parts(), orders, parts().clock.now())

    return zone_of
