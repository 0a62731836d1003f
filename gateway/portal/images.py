"""An exam's Images: tiles by series, and the single image of the chosen tile as JPG (guide, 04)."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext as _

from gateway.portal import calls, gates, viewing

blueprint = Blueprint("images", __name__)

TILES_SHOWN = 60
"""Tiles of one series on a page; a CT of 1,000 slices is looked at by the slider, or by pages of tiles."""
PICTURE_SIZE, TILE_SIZE = 1024, 112
"""Longest edge asked for, pixels."""
PASSED = ("frame", "window", "size")


@dataclass(frozen=True)
class Picture:
    """One tile: an instance, or one frame of it. ``number`` counts from 1 in its series."""

    number: int
    source: str
    thumbnail: str


@dataclass(frozen=True)
class Series:
    """One series with its pictures in order; ``number`` counts from 1 in the exam."""

    number: int
    name: str
    pictures: tuple[Picture, ...]


@blueprint.get("/exams/<exam_id>/images")
@gates.open_to(*gates.VIEWERS)
def images(exam_id: str) -> Any:
    """Show the tiles and the chosen one's picture."""
    return render_template("images.html", **context(exam_id), panel=None)


def context(exam_id: str) -> dict[str, Any]:
    """Give what the Images tab knows, also under the download panel."""
    known = viewing.context(exam_id, "images")
    series = load(exam_id) if known["row"].has_images else ()
    chosen = _within(request.args.get("series"), len(series))
    at = _within(request.args.get("image"), len(series[chosen - 1].pictures)) if series else 1
    may_download = known["row"].has_images and (not known["share"] or bool(known["share"].get("mayDownload")))
    packages = [
        one for one in known["exam"].get("packages") or [] if one.get("state") in {"queued", "preparing", "ready"}
    ]
    return known | {
        "series": series, "chosen": chosen, "at": at, "count": sum(len(one.pictures) for one in series),
        "presets": _presets(str(known["exam"].get("modality"))),
        "may_download": may_download, "open_packages": packages,
    }  # fmt: skip


def _presets(modality: str) -> dict[str, str]:
    """Give the viewer's looks for *modality*: the script's name of each, and the word for it."""
    if modality == "CT":
        return {"Standard": _("Standard"), "Lung": _("Lung"), "Bone": _("Bone"), "Brain": _("Brain")}
    return {
        "Standard": _("Standard"),
        "Brighter": _("Brighter"),
        "Softer": _("Softer"),
        "High contrast": _("High contrast"),
    }


def _within(asked: str | None, count: int) -> int:
    """Give the number asked for, from 1 to *count*; 1 for anything else."""
    number = int(asked) if asked and asked.isascii() and asked.isdigit() else 1
    return number if 1 <= number <= count else 1


def load(exam_id: str) -> tuple[Series, ...]:
    """Give an exam's series."""
    answer = calls.ask("exams", "GET", calls.at("/exams/{}/images", exam_id))
    return tuple(_series(exam_id, number, one) for number, one in enumerate(answer.get("series", []), 1))


def _series(exam_id: str, number: int, told: dict[str, Any]) -> Series:
    frames = [
        (str(image["uid"]), frame if int(image.get("frames") or 1) > 1 else None)
        for image in told.get("images", [])
        for frame in range(1, int(image.get("frames") or 1) + 1)
    ]
    pictures = tuple(_picture(exam_id, at, uid, frame) for at, (uid, frame) in enumerate(frames, 1))
    return Series(number, str(told.get("description") or told.get("modality") or ""), pictures)


def _picture(exam_id: str, number: int, uid: str, frame: int | None) -> Picture:
    path = calls.at("/exams/{}/images/{}.jpg", exam_id, uid)
    asked = {"frame": frame} if frame else {}
    source = f"{path}?{urlencode(asked | {'size': PICTURE_SIZE})}"
    return Picture(number, source, f"{path}?{urlencode(asked | {'size': TILE_SIZE})}")


def tiles_around(pictures: tuple[Picture, ...], at: int) -> tuple[Picture, ...]:
    """Give the page of tiles that *at* stands on."""
    first = (at - 1) // TILES_SHOWN * TILES_SHOWN
    return pictures[first : first + TILES_SHOWN]


@blueprint.app_template_global()
def tiles_of(series: Series, at: int) -> tuple[Picture, ...]:
    """Give the tiles of *series* to show when its picture *at* is chosen."""
    return tiles_around(series.pictures, at)


@blueprint.get("/exams/<exam_id>/images.json")
@gates.open_to(*gates.VIEWERS, is_background=True)
def sources(exam_id: str) -> Any:
    """Give one series' pictures in order, for the viewer's slider: ``{"sources": […]}``."""
    series = load(exam_id)
    chosen = _within(request.args.get("series"), len(series))
    return {"sources": [picture.source for picture in series[chosen - 1].pictures] if series else []}


@blueprint.get("/exams/<exam_id>/images/<uid>.jpg")
@gates.open_to(*gates.VIEWERS, is_background=True)
def picture(exam_id: str, uid: str) -> Response:
    """Give one picture as JPG; the browser keeps none of it."""
    query = urlencode({name: request.args[name] for name in PASSED if name in request.args})
    path = calls.at("/exams/{}/images/{}.jpg", exam_id, uid)
    return calls.pass_on("exams", f"{path}?{query}" if query else path)
