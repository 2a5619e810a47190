"""Transactions on both databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from hub.storage.engine import Database
from hub.storage.errors import StorageError
from tests.databases import PostgresServer


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    made = Database(database_url)
    with made.session() as session:
        session.execute(text("CREATE TABLE t (n INTEGER PRIMARY KEY)"))
    yield made
    made.dispose()


def count(database: Database) -> int:
    with database.reading() as session:
        return int(session.scalar(text("SELECT count(*) FROM t")) or 0)


def insert_and_fail(database: Database) -> None:
    with database.session() as session:
        session.execute(text("INSERT INTO t VALUES (1)"))
        raise ZeroDivisionError


def write_while_reading(database: Database) -> None:
    with database.reading() as session:
        session.execute(text("INSERT INTO t VALUES (1)"))


def test_a_block_is_one_transaction(database: Database) -> None:
    with database.session() as session:
        session.execute(text("INSERT INTO t VALUES (1)"))
        assert count(database) == 0
    assert count(database) == 1


def test_a_block_that_raises_leaves_nothing(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        insert_and_fail(database)
    assert count(database) == 0


def test_a_reading_block_cannot_write(database: Database) -> None:
    with pytest.raises((StorageError, DBAPIError)):
        write_while_reading(database)
    assert count(database) == 0


def test_a_connection_that_read_can_write_again(database: Database) -> None:
    for number in range(3):
        assert count(database) == number
        with database.session() as session:
            session.execute(text("INSERT INTO t VALUES (:n)"), {"n": number})


def test_a_reading_block_sees_one_state(database: Database) -> None:
    with database.reading() as session:
        before = session.scalar(text("SELECT count(*) FROM t"))
        with database.session() as writer:
            writer.execute(text("INSERT INTO t VALUES (1)"))
        assert session.scalar(text("SELECT count(*) FROM t")) == before == 0
    assert count(database) == 1


def test_a_broken_constraint_tells_no_value(database: Database) -> None:
    insert = text("INSERT INTO t VALUES (:n), (:n)")
    with pytest.raises(IntegrityError) as caught, database.session() as session:
        session.execute(insert, {"n": 987_654})
    assert "hidden" in str(caught.value)


def test_settings_of_durability_hold_on_every_connection(database: Database) -> None:
    with database.session() as session:
        if database.engine.dialect.name == "sqlite":
            found = [session.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous", "foreign_keys")]
            assert found == ["wal", 2, 1]
        else:
            assert session.scalar(text("SHOW synchronous_commit")) == "on"
            assert session.scalar(text("SHOW transaction_isolation")) == "read committed"


def test_a_second_writer_waits_for_the_first(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'a.db'}")
    with database.session() as session:
        session.execute(text("CREATE TABLE t (n INTEGER)"))
        driver = session.connection().connection.driver_connection
        assert driver is not None
        assert driver.in_transaction
        other = database.engine.raw_connection()
        other.cursor().execute("PRAGMA busy_timeout = 0")
        with pytest.raises(Exception, match="locked"):
            other.cursor().execute("BEGIN IMMEDIATE")
        other.close()
    database.dispose()


def test_the_file_of_the_database_is_private(tmp_path: Path) -> None:
    Database(f"sqlite:///{tmp_path / 'a.db'}").dispose()
    assert (tmp_path / "a.db").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("url", ["mysql://x/y", "postgresql://x/y", "nonsense", "postgresql+asyncpg://x/y"])
def test_another_database_is_refused(url: str) -> None:
    with pytest.raises(StorageError):
        Database(url)


def test_a_file_that_is_no_database_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_bytes(b"no database, but long enough to have a header " * 40)
    database = Database(f"sqlite:///{tmp_path / 'a.db'}")
    with pytest.raises(StorageError, match="database"):
        database.migrate()


def test_a_server_that_is_not_there_is_a_storage_error() -> None:
    database = Database("postgresql+psycopg://postgres@127.0.0.1:9/none")
    with pytest.raises(StorageError, match="connection"):
        count(database)


def fill(database: Database) -> None:
    with database.session() as session:
        session.execute(text("PRAGMA max_page_count = 20"))
        for _ in range(2_000):
            session.execute(text("INSERT INTO t VALUES (:n)"), {"n": "x" * 1_000})


def test_a_full_disk_commits_nothing_and_work_goes_on_when_there_is_room(tmp_path: Path) -> None:
    """D04, by the limit that SQLite itself knows."""
    database = Database(f"sqlite:///{tmp_path / 'a.db'}")
    with database.session() as session:
        session.execute(text("CREATE TABLE t (n TEXT)"))
    with pytest.raises(StorageError) as caught:
        fill(database)
    assert "full" in str(caught.value.__cause__)
    with database.session() as session:
        session.execute(text("PRAGMA max_page_count = 100000"))
        assert session.scalar(text("SELECT count(*) FROM t")) == 0
        session.execute(text("INSERT INTO t VALUES (1)"))
    assert count(database) == 1
    database.dispose()


def test_a_connection_that_was_cut_is_a_storage_error_and_the_next_one_works(postgres: PostgresServer) -> None:
    with postgres.database() as url:
        database = Database(url)
        with pytest.raises(StorageError):
            cut_own_connection(database)
        with database.reading() as session:
            assert session.scalar(text("SELECT 1")) == 1
        database.dispose()


def cut_own_connection(database: Database) -> None:
    with database.session() as session:
        pid = session.scalar(text("SELECT pg_backend_pid()"))
        with database.engine.connect() as other:
            other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        session.execute(text("SELECT 1"))
