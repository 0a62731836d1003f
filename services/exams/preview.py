"""Make a smaller JPEG of a JPEG, quickly; Pillow is imported where it is used."""

from io import BytesIO

QUALITY = 85


def shrink(jpeg: bytes, size: int) -> bytes:
    """Give the picture with *size* pixels at its longest side; a smaller one as it is."""
    from PIL import Image

    with Image.open(BytesIO(jpeg)) as picture:
        if max(picture.size) <= size:
            return jpeg
        picture.draft(None, (size, size))
        picture.thumbnail((size, size))
        out = BytesIO()
        picture.save(out, "JPEG", quality=QUALITY)
        return out.getvalue()
