"""The order in which a series' instances are shown. Pure.

Instance Number alone misleads: some scanners number slices as they were acquired, not as they lie.
"""

from collections.abc import Iterable
from typing import Protocol, TypeVar


class Placed(Protocol):
    """What the order of slices needs of an instance."""

    @property
    def instance_number(self) -> int | None:
        """Instance Number, None when missing."""

    @property
    def slice_position(self) -> float | None:
        """Where the slice lies along its normal, in mm."""

    @property
    def orientation(self) -> str | None:
        """What must be equal for positions to be compared."""

    @property
    def sop_instance_uid(self) -> str:
        """SOP Instance UID: settles what nothing else does."""


P = TypeVar("P", bound=Placed)


def in_order(instances: Iterable[P]) -> list[P]:
    """Give the instances of one series in the order in which they are shown.

    By position where all lie side by side in one orientation, each at a place of its own, in the direction in which
    their numbers rise; else by Instance Number (several times or orientations in one series), then by position and UID.
    """
    ordered = sorted(instances, key=_number_then_place)
    places = [one.slice_position for one in ordered if one.slice_position is not None]
    if len(set(places)) < len(ordered) or len({one.orientation for one in ordered}) != 1:
        return ordered
    is_falling = places[0] > places[-1]
    return sorted(ordered, key=lambda one: one.slice_position or 0.0, reverse=is_falling)


def _number_then_place(one: Placed) -> tuple[int, float, str]:
    number = one.instance_number if one.instance_number is not None else 1 << 40
    return number, one.slice_position or 0.0, one.sop_instance_uid
