"""An example of every message, and the golden messages: what was once told must be readable for ever.

``python -m tests.contracts.golden`` writes those that are missing; it never changes one that is there.
"""

import types
import typing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import AwareDatetime, BaseModel

from contracts import topology
from contracts.archiver import BuildPackage
from contracts.envelope import wrap
from contracts.wire import Command, Event

GOLDEN = Path(__file__).parent / "golden"
NOW = datetime(2026, 11, 24, 12, 30, tzinfo=UTC)


def example(kind):
    """Give a message of *kind* with every field filled."""
    return kind(**{name: _value(field.annotation, name) for name, field in kind.model_fields.items()})


def _value(annotation: Any, name: str) -> Any:  # noqa: PLR0911 - a case a kind
    origin = get_origin(annotation)
    if origin is typing.Annotated:
        return _value(get_args(annotation)[0], name)
    if origin in (typing.Union, types.UnionType):
        return _value(next(part for part in get_args(annotation) if part is not type(None)), name)
    if origin is Literal:
        return get_args(annotation)[0]
    if origin is list:
        return [_value(get_args(annotation)[0], name)]
    if origin is dict:
        return {"code": "123456"}
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return example(annotation)
    simple = {str: f"{name}-1", int: 3, bool: True, datetime: NOW, AwareDatetime: NOW, date: date(1980, 2, 29)}
    return simple[annotation]


def all_kinds() -> list[type[Event] | type[Command]]:
    """Every type that travels."""
    return [*topology.EVENT_TYPES.values(), BuildPackage]


def main() -> None:
    """Write the golden messages that are missing."""
    GOLDEN.mkdir(exist_ok=True)
    for kind in all_kinds():
        path = GOLDEN / f"{kind.NAME}.v{kind.VERSION}.json"
        if not path.exists():
            envelope = wrap(
                example(kind), message_id="m-1", owner="owner", now=NOW, subject="id-1", correlation_id="c-1"
            )
            path.write_bytes(envelope.to_bytes() + b"\n")


if __name__ == "__main__":
    main()
