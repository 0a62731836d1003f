"""An exam's Images: tiles by series, and the viewer with the chosen tile's single image as JPG (guide, 04).

Addresses count as people do: ``?series=2&image=9`` is the ninth picture of the second series, ``&with=3.1`` beside it
the first of the third. Every address works without script.
"""

from os.path import commonprefix
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, jsonify, render_template, request, send_file
from flask_babel import gettext as _

from gateway.portal import calls, gates, series_shown, viewing
from gateway.portal.paging import page_with, within
from gateway.portal.series_shown import SOURCES_TOLD, Pane, Series
from services import chassis

blueprint = Blueprint("images", __name__)

PASSED = ("frame", "window", "size")
SHARED_SCRIPT = Path(chassis.__file__ or "").parent / "viewing.js"
"""What this viewer and the one inside packages have in common."""
NOT_FOUND = 404


@blueprint.get("/exams/<exam_id>/images")
@gates.open_to(*gates.VIEWERS)
def images(exam_id: str) -> Any:
    """Show the tiles and the chosen one's picture, or two side by side."""
    return render_template("images.html", **context(exam_id), panel=None)


def context(exam_id: str) -> dict[str, Any]:
    """Give what the Images tab knows, also under the download panel."""
    known = viewing.context(exam_id, "images")
    series = load(exam_id) if known["row"].has_images else ()
    may_download = known["row"].has_images and (not known["share"] or bool(known["share"].get("mayDownload")))
    packages = [
        one for one in known["exam"].get("packages") or [] if one.get("state") in {"queued", "preparing", "ready"}
    ]
    return known | _panes(series) | {
        "series": series, "count": sum(len(one.pictures) for one in series),
        "may_download": may_download, "open_packages": packages,
    }  # fmt: skip


def _panes(series: tuple[Series, ...]) -> dict[str, Any]:
    """Give what the viewer's two panes show; the second waits, hidden, until two are compared."""
    if not series:
        return {"panes": (), "is_two": False}
    first = _pane(series, request.args.get("series"), request.args.get("image"))
    asked = request.args.get("with")
    if asked is None:
        return {"panes": (first, series_shown.beside(series, first)), "is_two": False}
    number, _dot, image = asked.rpartition(".")
    return {"panes": (first, _pane(series, number or str(first.series.number), image)), "is_two": True}


def _pane(series: tuple[Series, ...], number: str | None, image: str | None) -> Pane:
    chosen = series[within(number, len(series)) - 1]
    return Pane(chosen, within(image, len(chosen.pictures)))


def load(exam_id: str) -> tuple[Series, ...]:
    """Give an exam's series that have pictures."""
    answer = calls.ask("exams", "GET", calls.at("/exams/{}/images", exam_id))
    return series_shown.series_of(exam_id, answer.get("series", []))


@blueprint.get("/exams/<exam_id>/images.json")
@gates.open_to(*gates.VIEWERS, is_background=True)
def sources(exam_id: str) -> Any:
    """Give a part of one series' pictures in order, for the viewer: ``{"first", "base", "ends", "none"}``.

    It is the part with the picture asked for. Their addresses are base and end; ``first`` is the first one's number,
    ``none`` says by number why there is no picture.
    """
    series = load(exam_id)
    pictures = series[within(request.args.get("series"), len(series)) - 1].pictures if series else ()
    told = page_with(pictures, SOURCES_TOLD, within(request.args.get("image"), len(pictures)) - 1).items
    base = commonprefix([one.source for one in told])  # noqa: RUF071 - of characters: UIDs begin alike too
    none = {one.number: one.reason for one in told if one.reason}
    first = told[0].number if told else 1
    return {"first": first, "base": base, "ends": [one.source[len(base) :] for one in told], "none": none}


@blueprint.get("/exams/<exam_id>/images/<uid>.jpg")
@gates.open_to(*gates.VIEWERS, is_background=True)
def picture(exam_id: str, uid: str) -> Response:
    """Give one picture as JPG; the browser keeps none of it. Where there is none, ``{"reason"}`` says why, in words."""
    query = urlencode({name: request.args[name] for name in PASSED if name in request.args})
    path = calls.at("/exams/{}/images/{}.jpg", exam_id, uid)
    try:
        return calls.pass_on("exams", f"{path}?{query}" if query else path)
    except calls.Refused as refusal:
        if refusal.slug != "no-picture":
            raise
        answer = jsonify({"reason": series_shown.why_none(str(refusal.facts.get("reason")))})
        answer.status_code = NOT_FOUND
        return answer


@blueprint.get("/static/viewing.js")
def shared_script() -> Response:
    """Give the script that both viewers share."""
    return send_file(SHARED_SCRIPT, mimetype="text/javascript")


blueprint.add_app_template_global(series_shown.tiles_of)
blueprint.add_app_template_global(series_shown.with_tiles)
blueprint.add_app_template_global(series_shown.listed, "series_listed")
blueprint.add_app_template_global(series_shown.listed_beside, "series_listed_beside")


@blueprint.app_template_global()
def for_script(series: tuple[Series, ...]) -> dict[str, Any]:
    """Give what the viewer's script needs of each series; looks are told once and then by their place."""
    looks = sorted({one.looks for one in series})
    told = [(one.name or _("Images"), len(one.pictures), looks.index(one.looks)) for one in series]
    return {"series": told, "looks": looks, "part": SOURCES_TOLD}
