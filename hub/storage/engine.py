"""The one maker of database connections.

Rules (figures in ``docs/adr``):
1. SQLite at least 3.51.3: older ones may corrupt the file when two connections reset the WAL (D11).
2. SQLite runs WAL with ``synchronous=FULL``; anything less loses committed rows at a power cut. For the same reason
   PostgreSQL runs with ``synchronous_commit=on``, whatever the server's default is.
3. A writing transaction takes the write lock at its first statement (``BEGIN IMMEDIATE``), so that it never fails half
   way because another one wrote first. On PostgreSQL it is READ COMMITTED; who appends to the ledger locks its head.
4. A reading transaction cannot write and sees one state of the database from its first statement to its end.
5. Values never stand in error texts or logs: they may be personal.
6. Bytes go to the drivers as they are: both know them, and wrapping each cost a tenth of an intake (docs/adr/0026).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pysqlite3 import dbapi2
from sqlalchemy import URL, Connection, Dialect, Engine, LargeBinary, StaticPool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session, sessionmaker

from hub.storage import migrate
from hub.storage.errors import StorageError

LEAST_SQLITE = (3, 51, 3)
BUSY_MS = 10_000
WAL_LIMIT_BYTES = 64 * 1024 * 1024
_READING = "simpul_reading"
_PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = FULL",
    "foreign_keys = ON",
    f"busy_timeout = {BUSY_MS}",
    f"journal_size_limit = {WAL_LIMIT_BYTES}",
    "trusted_schema = OFF",
)
_SERVER_OPTIONS = f"-c synchronous_commit=on -c timezone=UTC -c lock_timeout={BUSY_MS}"


class _PlainBytes(LargeBinary):
    """Bytes that nobody wraps (rule 6)."""

    def bind_processor(self, dialect: Dialect) -> None:
        """Change nothing on the way in."""

    def result_processor(self, dialect: Dialect, coltype: object) -> None:
        """Change nothing on the way out."""


class Database:
    """The hub's database: transactions for writing and for reading."""

    def __init__(self, url: str) -> None:
        """Prepare connections to ``sqlite:////absolute/path.db`` or ``postgresql+psycopg://…``; none is opened yet.

        Raises:
            StorageError: another kind of URL, or an SQLite that must not be used.
        """
        try:
            parsed = make_url(url)
        except ArgumentError:
            raise StorageError("not a database URL") from None
        self.engine = _make_engine(parsed)
        self.engine.dialect.colspecs = {**self.engine.dialect.colspecs, LargeBinary: _PlainBytes}
        self._readers = _reading_engine(self.engine)
        self._writing = sessionmaker(self.engine, expire_on_commit=False)
        self._reading = sessionmaker(self._readers, expire_on_commit=False)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Open one writing transaction: committed at the end of the block, rolled back when the block raises.

        Raises:
            StorageError: the database does not answer, is full, or stays locked; nothing was committed.
        """
        with _translated(), self._writing() as session, session.begin():
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Open one reading transaction.

        Raises:
            StorageError: the database does not answer.
        """
        with _translated(), self._reading() as session, session.begin():
            yield session

    def migrate(self) -> None:
        """Bring the tables to the newest version.

        Raises:
            StorageError: the database was written by a newer program (D19), or cannot be changed.
        """
        with _translated():
            migrate.upgrade(self.engine)

    def dispose(self) -> None:
        """Close every connection that is not in use."""
        self.engine.dispose()


@contextmanager
def _translated() -> Iterator[None]:
    """Turn what drivers raise about the machine into our own error; broken constraints pass as they are."""
    try:
        yield
    except (OperationalError, InterfaceError, InternalError) as error:
        raise StorageError(f"database: {_first_line(error)}") from error
    except DatabaseError as error:
        if type(error) is not DatabaseError:
            raise
        raise StorageError("database: damaged, or not a database") from error
    except PoolTimeoutError as error:
        raise StorageError("database: no free connection") from error


def _first_line(error: DBAPIError) -> str:
    """Return what the driver says: the state of the machine. Details, which PostgreSQL puts below, may hold values."""
    return (str(error.orig).splitlines() or [type(error.orig).__name__])[0]


def _make_engine(url: URL) -> Engine:
    backend = url.get_backend_name()
    if backend == "sqlite":
        return _sqlite_engine(url)
    if url.drivername == "postgresql+psycopg":
        return create_engine(
            url,
            connect_args={"options": _SERVER_OPTIONS, "application_name": "simpul-hub"},
            isolation_level="READ COMMITTED",
            pool_pre_ping=True,
            hide_parameters=True,
        )
    raise StorageError("database URL: only sqlite:/// and postgresql+psycopg:// are known")


def _sqlite_engine(url: URL) -> Engine:
    check_sqlite_version(dbapi2.sqlite_version_info)
    if url.database in (None, "", ":memory:"):
        engine = create_engine(url, module=dbapi2, poolclass=StaticPool, hide_parameters=True)
    else:
        _touch(Path(url.database))
        engine = create_engine(url, module=dbapi2, hide_parameters=True)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def check_sqlite_version(version: tuple[int, ...]) -> None:
    """Refuse an SQLite that may corrupt its file.

    Raises:
        StorageError: older than 3.51.3 (sqlite.org/wal.html, "WAL-reset bug").
    """
    if version < LEAST_SQLITE:
        found, least = (".".join(map(str, each)) for each in (version, LEAST_SQLITE))
        raise StorageError(f"SQLite {found} may corrupt its file; at least {least} is needed (package pysqlite3)")


def _reading_engine(engine: Engine) -> Engine:
    options: dict[str, Any] = {_READING: True}
    if engine.dialect.name == "postgresql":
        options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    return engine.execution_options(**options)


def _touch(path: Path) -> None:
    """Create the file so that nobody else on this machine can read it; SQLite gives its WAL the same mode."""
    try:
        path.touch(mode=0o600, exist_ok=True)
    except OSError as error:
        raise StorageError(f"database file: {type(error).__name__}") from error


def _prepare_sqlite(connection: dbapi2.Connection, _record: object) -> None:
    connection.isolation_level = None
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    reading = connection.get_execution_options().get(_READING, False)
    connection.exec_driver_sql(f"PRAGMA query_only = {int(reading)}")
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
