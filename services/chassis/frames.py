"""Render one frame of a DICOM object as JPEG, for previews and for the offline viewer.

Plain 8- and 16-bit grey images go a short way: header walk, table look-up, JPEG. The rest is decoded by pydicom and
its plug-ins. Sizes are checked before anything is decoded. Overlays are not drawn. numpy, Pillow and pydicom are
imported where they are used: a worker that renders nothing stays small.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from services.chassis import frame_windows
from services.chassis.dicom_walker import (
    EXPLICIT_BE,
    EXPLICIT_LE,
    IMPLICIT_LE,
    Elements,
    Odd,
    Short,
    TooDeep,
    read_meta,
    walk,
)
from services.chassis.frame_windows import GrayRule, Shade, Window, WindowAsked
from services.chassis.no_picture import NoPicture

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_FRAME_BYTES: Final = 256 << 20  # one frame, decoded; a mammogram has 30 MB, a slide's tile less
_HEAD_BYTES = 64 * 1024
_MAX_HEADER_BYTES = 4 << 20
_RAW = frozenset({IMPLICIT_LE, EXPLICIT_LE, EXPLICIT_BE})

_SAMPLES, _PHOTOMETRIC, _FRAMES, _ROWS, _COLUMNS = 0x00280002, 0x00280004, 0x00280008, 0x00280010, 0x00280011
_ALLOCATED, _STORED, _HIGH, _SIGNED, _PADDING = 0x00280100, 0x00280101, 0x00280102, 0x00280103, 0x00280120
_CENTER, _WIDTH, _INTERCEPT, _SLOPE, _FUNCTION = 0x00281050, 0x00281051, 0x00281052, 0x00281053, 0x00281056
_PLAIN = frozenset({_SAMPLES, _PHOTOMETRIC, _FRAMES, _ROWS, _COLUMNS, _ALLOCATED, _STORED, _HIGH, _SIGNED, _PADDING,
                    _CENTER, _WIDTH, _INTERCEPT, _SLOPE, _FUNCTION})  # fmt: skip
_NOT_PLAIN = frozenset({0x00283000, 0x00283010, 0x52009229, 0x52009230})  # look-up tables, functional groups


@dataclass(frozen=True, slots=True)
class Look:
    """How a picture is asked for."""

    frame: int
    """From 1."""
    size: int | None
    """Longest side in pixels; None leaves it as it is. Never enlarged."""
    window: Window | None
    shade: Shade | None
    quality: int


def render_jpeg(
    dicom: bytes | BinaryIO,
    frame: int = 1,
    *,
    size: int | None = None,
    window: WindowAsked | None = None,
    quality: int = 85,
) -> bytes:
    """Give frame *frame* (from 1) of the object as JPEG.

    *size* is the longest side, *window* centre and width in rescaled units (HU for CT) or a shade of the picture's own;
    without one the header's first is taken, else one that holds nearly all pixels; of colours it changes nothing.
    Raises NoPicture. Decodes in this process: see ``render_jpeg_guarded`` for what strangers sent. What reading
    *dicom* raises is passed on.
    """
    shade = window if isinstance(window, str) else None
    given = Window(*window) if window and not isinstance(window, str) and window[1] > 0 else None
    look = Look(frame, size, given, shade, quality)
    picture = _short_way(dicom, look)
    if picture is None:
        whole = _head(dicom, -1)
        with _damage_is_no_picture():
            from services.chassis.frame_decoding import decode

            picture = decode(whole, look)
    with _damage_is_no_picture():
        return _jpeg(picture, look)


@contextmanager
def _damage_is_no_picture() -> Iterator[None]:
    """Turn what decoders raise on damaged pixels into NoPicture; nothing is read inside, so no store's fault is."""
    try:
        yield
    except NoPicture:
        raise
    except Exception as fault:
        raise NoPicture("unreadable") from fault


def render_jpeg_guarded(
    dicom: bytes | BinaryIO,
    frame: int = 1,
    *,
    size: int | None = None,
    window: WindowAsked | None = None,
    quality: int = 85,
    timeout_s: float = 30.0,
) -> bytes:
    """As ``render_jpeg``; compressed pixels are decoded in a child process with limits on memory and time.

    The child starts at first need, serves one picture after the other and ends with this process. Raises NoPicture.
    """
    if is_raw(dicom):
        return render_jpeg(dicom, frame, size=size, window=window, quality=quality)
    from services.chassis.frame_child import render_in_child

    return render_in_child(dicom, frame, size=size, window=window, quality=quality, timeout_s=timeout_s)


def is_raw(dicom: bytes | BinaryIO) -> bool:
    """Tell whether the pixels need no decoder."""
    try:
        return read_meta(_head(dicom, 4096)).transfer_syntax_uid in _RAW
    except (Odd, Short):
        return False


def check_size(rows: int, columns: int, samples: int, bits_allocated: int) -> None:
    """Raise NoPicture for a frame that is nothing, or larger than the cap."""
    if not (rows and columns and samples and bits_allocated):
        raise NoPicture("no-pixels")
    if rows * columns * samples * math.ceil(bits_allocated / 8) > MAX_FRAME_BYTES:
        raise NoPicture("too-large")


def _head(dicom: bytes | BinaryIO, size_bytes: int) -> bytes:
    if isinstance(dicom, bytes):
        return dicom
    dicom.seek(0)
    return dicom.read(size_bytes)


def _short_way(dicom: bytes | BinaryIO, look: Look) -> "Image | None":
    """Give the picture of a plain grey image, None for any other."""
    try:
        found, is_explicit = _walk(dicom)
    except (Odd, Short, TooDeep):
        return None
    values = found.values
    photometric = values.get(_PHOTOMETRIC, b"").strip(b" \x00")
    rule = _rule(values, look, is_inverted=photometric == b"MONOCHROME1")
    is_plain = photometric in {b"MONOCHROME1", b"MONOCHROME2"} and _number(values, _SAMPLES) == 1
    if rule is None or not (is_plain and found.has_pixels) or values.keys() & _NOT_PLAIN:
        return None
    return _plain_picture(dicom, found, rule, look, is_explicit=is_explicit)


def _walk(dicom: bytes | BinaryIO) -> tuple[Elements, bool]:
    head = _head(dicom, _HEAD_BYTES)
    meta = read_meta(head)
    if meta.transfer_syntax_uid not in {IMPLICIT_LE, EXPLICIT_LE}:
        raise Odd
    is_explicit = meta.transfer_syntax_uid == EXPLICIT_LE
    try:
        return walk(head, meta.dataset_offset, _PLAIN | _NOT_PLAIN, is_explicit=is_explicit), is_explicit
    except Short:
        if isinstance(dicom, bytes):
            raise
    return walk(
        _head(dicom, _MAX_HEADER_BYTES), meta.dataset_offset, _PLAIN | _NOT_PLAIN, is_explicit=is_explicit
    ), is_explicit


def _number(values: dict[int, bytes], tag: int) -> int:
    raw = values.get(tag, b"")
    return int.from_bytes(raw[:2], "little") if len(raw) >= 2 else 0


def _decimal(values: dict[int, bytes], tag: int) -> float | None:
    """Give the first value of a DS, None when it is missing or no number."""
    try:
        value = float(values.get(tag, b"").split(b"\\")[0].strip(b" \x00"))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _rule(values: dict[int, bytes], look: Look, *, is_inverted: bool) -> GrayRule | None:
    allocated, stored = _number(values, _ALLOCATED), _number(values, _STORED)
    if allocated not in {8, 16} or not 1 <= stored <= allocated or _number(values, _HIGH) != stored - 1:
        return None
    slope, intercept = _decimal(values, _SLOPE), _decimal(values, _INTERCEPT)
    center, width = _decimal(values, _CENTER), _decimal(values, _WIDTH)
    function = values.get(_FUNCTION, b"").strip(b" \x00").decode("latin-1") or "LINEAR"
    own = Window(center, width, function) if center is not None and width and width >= 1 else None
    padding = values.get(_PADDING)
    return GrayRule(
        bits_allocated=allocated,
        bits_stored=stored,
        is_signed=_number(values, _SIGNED) == 1,
        slope=1.0 if slope is None else slope,
        intercept=intercept or 0.0,
        window=look.window or own,
        is_inverted=is_inverted,
        padding=int.from_bytes(padding[:2], "little") if padding else None,
        shade=look.shade,
    )


def _plain_picture(
    dicom: bytes | BinaryIO, found: Elements, rule: GrayRule, look: Look, *, is_explicit: bool
) -> "Image":
    import numpy as np
    from PIL import Image

    rows, columns = _number(found.values, _ROWS), _number(found.values, _COLUMNS)
    check_size(rows, columns, 1, rule.bits_allocated)
    frames = int(_decimal(found.values, _FRAMES) or 1)
    if not 1 <= look.frame <= max(frames, 1):
        raise NoPicture("no-such-frame")
    frame_bytes = rows * columns * rule.bits_allocated // 8
    at = found.pixels_at + (12 if is_explicit else 8) + (look.frame - 1) * frame_bytes
    kind = np.dtype("<u2" if rule.bits_allocated == 16 else "u1")
    raw = _slice(dicom, at, frame_bytes)
    with _damage_is_no_picture():
        codes = np.frombuffer(raw, kind).reshape(rows, columns)
        return Image.fromarray(frame_windows.to_gray(codes, rule))


def _slice(dicom: bytes | BinaryIO, at: int, size_bytes: int) -> Any:
    if isinstance(dicom, bytes):
        raw: Any = memoryview(dicom)[at : at + size_bytes]
    else:
        dicom.seek(at)
        raw = dicom.read(size_bytes)
    if len(raw) < size_bytes:
        raise NoPicture("unreadable")
    return raw


def _jpeg(picture: "Image", look: Look) -> bytes:
    if look.size and max(picture.size) > look.size:
        picture.thumbnail((look.size, look.size), reducing_gap=2.0)
    out = BytesIO()
    picture.save(out, "JPEG", quality=look.quality)
    return out.getvalue()
