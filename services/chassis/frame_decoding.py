"""Decode any frame that pydicom and its plug-ins can: compressed, colour, palette, look-up tables, functional groups.

Slower than the short way in ``frames``. What it decodes may be hostile: see ``frame_child``.
"""

import logging
import warnings
from io import BytesIO
from typing import TYPE_CHECKING, Any

from services.chassis import frame_windows
from services.chassis.dicom_walker import EXPLICIT_BE, EXPLICIT_LE, IMPLICIT_LE
from services.chassis.frame_windows import GrayRule, Shade, Window
from services.chassis.frames import Look, check_size
from services.chassis.no_picture import NoPicture

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

_JPEG_EXTENDED = "1.2.840.10008.1.2.4.51"
_J2K = frozenset({"1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91"})


def decode(dicom: bytes, look: Look) -> "Image":
    """Give the picture that *look* asks for. Raises NoPicture, and whatever a decoder raises on damaged pixels."""
    dataset = _dataset(dicom)
    _check(dataset, look)
    small = _small_j2k(dataset, look)
    if small is not None:
        return small
    from PIL import Image

    return Image.fromarray(_levels(_pixels(dataset, look.frame), dataset, look))


def _pixels(dataset: Any, frame: int) -> "NDArray[Any]":
    """Give the decoded values of a frame, colours as RGB. Raises NoPicture."""
    from pydicom.pixels.utils import pixel_array

    try:
        return pixel_array(dataset, index=frame - 1)
    except NotImplementedError as unknown:
        raise NoPicture("unsupported") from unknown
    except RuntimeError as fault:
        if "plugins are missing" in str(fault):
            raise NoPicture("unsupported") from fault
        if str(dataset.file_meta.TransferSyntaxUID) != _JPEG_EXTENDED or not _mend_scan(dataset, frame):
            raise NoPicture("unreadable") from fault
    return pixel_array(dataset, index=0)


def _mend_scan(dataset: Any, frame: int) -> bool:
    """Leave one frame in *dataset*, with the spectral selection that a sequential scan must have (ISO 10918-1 B.2.3).

    Some modalities write 0 to 0; libjpeg refuses it, though it changes nothing. False when it is not that.
    """
    from pydicom.encaps import encapsulate, get_frame

    frames = max(_count(dataset, "NumberOfFrames"), 1)
    scan = bytearray(get_frame(dataset.PixelData, frame - 1, number_of_frames=frames))
    at = scan.find(b"\xff\xda")
    end = at + 2 + int.from_bytes(scan[at + 2 : at + 4], "big")  # its last three bytes: start, end, approximation
    if at < 0 or end > len(scan) or scan[end - 3 : end] == b"\x00\x3f\x00":
        return False
    scan[end - 3 : end] = b"\x00\x3f\x00"
    dataset.PixelData = encapsulate([bytes(scan)])
    dataset.NumberOfFrames = 1
    return True


def _dataset(dicom: bytes) -> Any:
    """Read the object. pydicom's warnings quote values, and no name may reach a log."""
    import pydicom
    from pydicom import config

    config.settings.reading_validation_mode = config.IGNORE
    logging.getLogger("pydicom").setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore", module=r"pydicom\b.*")
    try:
        dataset = pydicom.dcmread(BytesIO(dicom), force=True)
    except RecursionError as deep:
        raise NoPicture("unreadable") from deep
    if not dataset.file_meta.get("TransferSyntaxUID"):
        is_implicit, is_little = dataset.original_encoding
        little = IMPLICIT_LE if is_implicit else EXPLICIT_LE
        dataset.file_meta.TransferSyntaxUID = pydicom.uid.UID(little if is_little else EXPLICIT_BE)
    return dataset


def _check(dataset: Any, look: Look) -> None:
    """Raise NoPicture for what has no such frame or claims too large a one; before anything is decoded."""
    if not any(name in dataset for name in ("PixelData", "FloatPixelData", "DoubleFloatPixelData")):
        raise NoPicture("no-pixels")
    sides = [_count(dataset, name) for name in ("Rows", "Columns", "SamplesPerPixel", "BitsAllocated")]
    check_size(*sides)
    if not 1 <= look.frame <= max(_count(dataset, "NumberOfFrames"), 1):
        raise NoPicture("no-such-frame")


def _count(dataset: Any, name: str) -> int:
    try:
        return int(dataset.get(name) or 0)
    except (TypeError, ValueError):
        return 0


def _levels(pixels: "NDArray[Any]", dataset: Any, look: Look) -> "NDArray[np.uint8]":
    photometric = str(dataset.get("PhotometricInterpretation", ""))
    if photometric == "PALETTE COLOR":
        from pydicom.pixels.processing import apply_color_lut

        colours = apply_color_lut(pixels, dataset)
        return _eight_bits(colours, 16 if colours.dtype.itemsize == 2 else 8)
    if pixels.ndim == 3:
        return _eight_bits(pixels, _count(dataset, "BitsStored") or 8)
    return _gray(pixels, dataset, look, is_inverted=photometric == "MONOCHROME1")


def _eight_bits(colours: "NDArray[Any]", bits: int) -> "NDArray[np.uint8]":
    import numpy as np

    shifted = colours >> (bits - 8) if bits > 8 else colours
    return np.ascontiguousarray(shifted.astype(np.uint8))


def _gray(pixels: "NDArray[Any]", dataset: Any, look: Look, *, is_inverted: bool) -> "NDArray[np.uint8]":
    """Apply the modality LUT, then the window asked for, else the VOI LUT, else the header's, else an automatic one."""
    from pydicom.pixels.processing import apply_modality_lut, apply_voi

    pixels = pixels.astype(pixels.dtype.newbyteorder("="), copy=False)
    slope, intercept, own = _of_frame(dataset, look.frame)
    has_table = "ModalityLUTSequence" in dataset
    window = look.window or (None if "VOILUTSequence" in dataset else own)
    if pixels.dtype.kind in "iu" and not has_table and (window or "VOILUTSequence" not in dataset):
        rule = _rule(pixels, slope, intercept, window, look.shade, is_inverted=is_inverted)
        if rule is not None:
            return frame_windows.to_gray(pixels.view(f"u{pixels.dtype.itemsize}"), rule)
    values = apply_modality_lut(pixels, dataset) if has_table else pixels * slope + intercept
    if window is None and "VOILUTSequence" in dataset:
        values = apply_voi(values.astype(pixels.dtype) if not has_table else values, dataset)
        top = float((1 << int(dataset.VOILUTSequence[0].LUTDescriptor[2])) - 1)
        window = Window(top / 2, top, "LINEAR_EXACT")
    return frame_windows.gray_of_values(values, window, is_inverted=is_inverted, shade=look.shade)


def _rule(
    pixels: "NDArray[Any]",
    slope: float,
    intercept: float,
    window: Window | None,
    shade: Shade | None,
    *,
    is_inverted: bool,
) -> GrayRule | None:
    bits = pixels.dtype.itemsize * 8
    if bits not in {8, 16}:
        return None
    return GrayRule(bits, bits, pixels.dtype.kind == "i", slope, intercept, window, is_inverted, shade=shade)


def _of_frame(dataset: Any, frame: int) -> tuple[float, float, Window | None]:
    """Give slope, intercept and window of a frame: of its functional groups, else of the object."""
    places = [dataset]
    for name, index in (("SharedFunctionalGroupsSequence", 0), ("PerFrameFunctionalGroupsSequence", frame - 1)):
        groups = dataset.get(name) or []
        if index < len(groups):
            group = groups[index]
            for part in ("PixelValueTransformationSequence", "FrameVOILUTSequence"):
                places += list(group.get(part) or [])[:1]
    slope = _last(places, "RescaleSlope")
    center, width = _last(places, "WindowCenter"), _last(places, "WindowWidth")
    functions = [str(place.get("VOILUTFunction")) for place in places if place.get("VOILUTFunction")]
    window = None
    if center is not None and width is not None and width >= 1:
        window = Window(center, width, functions[-1] if functions else "LINEAR")
    return 1.0 if slope is None else slope, _last(places, "RescaleIntercept") or 0.0, window


def _last(places: list[Any], name: str) -> float | None:
    found = None
    for place in places:
        value = place.get(name)
        try:
            first = value[0] if hasattr(value, "append") else value
            found = found if first is None else float(first)
        except (TypeError, ValueError, IndexError):
            continue
    return found


def _small_j2k(dataset: Any, look: Look) -> "Image | None":
    """Give a thumbnail of a JPEG 2000 image from its smaller resolutions: ten times quicker than all of it.

    None when another way is needed: no small size asked for, colour, a codestream that disagrees with the header.
    """
    smallest = min(_count(dataset, "Rows"), _count(dataset, "Columns"))
    if not look.size or look.size * 2 > smallest or str(dataset.file_meta.TransferSyntaxUID) not in _J2K:
        return None
    if (
        _count(dataset, "SamplesPerPixel") != 1
        or _count(dataset, "PixelRepresentation")
        or "ModalityLUTSequence" in dataset
    ):
        return None
    if "VOILUTSequence" in dataset:
        return None
    return _reduced(dataset, look, smallest)


def _reduced(dataset: Any, look: Look, smallest: int) -> "Image | None":
    import numpy as np
    from PIL import Image
    from pydicom.encaps import get_frame

    frames = max(_count(dataset, "NumberOfFrames"), 1)
    codestream = get_frame(dataset.PixelData, look.frame - 1, number_of_frames=frames)
    precision = _unsigned_precision(codestream)
    if precision != _count(dataset, "BitsStored") or not 8 <= precision <= 16:
        return None
    picture = Image.open(BytesIO(codestream), formats=["JPEG2000"])
    if picture.size != (_count(dataset, "Columns"), _count(dataset, "Rows")):
        return None
    halvings = [number for number in range(1, 6) if smallest >> number >= (look.size or 1) and _halves(picture, number)]
    if not halvings:
        return None
    picture.reduce = halvings[-1]  # type: ignore[assignment,method-assign]
    values = np.asarray(picture)
    if values.dtype.itemsize == 2:
        values = values.astype(np.uint16) >> (16 - precision)  # Pillow scales to 16 bits
    slope, intercept, own = _of_frame(dataset, look.frame)
    is_inverted = str(dataset.PhotometricInterpretation) == "MONOCHROME1"
    rule = _rule(values, slope, intercept, look.window or own, look.shade, is_inverted=is_inverted)
    return Image.fromarray(frame_windows.to_gray(values, rule)) if rule else None


def _halves(picture: "Image", number: int) -> bool:
    """Tell whether Pillow, which rounds, expects the size that the codestream's resolution has, which is rounded up."""
    return all(-(-side >> number) == (side + (1 << number >> 1)) >> number for side in picture.size)


def _unsigned_precision(codestream: bytes) -> int:
    """Give the bits of the first component by the codestream's SIZ marker (ISO 15444-1 A.5.1), 0 when signed."""
    at = codestream.find(b"\xff\x4f\xff\x51")
    if at < 0 or len(codestream) < at + 43:
        return 0
    depth = codestream[at + 42]
    return 0 if depth & 0x80 else depth + 1
