"""Databases to measure on: a file of SQLite, or a PostgreSQL server of this machine for as long as a block lasts."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from pysqlite3 import dbapi2

from loadtests.processes import ProcessError, free_port, wait_for

_SETTLE_S = 20


class SqliteWriter:
    """Writes rows into a file that the hub has made."""

    def __init__(self, file: Path) -> None:
        """Open it."""
        self._connection = dbapi2.connect(file)

    def write(self, table: str, rows: list[dict[str, Any]]) -> None:
        """Insert rows that all have the same columns."""
        names = list(rows[0])
        places = ", ".join(f":{name}" for name in names)
        self._connection.executemany(f"INSERT INTO {table} ({_listed(names)}) VALUES ({places})", rows)  # noqa: S608  # our own names

    def finish(self) -> None:
        """Commit, and let the planner know what is there."""
        self._connection.commit()
        self._connection.execute("ANALYZE")
        self._connection.commit()
        self._connection.close()


class PostgresWriter:
    """Writes rows by COPY."""

    def __init__(self, address: str) -> None:
        """Connect."""
        self._connection = psycopg.connect(address)

    def write(self, table: str, rows: list[dict[str, Any]]) -> None:
        """Insert rows that all have the same columns."""
        names = list(rows[0])
        with (
            self._connection.cursor() as cursor,
            cursor.copy(f"COPY {table} ({_listed(names)}) FROM STDIN".encode()) as copy,
        ):
            for row in rows:
                copy.write_row([row[name] for name in names])

    def finish(self) -> None:
        """Commit, and let the planner know what is there."""
        self._connection.commit()
        self._connection.autocommit = True
        self._connection.execute("VACUUM ANALYZE")
        self._connection.close()


@contextmanager
def postgres_server() -> Iterator[str]:
    """Run a server in a directory of its own; yield the SQLAlchemy address of an empty database.

    Raises:
        ProcessError: PostgreSQL is not installed (Debian: apt-get install postgresql), or does not start.
    """
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not binaries:
        raise ProcessError("PostgreSQL is missing: apt-get install postgresql")
    directory = Path(tempfile.mkdtemp(prefix="simpul-pages-pg-"))
    owner = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None
    if owner is not None:
        os.chown(directory, owner, owner)
    _run([binaries[-1] / "initdb", "-D", directory / "data", "-U", "postgres", "-A", "trust", "-N"], owner)
    port = free_port()
    with (directory / "log").open("ab") as log:
        server = subprocess.Popen(
            [binaries[-1] / "postgres", "-D", directory / "data", "-p", str(port), "-k", directory],
            stdout=log,
            stderr=log,
            user=owner,
        )
    try:
        wait_for(lambda: _is_up(directory, port), f"PostgreSQL did not start, see {directory / 'log'}", _SETTLE_S)
        yield f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres"
    finally:
        server.terminate()
        server.wait(_SETTLE_S)
        shutil.rmtree(directory, ignore_errors=True)


def _run(command: Sequence[object], owner: int | None) -> None:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, user=owner)
    if done.returncode:
        raise ProcessError(done.stderr.strip()[-500:])


def _is_up(directory: Path, port: int) -> bool:
    try:
        psycopg.connect(f"host={directory} port={port} user=postgres dbname=postgres").close()
    except psycopg.OperationalError:
        time.sleep(0.05)
        return False
    return True


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
