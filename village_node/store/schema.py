"""The declarative base, the naming of constraints and the column types of all rooms."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import BigInteger, Dialect, LargeBinary, MetaData
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Digest = LargeBinary(32)
"""A SHA-256."""


class Base(DeclarativeBase):
    """Base of every table of the node."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime in UTC, stored as milliseconds since 1970."""

    impl = BigInteger  # type: ignore[mutable-override]  # SQLAlchemy's own way to declare it
    cache_ok = True  # type: ignore[mutable-override]

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Turn an aware datetime into milliseconds.

        Raises:
            ValueError: the datetime has no zone.
        """
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone")
        return (value - _EPOCH) // timedelta(milliseconds=1)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """Turn milliseconds into an aware datetime."""
        del dialect
        return None if value is None else from_ms(value)


def from_ms(milliseconds: int) -> datetime:
    """Return the moment of these milliseconds since 1970."""
    return _EPOCH + timedelta(milliseconds=milliseconds)


LATEST_MS = 253_402_300_799_000
"""The end of the year 9999: Python has no later date."""


def bounded_ms(milliseconds: int) -> datetime:
    """Return the moment of milliseconds that somebody else wrote, cut to the dates that there are."""
    return from_ms(max(0, min(milliseconds, LATEST_MS)))
