"""What the RIS says last holds, field by field, in whatever order its messages come in.

Each fact keeps the time (MSH-7) at which it was told; an older message fills in what nobody said yet and changes
nothing else. So the same messages, duplicated or in any order, end in the same state.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

Told = dict[str, str]
"""When each field was told, as sortable text."""


def stamp(at: datetime) -> str:
    """Give *at* (UTC) as text that sorts as instants do."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def newer(told: Mapping[str, str], said: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """Give what of *said* at *at* is news; None, "" and an empty collection say nothing."""
    now = stamp(at)
    return {
        name: value for name, value in said.items() if value not in (None, "", (), []) and told.get(name, "") <= now
    }


def note(told: Mapping[str, str], names: Mapping[str, Any], at: datetime) -> Told:
    """Give *told* with *names* told at *at*."""
    return {**told, **dict.fromkeys(names, stamp(at))}
