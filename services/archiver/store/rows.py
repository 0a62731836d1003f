"""Small things that every part of the store needs."""

from typing import Any

from sqlalchemy import CursorResult
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from services.chassis.db import Tx


def insert_new(tx: Tx, table: type[Any], values: dict[str, Any], key: list[str]) -> bool:
    """Insert a row of *table* unless one with the same *key* (column names, unique) is there; whether it was new."""
    make = sqlite_insert if tx.get_bind().dialect.name == "sqlite" else postgresql_insert
    return changed(tx.execute(make(table).values(**values).on_conflict_do_nothing(index_elements=key))) == 1


def changed(result: Any) -> int:
    """Give how many rows a statement changed."""
    return result.rowcount if isinstance(result, CursorResult) else 0
