"""Looking at images: their list, and each as a JPG (S28)."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response, request
from pydantic import Field

from services.chassis.frame_windows import WindowAsked, shade_named
from services.chassis.web import Ask, answer_language, viewer
from services.exams.api.door import parts
from services.exams.domain.exams import WindowMalformed
from services.exams.usecases import image_views, pictures

blueprint = APIBlueprint("images", __name__)


class SeriesAsk(Ask):
    """One series alone, by its UID."""

    series: str | None = Field(default=None, max_length=128)


class PictureAsk(Ask):
    """How a picture is asked for: frame from 1, ``window=center,width`` or a shade's name, longest side in pixels."""

    frame: int = Field(default=1, ge=1)
    window: str | None = Field(default=None, max_length=40)
    size: int | None = Field(default=None, ge=16, le=8192)


@blueprint.get("/exams/<exam_id>/images")
@blueprint.input(SeriesAsk, location="query", arg_name="ask")
@blueprint.doc(summary="An exam's images by series", responses=[200, 401, 404])
def images(exam_id: str, ask: SeriesAsk) -> dict[str, Any]:
    """Give an exam's images by series; none before it is completed (S3)."""
    who = viewer()
    with parts().db.begin() as tx:
        return image_views.list_images(tx, who, exam_id, ask.series, parts().clock.now(), answer_language())


@blueprint.get("/exams/<exam_id>/images/<instance_uid>.jpg")
@blueprint.input(PictureAsk, location="query", arg_name="ask")
@blueprint.doc(summary="One image as JPG", responses=[200, 304, 400, 401, 404])
def picture(exam_id: str, instance_uid: str, ask: PictureAsk) -> Response:
    """Give the picture of one image; what has none is a 404 with the reason."""
    look = pictures.Look(ask.frame, _window(ask.window), ask.size)
    sight = pictures.see(parts(), viewer(), exam_id, instance_uid, look)
    response = Response(content_type="image/jpeg")
    response.set_etag(sight.etag)
    response.headers["Cache-Control"] = "private, no-cache"
    if sight.etag in request.if_none_match:
        response.status_code = 304
        return response
    response.set_data(pictures.picture(parts(), sight))
    return response


def _window(asked: str | None) -> WindowAsked | None:
    """Give center and width, or a shade of the picture's own. Raises WindowMalformed."""
    if asked is None:
        return None
    shade = shade_named(asked)
    if shade is not None:
        return shade
    try:
        center, width = (float(part) for part in asked.split(","))
    except ValueError as error:
        raise WindowMalformed from error
    if not (abs(center) < 1e7 and 0 < width < 1e7):
        raise WindowMalformed
    return center, width
