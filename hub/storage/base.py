"""The base of every table, and the column types that all rooms share."""

from datetime import UTC, datetime, timedelta
from typing import cast

from sqlalchemy import BigInteger, Dialect, Integer, LargeBinary, MetaData, Table
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

from hub.storage.ports import to_ms

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
"""Every constraint has a name that both databases agree on, so that a later migration can find it."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Digest = LargeBinary(32)
"""A SHA-256."""

BigKey = BigInteger().with_variant(Integer, "sqlite")
"""A 64-bit key. SQLite's own row number is one already, but only under the name INTEGER."""


class Base(DeclarativeBase):
    """Base of every table of the hub."""

    metadata = MetaData(naming_convention=NAMING)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time, stored as milliseconds since 1970: the same number on both databases, in any time zone."""

    impl = BigInteger  # type: ignore[mutable-override]  # SQLAlchemy's way to declare it
    cache_ok = True  # type: ignore[mutable-override]  # the same

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002  # interface
        """Turn an aware time into milliseconds.

        Raises:
            ValueError: the time has no zone.
        """
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone")
        return to_ms(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  # interface
        """Turn milliseconds into an aware time in UTC."""
        return None if value is None else _EPOCH + timedelta(milliseconds=value)


def table_of(kind: type[Base]) -> Table:
    """Return the table of a class: inserts through it skip the ORM's bookkeeping, on the hot path."""
    return cast("Table", kind.__table__)
