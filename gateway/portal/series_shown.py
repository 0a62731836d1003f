"""An exam's series as tiles and panes show them: pictures in order, how they may be looked at, why one has none."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, overload
from urllib.parse import urlencode

from flask_babel import gettext as _

from gateway.portal import calls
from gateway.portal.paging import Page, page_with

TILES_SHOWN = 10
"""Tiles on a page: a CT of 1,000 slices is looked at by the slider, or by pages of tiles."""
SERIES_LISTED, SERIES_BESIDE = 16, 8
"""Series to choose from on a page where not all are shown with their tiles, and where there are two pictures."""
SOURCES_TOLD = 50
"""Addresses that the viewer's script is told at once."""
PICTURE_SIZE, TILE_SIZE = 512, 112
"""Longest edge asked for, pixels. The script asks for larger ones where the screen has room for them."""


@dataclass(frozen=True)
class Picture:
    """One tile: an instance, or one frame of it. ``number`` counts from 1 in its series."""

    number: int
    source: str
    """Address of the JPG in full size."""
    reason: str
    """Why there is no picture, in words; empty where there is one."""

    def at_size(self, size: int) -> str:
        """Give the address of the JPG with *size* pixels at its longest side."""
        return f"{self.source}{'&' if '?' in self.source else '?'}size={size}"

    @property
    def shown(self) -> str:
        """The address of the picture as the viewer shows it first."""
        return self.at_size(PICTURE_SIZE)

    @property
    def thumbnail(self) -> str:
        """The address of the tile's."""
        return self.at_size(TILE_SIZE)


class Pictures(Sequence[Picture]):
    """A series' pictures in order, every frame one of its own; of thousands only those looked at are made."""

    def __init__(self, exam_id: str, images: Sequence[dict[str, Any]]) -> None:
        self._exam_id = exam_id
        counts = [int(image.get("frames") or 1) for image in images]
        self._frames = [
            (image, frame if count > 1 else None)
            for image, count in zip(images, counts, strict=True)
            for frame in range(1, count + 1)
        ]

    def __len__(self) -> int:
        return len(self._frames)

    @overload
    def __getitem__(self, at: int) -> Picture: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[Picture, ...]: ...
    def __getitem__(self, at: int | slice) -> Picture | tuple[Picture, ...]:
        numbers = range(len(self._frames))[at]
        if isinstance(numbers, int):
            return _picture(self._exam_id, numbers + 1, *self._frames[numbers])
        return tuple(_picture(self._exam_id, number + 1, *self._frames[number]) for number in numbers)


@dataclass(frozen=True)
class Series:
    """One series with its pictures in order; ``number`` counts from 1 in the exam."""

    number: int
    name: str
    pictures: Pictures
    looks: tuple[tuple[str, str], ...]
    """The window to ask for (empty: as it is), and the look's word; none of colours."""


@dataclass(frozen=True)
class Pane:
    """A pane of the viewer: the picture *at* (from 1) of a series."""

    series: Series
    at: int

    @property
    def picture(self) -> Picture:
        """The picture that it shows."""
        return self.series.pictures[self.at - 1]


def series_of(exam_id: str, told: Sequence[dict[str, Any]]) -> tuple[Series, ...]:
    """Give the series that exams told of, those with pictures."""
    with_pictures = [one for one in told if one.get("images")]
    return tuple(_series(exam_id, number, one) for number, one in enumerate(with_pictures, 1))


def _series(exam_id: str, number: int, told: dict[str, Any]) -> Series:
    name = str(told.get("description") or told.get("modality") or "")
    return Series(number, name, Pictures(exam_id, told["images"]), _looks(told))


def _picture(exam_id: str, number: int, image: dict[str, Any], frame: int | None) -> Picture:
    path = calls.at("/exams/{}/images/{}.jpg", exam_id, str(image["uid"]))
    source = f"{path}?{urlencode({'frame': frame})}" if frame else path
    reason = image.get("noPicture")
    return Picture(number, source, why_none(str(reason)) if reason else "")


def _looks(told: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """Give the looks that have a word here: a service newer than this page may offer others."""
    words = {
        "standard": _("Standard"), "lung": _("Lung"), "bone": _("Bone"), "brain": _("Brain"),
        "brighter": _("Brighter"), "softer": _("Softer"), "high-contrast": _("High contrast"),
    }  # fmt: skip
    offered = [(one.get("window") or "", words.get(str(one.get("slug")))) for one in told.get("looks") or []]
    return tuple((window, word) for window, word in offered if word)


def why_none(reason: str) -> str:
    """Say why an object has no picture; *reason* is the slug that exams gives."""
    words: dict[str, str] = {
        "unsupported": _("Its format cannot be shown here."),
        "unreadable": _("Its file is damaged."),
        "too-large": _("It is too large to show here."),
        "too-slow": _("It is too large to show here."),
    }
    return words.get(reason) or str(_("There is no picture in it."))


def beside(series: Sequence[Series], first: Pane) -> Pane:
    """Give what is compared with *first* to begin with: the next series, of a single one its next picture."""
    if len(series) > 1:
        return Pane(series[first.series.number % len(series)], 1)
    return Pane(first.series, min(first.at + 1, len(first.series.pictures)))


def with_tiles(series: Sequence[Series], chosen: Pane | None) -> Sequence[Series]:
    """Give the series whose tiles are shown: all where these are few, else the chosen one alone."""
    if sum(len(one.pictures) for one in series) <= TILES_SHOWN:
        return series
    return [chosen.series if chosen else series[0]]


def tiles_of(one: Series, chosen: Pane | None) -> tuple[Picture, ...]:
    """Give the tiles of a series to show, those around the chosen picture."""
    at = chosen.at if chosen and chosen.series.number == one.number else 1
    return page_with(one.pictures, TILES_SHOWN, at - 1).items


def listed(series: Sequence[Series], chosen: Pane, size: int = SERIES_LISTED) -> Page[Series]:
    """Give the page of the list of series on which the chosen one stands."""
    return page_with(series, size, chosen.series.number - 1)


def listed_beside(series: Sequence[Series], chosen: Pane) -> Page[Series]:
    """Give the series to choose from for one of two pictures."""
    return listed(series, chosen, SERIES_BESIDE)
