"""Names the pictures of the offline viewer and remembers which of them exist.

``IHE_PDI/JPG/S00001/I0000001.JPG``: 8.3 upper-case names as IHE PDI wants, at most 1,000 files a folder.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from services.archiver.layout import FILES_PER_FOLDER, Layout, PlacedSeries

FOLDER = "IHE_PDI/JPG"


@dataclass(frozen=True, slots=True)
class Picture:
    """One frame (from 1) of an object, to be shown at *path*."""

    path: str
    series_number: int
    key: str
    frame: int


def pictures_of(layout: Layout) -> Iterator[Picture]:
    """Give every picture that the package should have, in the order shown."""
    return (picture for series in layout.series() for picture in pictures_of_series(series))


def pictures_of_series(placed: PlacedSeries) -> Iterator[Picture]:
    """Give the pictures of one series, numbered through its objects and frames."""
    shown = [one for one in placed.instances if one.role == "image" and one.frames]
    is_grouped = sum(one.frames for one in shown) > FILES_PER_FOLDER
    number = 0
    for instance in shown:
        for frame in range(1, instance.frames + 1):
            group = f"G{number // FILES_PER_FOLDER + 1:05d}/" if is_grouped else ""
            number += 1
            path = f"{FOLDER}/S{placed.number:05d}/{group}I{number:07d}.JPG"
            yield Picture(path, placed.number, instance.key, frame)


@dataclass(slots=True)
class Album:
    """Which pictures could be rendered; the others are told of in the viewer and in README.TXT."""

    missing: set[str] = field(default_factory=set)
    """Paths of pictures that do not exist."""
    total: int = 0

    def add(self, picture: Picture, *, exists: bool) -> None:
        """Take note of *picture*."""
        self.total += 1
        if not exists:
            self.missing.add(picture.path)
