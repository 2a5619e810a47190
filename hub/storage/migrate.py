"""Runs the history of the tables from code: no configuration file, nothing that a person must remember."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine

from hub.storage.errors import StorageError

SCRIPTS = Path(__file__).with_name("migrations")


def make_config(connection: Connection | None = None) -> Config:
    """Return Alembic's settings for our scripts, on this connection."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def heads() -> list[str]:
    """Return the newest revisions of the history; there must be exactly one."""
    return list(ScriptDirectory.from_config(make_config()).get_heads())


def upgrade(engine: Engine) -> None:
    """Bring the tables to the newest version, in one transaction.

    Raises:
        StorageError: the database stands at a revision that this program does not know.
    """
    with engine.connect() as connection, _foreign_keys_off(connection), connection.begin():
        _lock(connection)
        try:
            command.upgrade(make_config(connection), "head")
        except CommandError as error:
            raise StorageError("the database was written by a newer program") from error
        _check_foreign_keys(connection)


def downgrade(engine: Engine, revision: str) -> None:
    """Take the tables back to an older version, in one transaction. For tests: a hub goes back by a restore."""
    with engine.begin() as connection:
        command.downgrade(make_config(connection), revision)


def check(engine: Engine) -> None:
    """Compare the tables in code with those that the history makes.

    Raises:
        StorageError: they differ; the text lists how.
    """
    with engine.begin() as connection:
        try:
            command.check(make_config(connection))
        except CommandError as error:
            raise StorageError(str(error)) from error


def write_revision(engine: Engine, message: str, revision: str) -> None:
    """Write the script that leads from the newest revision to the tables in code."""
    with engine.begin() as connection:
        command.revision(make_config(connection), message, autogenerate=True, rev_id=revision)


def _lock(connection: Connection) -> None:
    """Let one program migrate at a time; SQLite's transaction is a lock already."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(3314)")


@contextmanager
def _foreign_keys_off(connection: Connection) -> Iterator[None]:
    """Let SQLite copy a table without deleting what points at it; it listens outside of transactions only."""
    driver = connection.connection.driver_connection
    if connection.dialect.name != "sqlite" or driver is None:
        yield
        return
    driver.execute("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys = ON")


def _check_foreign_keys(connection: Connection) -> None:
    if connection.dialect.name == "sqlite" and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
        raise StorageError("migration: a row would point at nothing")
