"""The order in which slices are shown."""

from dataclasses import dataclass

import pytest

from services.exams.slice_order import in_order


@dataclass(frozen=True)
class Slice:
    instance_number: int | None
    slice_position: float | None
    orientation: str | None = "axial"
    sop_instance_uid: str = "1"


def test_slices_are_shown_as_they_lie_where_their_numbers_say_otherwise():
    slices = [Slice(1, 0.0), Slice(2, 10.0), Slice(3, 5.0), Slice(4, 15.0)]
    assert [one.slice_position for one in in_order(slices)] == [0.0, 5.0, 10.0, 15.0]
    falling = [Slice(1, 9.0), Slice(2, 3.0), Slice(3, 6.0), Slice(4, 0.0)]
    assert [one.slice_position for one in in_order(falling)] == [9.0, 6.0, 3.0, 0.0]


@pytest.mark.parametrize(
    "slices",
    [
        [Slice(1, 5.0), Slice(2, 0.0), Slice(3, 5.0)],
        [Slice(1, 9.0), Slice(2, 0.0, "coronal"), Slice(3, 5.0)],
        [Slice(1, None, None), Slice(2, 5.0), Slice(3, 0.0)],
    ],
)
def test_slices_of_several_times_or_directions_are_shown_by_number(slices):
    assert [one.instance_number for one in in_order(reversed(slices))] == [1, 2, 3]


def test_images_without_numbers_come_last_in_a_fixed_order():
    slices = [Slice(None, None, None, "2"), Slice(None, None, None, "1"), Slice(7, None, None, "3")]
    assert [one.sop_instance_uid for one in in_order(slices)] == ["3", "1", "2"]
