"""Long lists a page at a time, by numbers that stand in the address."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True)
class Page(Generic[Item]):
    """What is shown of a list, and as the how manieth of how many pages."""

    items: tuple[Item, ...]
    number: int
    count: int


def within(asked: str | None, count: int) -> int:
    """Give the number asked for, from 1 to *count*; 1 for anything else."""
    number = int(asked) if asked and asked.isascii() and asked.isdigit() and len(asked) < 9 else 1
    return number if 1 <= number <= count else 1


def page_of(items: Sequence[Item], size: int, asked: str | None) -> Page[Item]:
    """Give the page asked for, of *size* items each; the first for a number that is none."""
    count = max(1, -(-len(items) // size))
    number = within(asked, count)
    return Page(tuple(items[(number - 1) * size : number * size]), number, count)


def page_with(items: Sequence[Item], size: int, at: int) -> Page[Item]:
    """Give the page on which the item at index *at* stands."""
    return page_of(items, size, str(at // size + 1))
