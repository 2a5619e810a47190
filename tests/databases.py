"""Real databases for tests: a file of SQLite, and one PostgreSQL server per run with a database per test.

PostgreSQL refuses to run as root, so under root the server becomes ``nobody`` in a directory of its own. Its settings
are those that production needs (``fsync`` and ``synchronous_commit`` on): a receipt must not outlive its commit.
"""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
from psycopg import sql

from tests.requirements import require

KINDS = ("sqlite", "postgresql")
_START_ATTEMPTS = 300


class PostgresServer:
    """A server of its own on loopback and a unix socket, gone with the run."""

    def __init__(self, directory: Path, port: int, process: "subprocess.Popen[bytes]") -> None:
        self.directory = directory
        self.port = port
        self.process = process
        self._numbers = count(1)

    @property
    def admin(self) -> str:
        """Where databases are made and dropped."""
        return f"host={self.directory} port={self.port} user=postgres dbname=postgres"

    @contextmanager
    def database(self) -> Iterator[str]:
        """Make an empty database, give its SQLAlchemy URL, and drop it with force."""
        name = f"simpul_{os.getpid()}_{next(self._numbers)}"
        self._run("CREATE DATABASE {}", name)
        try:
            yield f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{name}"
        finally:
            self._run("DROP DATABASE {} WITH (FORCE)", name)

    def _run(self, statement: str, name: str) -> None:
        with psycopg.connect(self.admin, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(sql.Identifier(name)))


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """Run a server for as long as the block lasts; leave the test where PostgreSQL is missing."""
    initdb, postgres = require("initdb"), require("postgres")
    # Not pytest's own directory: its parents are closed to the user that the server becomes.
    directory = Path(tempfile.mkdtemp(prefix="simpul-pg-"))
    identity = _identity(directory)
    data = directory / "data"
    subprocess.run(
        [initdb, "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
        check=True,
        stdout=subprocess.DEVNULL,
        cwd="/",
        user=identity,
        group=identity,
    )
    port = _free_port()
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": str(directory),
        "max_connections": "80",
        "fsync": "on",
        "synchronous_commit": "on",
        "shared_buffers": "32MB",
    }
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(
            [postgres, "-D", data, *(f"--{name}={value}" for name, value in settings.items())],
            stdout=log,
            stderr=log,
            cwd="/",
            user=identity,
            group=identity,
        )
    server = PostgresServer(directory, port, process)
    try:
        _wait(server)
        yield server
    finally:
        process.terminate()  # waits for sessions to end
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        shutil.rmtree(directory, ignore_errors=True)


def _identity(directory: Path) -> int | None:
    """Return the user and group that the server becomes; None: stay who we are."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    os.chown(directory, nobody.pw_uid, nobody.pw_uid)
    return nobody.pw_uid


def _wait(server: PostgresServer) -> None:
    for _ in range(_START_ATTEMPTS):
        try:
            psycopg.connect(server.admin).close()
        except psycopg.OperationalError:
            if server.process.poll() is not None:
                break
            time.sleep(0.02)
        else:
            return
    raise RuntimeError(f"PostgreSQL did not start: {(server.directory / 'log').read_text()[-500:]}")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
