"""Turn stored pixel values into grey levels: rescale, window, invert (PS3.3 C.11.1, C.11.2).

For values of 8 or 16 bits it is one table look-up a pixel, and a series shares its table. It must not know files.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_LEAST_SHARE = (
    0.001  # an automatic window leaves out one pixel in a thousand at either end: bone screws, dead detectors
)


@dataclass(frozen=True, slots=True)
class Window:
    """A window as the header or the viewer gives it."""

    center: float
    width: float
    function: str = "LINEAR"
    """VOI LUT Function: LINEAR, LINEAR_EXACT or SIGMOID."""


Shade = Literal["brighter", "softer", "high-contrast"]
"""A look by the picture's own window: for MR, X-ray and the like, whose values mean nothing by themselves."""
WindowAsked = tuple[float, float] | Shade
"""A window that somebody asks for: center and width in rescaled units, or a shade."""
_SHADES: Final[dict[Shade, tuple[float, float]]] = {
    "brighter": (0.2, 1.0),
    "softer": (0.0, 1.6),
    "high-contrast": (0.0, 0.6),
}
"""How much brighter, in own widths, and how much wider."""


def shade_named(name: str) -> Shade | None:
    """Give the shade of that name, None when there is none."""
    return name if name in _SHADES else None


def shaded(window: Window, shade: Shade | None, *, is_inverted: bool) -> Window:
    """Give *window* as *shade* has it; of an inverted picture lower values are the brighter ones."""
    if shade is None:
        return window
    brighter, wider = _SHADES[shade]
    towards = window.width * brighter * (1 if is_inverted else -1)
    return replace(window, center=window.center + towards, width=window.width * wider)


@dataclass(frozen=True, slots=True)
class GrayRule:
    """How the stored values of one frame become grey."""

    bits_allocated: int
    """8 or 16."""
    bits_stored: int
    is_signed: bool
    slope: float
    intercept: float
    window: Window | None
    """None: from the pixels themselves."""
    is_inverted: bool
    """MONOCHROME1: the lowest value is white."""
    padding: int | None = None
    """Pixel Padding Value: no part of the picture."""
    shade: Shade | None = None
    """Laid over the window, wherever that is from."""


def to_gray(codes: "NDArray[Any]", rule: GrayRule) -> "NDArray[np.uint8]":
    """Give the grey levels of *codes*: unsigned integers of ``rule.bits_allocated`` bits, as stored."""
    import numpy as np

    window = shaded(rule.window or _automatic(codes, rule), rule.shade, is_inverted=rule.is_inverted)
    return np.take(_table(rule, window), codes)


def gray_of_values(
    values: "NDArray[Any]", window: Window | None, *, is_inverted: bool, shade: Shade | None = None
) -> "NDArray[np.uint8]":
    """Give the grey levels of *values* (any numbers, already rescaled); None takes their own range."""
    import numpy as np

    finite = np.nan_to_num(values.astype(np.float32), posinf=0, neginf=0)
    if window is None:
        window = _between(float(finite.min()), float(finite.max()))
    return _levels(finite, shaded(window, shade, is_inverted=is_inverted), is_inverted=is_inverted)


@lru_cache(maxsize=64)
def _table(rule: GrayRule, window: Window) -> "NDArray[np.uint8]":
    return _levels(_values(rule), window, is_inverted=rule.is_inverted)


def _values(rule: GrayRule) -> "NDArray[np.float32]":
    """Give the rescaled value of every code; bits above Bits Stored are not the picture's (old overlays lie there)."""
    import numpy as np

    codes = np.arange(1 << rule.bits_allocated, dtype=np.int64) & ((1 << rule.bits_stored) - 1)
    if rule.is_signed:
        codes = np.where(codes >= 1 << (rule.bits_stored - 1), codes - (1 << rule.bits_stored), codes)
    return (codes * rule.slope + rule.intercept).astype(np.float32)


def _automatic(codes: "NDArray[Any]", rule: GrayRule) -> Window:
    """Give the window that holds nearly all pixels."""
    import numpy as np

    counts = np.bincount(codes.ravel(), minlength=1 << rule.bits_allocated)
    if rule.padding is not None:
        counts[rule.padding & ((1 << rule.bits_allocated) - 1)] = 0
    present = np.flatnonzero(counts)
    if not present.size:
        return Window(0.5, 1.0, "LINEAR_EXACT")
    values = _values(rule)[present]
    order = np.argsort(values)
    share = np.cumsum(counts[present][order]) / counts.sum()
    low = values[order][np.searchsorted(share, _LEAST_SHARE)]
    high = values[order][min(int(np.searchsorted(share, 1 - _LEAST_SHARE)), order.size - 1)]
    return _between(float(low), float(high))


def _between(low: float, high: float) -> Window:
    return Window((low + high) / 2, max(high - low, 1e-6), "LINEAR_EXACT")


def _levels(values: "NDArray[np.float32]", window: Window, *, is_inverted: bool) -> "NDArray[np.uint8]":
    import numpy as np

    if window.function == "SIGMOID":
        share = 1 / (1 + np.exp(np.clip(-4 * (values - window.center) / window.width, -80, 80)))
    elif window.function == "LINEAR_EXACT":
        share = (values - window.center) / window.width + 0.5
    else:
        share = (values - (window.center - 0.5)) / max(window.width - 1, 1e-6) + 0.5
    share = np.clip(share, 0, 1)
    if is_inverted:
        share = 1 - share
    levels: NDArray[np.uint8] = np.rint(share * 255).astype(np.uint8)
    return levels
