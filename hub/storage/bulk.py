"""Inserting many rows of one table in one statement, on the hot path.

SQLAlchemy's own way to insert many rows spends more time on each row than the database does (measured: a third of the
transaction of an intake; docs/adr/0026). Here the statement is written once per table and set of columns, and the rows
go to the driver as they are. What columns turn their values into, and their defaults, still holds.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Boolean, Column, Dialect, LargeBinary, Numeric, String, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlalchemy.types import Integer, TypeDecorator, TypeEngine

from hub.storage.base import Base, table_of

Row = Mapping[str, object]
_ARRAYS = ((String, "text"), (LargeBinary, "bytea"), (Boolean, "boolean"), (Integer, "bigint"), (Numeric, "numeric"))
"""Kinds of columns, and the arrays that carry them to PostgreSQL; there the columns' own types check them again."""


@dataclass(frozen=True, kw_only=True)
class _Plan:
    """How the rows of one table with these columns are inserted."""

    text: str
    columns: tuple[str, ...]
    defaults: tuple[object, ...]
    """Values of the columns that the rows leave out."""
    changes: tuple[tuple[int, Callable[[Any], Any]], ...]
    """Places whose values are turned into something else for the driver."""

    def values(self, rows: Sequence[Row]) -> list[tuple[object, ...]]:
        """Return what is handed to the driver, row by row."""
        pick = itemgetter(*self.columns) if len(self.columns) > 1 else lambda row: (row[self.columns[0]],)
        found = [pick(row) + self.defaults for row in rows]
        if not self.changes:
            return found
        lists = list(map(list, found))
        for place, change in self.changes:
            for values in lists:
                values[place] = change(values[place])
        return list(map(tuple, lists))


def new_insert(session: Session, table: Table) -> postgresql.Insert | sqlite.Insert:
    """Begin an insert that may say what to do with a row that is there already, in this database's own words."""
    return postgresql.insert(table) if session.get_bind().dialect.name == "postgresql" else sqlite.insert(table)


def insert_rows(session: Session, kind: type[Base], rows: Sequence[Row]) -> None:
    """Insert rows that all have the same columns, in the order given; nothing when there are none.

    Raises:
        IntegrityError: a constraint does not hold; nothing was inserted.
    """
    if not rows:
        return
    connection = session.connection()
    plan = _plan(table_of(kind), tuple(rows[0]), connection.dialect)
    values = plan.values(rows)
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(plan.text, values)
    else:
        connection.exec_driver_sql(plan.text, tuple(map(list, zip(*values, strict=True))))


@lru_cache(maxsize=256)
def _plan(table: Table, columns: tuple[str, ...], dialect: Dialect) -> _Plan:
    left_out = {
        column.name: column.default.arg  # type: ignore[attr-defined]  # a scalar default has one
        for column in table.columns
        if column.name not in columns and column.default is not None and column.default.is_scalar
    }
    names = (*columns, *left_out)
    quoted = ", ".join(map(dialect.identifier_preparer.quote, names))
    head = f"INSERT INTO {dialect.identifier_preparer.format_table(table)} ({quoted})"
    if dialect.name == "sqlite":
        text = f"{head} VALUES ({', '.join('?' * len(names))})"
    else:
        arrays = ", ".join(f"%s::{_array(table.columns[name])}[]" for name in names)
        text = f"{head} SELECT * FROM unnest({arrays})"  # noqa: S608  # names of our own tables
    processors = [(place, _processor(table.columns[name].type, dialect)) for place, name in enumerate(names)]
    return _Plan(
        text=text,
        columns=columns,
        defaults=tuple(left_out.values()),
        changes=tuple((place, change) for place, change in processors if change is not None),
    )


def _processor(kind: TypeEngine[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    if isinstance(kind, TypeDecorator):
        return kind.bind_processor(dialect)
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _array(column: Column[Any]) -> str:
    kind = column.type.impl_instance if isinstance(column.type, TypeDecorator) else column.type
    return next(name for base, name in _ARRAYS if isinstance(kind, base))
