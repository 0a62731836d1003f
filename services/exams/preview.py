"""Make a smaller JPEG of a JPEG, quickly; Pillow is imported where it is used."""

from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

QUALITIES = (85, 75, 65, 50, 35)
FULL_SIZE, FULL_BYTES = 512, 60_000
"""A picture of 512 pixels may weigh so much, others in proportion to their area: the first one shows in a second on a
slow line, and a strip of tiles soon after."""


def shrink(jpeg: bytes, size: int) -> bytes:
    """Give the picture with *size* pixels at its longest side; a smaller one as it is, if it is not too heavy."""
    from PIL import Image

    with Image.open(BytesIO(jpeg)) as picture:
        if max(picture.size) <= size:
            return fit(jpeg, size)
        picture.draft(None, (size, size))
        picture.thumbnail((size, size))
        return _written(picture, size)


def fit(jpeg: bytes, size: int) -> bytes:
    """Give the picture, no larger than *size* pixels, no heavier than such a picture may be."""
    from PIL import Image

    if len(jpeg) <= most_bytes(size):
        return jpeg
    with Image.open(BytesIO(jpeg)) as picture:
        return _written(picture, size)


def most_bytes(size: int) -> int:
    """Give the bytes that a picture of *size* pixels at its longest side should not pass."""
    return FULL_BYTES * size * size // (FULL_SIZE * FULL_SIZE)


def _written(picture: "Image", size: int) -> bytes:
    """Give the JPEG of the highest quality that is light enough; the lowest where none is."""
    for quality in QUALITIES:
        out = BytesIO()
        picture.save(out, "JPEG", quality=quality)
        if out.tell() <= most_bytes(size):
            break
    return out.getvalue()
