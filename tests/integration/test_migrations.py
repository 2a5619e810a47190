"""The history of the tables makes exactly the tables that the code declares, on both databases."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError

from hub.storage import migrate
from hub.storage.append_only import PROTECTED
from hub.storage.engine import Database
from hub.storage.errors import StorageError
from hub.storage.metadata import load_metadata

TRIGGERS = {
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
}
FUNCTIONS = "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace"


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    made = Database(database_url)
    yield made
    made.dispose()


def triggers(connection: Connection) -> dict[str, str]:
    """Return the text of every trigger, without the line breaks that a person put into it."""
    dialect = connection.dialect.name
    rows = list(connection.execute(text(TRIGGERS[dialect])))
    if dialect == "postgresql":
        rows += list(connection.execute(text(FUNCTIONS)))
    return {name: " ".join(str(body).split()) for name, body in rows}


def test_there_is_one_history() -> None:
    assert len(migrate.heads()) == 1


def test_history_and_code_have_no_difference(database: Database) -> None:
    database.migrate()
    migrate.check(database.engine)


def test_history_and_code_make_the_same_triggers(database: Database) -> None:
    database.migrate()
    with database.engine.begin() as connection:
        by_history = triggers(connection)
    load_metadata().drop_all(database.engine)
    with database.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            for table in PROTECTED:
                connection.execute(text(f"DROP FUNCTION {table}_refuse"))
    load_metadata().create_all(database.engine)
    with database.engine.begin() as connection:
        assert triggers(connection) == by_history
    assert len(by_history) >= 2 * len(PROTECTED)


def test_a_fresh_database_has_an_empty_log(database: Database) -> None:
    database.migrate()
    with database.reading() as session:
        head = session.execute(text("SELECT size, frontier, last_time_ms FROM ledger_head")).one()
    assert tuple(head) == (0, b"", 0)


def test_migrating_again_changes_nothing(database: Database) -> None:
    database.migrate()
    with database.session() as session:
        session.execute(text("UPDATE ledger_head SET last_time_ms = 5"))
    database.migrate()
    with database.reading() as session:
        assert session.scalar(text("SELECT last_time_ms FROM ledger_head")) == 5


def test_programs_that_start_together_migrate_one_after_the_other(database_url: str) -> None:
    databases = [Database(database_url) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(Database.migrate, databases))
    for each in databases:
        each.dispose()


def test_a_database_of_a_newer_program_is_refused(database: Database) -> None:
    """D19: an old binary on a new schema."""
    database.migrate()
    with database.session() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StorageError, match="newer program"):
        database.migrate()


def test_the_way_back_removes_everything(database: Database) -> None:
    database.migrate()
    migrate.downgrade(database.engine, "base")
    with database.engine.begin() as connection:
        assert set(inspect(connection).get_table_names()) == {"alembic_version"}
        assert triggers(connection) == {}


def insert_receipt(database: Database) -> None:
    values = (
        "(bundle_id, node_id, kind, ledger_index, entry, salt, subject) "
        "VALUES (:d, '3314012001-01', 'whole', 0, :d, :d, :d)"
    )
    with database.session() as session:
        session.execute(text(f"INSERT INTO bundle_receipt {values}"), {"d": bytes(32)})  # from this file


def test_a_receipt_is_signed_once(database: Database) -> None:
    database.migrate()
    insert_receipt(database)
    with database.session() as session:
        session.execute(text("UPDATE bundle_receipt SET raw = :raw"), {"raw": b"signed"})
    with pytest.raises(DBAPIError, match="never changed"), database.session() as session:
        session.execute(text("UPDATE bundle_receipt SET raw = :raw"), {"raw": b"other"})


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM bundle_receipt",
        "UPDATE bundle_receipt SET kind = 'complete'",
        "UPDATE bundle_receipt SET ledger_index = 9",
        "UPDATE bundle_receipt SET raw = salt, kind = 'complete'",
    ],
)
def test_a_receipt_is_neither_changed_nor_removed(database: Database, statement: str) -> None:
    database.migrate()
    insert_receipt(database)
    with pytest.raises(DBAPIError, match="rows are never"), database.session() as session:
        session.execute(text(statement))
