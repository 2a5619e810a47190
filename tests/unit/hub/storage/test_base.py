"""Times and names of constraints."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import Dialect
from sqlalchemy.dialects import postgresql, sqlite

from hub.storage.base import Base, UtcDateTime
from hub.storage.engine import check_sqlite_version
from hub.storage.errors import StorageError
from hub.storage.metadata import load_metadata

JAKARTA = timezone(timedelta(hours=7))


@pytest.mark.parametrize("dialect", [sqlite.dialect(), postgresql.dialect()])  # type: ignore[no-untyped-call]
def test_a_time_comes_back_in_utc(dialect: Dialect) -> None:
    kind, moment = UtcDateTime(), datetime(2026, 3, 2, 8, 0, 0, 123_456, tzinfo=JAKARTA)
    stored = kind.process_bind_param(moment, dialect)
    assert stored == 1_772_413_200_123
    assert kind.process_result_value(stored, dialect) == datetime(2026, 3, 2, 1, 0, 0, 123_000, tzinfo=UTC)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        UtcDateTime().process_bind_param(datetime(2026, 3, 2), sqlite.dialect())  # noqa: DTZ001


def test_every_constraint_has_a_name() -> None:
    nameless = [
        f"{table.name}: {constraint!r}"
        for table in load_metadata().tables.values()
        for constraint in table.constraints
        if constraint.name is None
    ]
    assert not nameless


def test_all_rooms_share_one_metadata() -> None:
    assert load_metadata() is Base.metadata
    assert {"ledger_entry", "bundle_receipt", "node"} <= set(Base.metadata.tables)


@pytest.mark.parametrize("version", [(3, 40, 1), (3, 51, 2), (3, 7, 0)])
def test_an_sqlite_that_may_corrupt_its_file_is_refused(version: tuple[int, ...]) -> None:
    with pytest.raises(StorageError, match=r"3\.51\.3"):
        check_sqlite_version(version)


def test_a_repaired_sqlite_is_taken() -> None:
    check_sqlite_version((3, 51, 3))
