"""What the intake is compared with, each at its best: less work than ours, and over no network where that helps it.

``commit_each``: verifies one signature, one INSERT, one durable COMMIT for each message, in a plain loop without MQTT.
``FlaskRival``: gunicorn with two workers; a request verifies one signature, inserts one row and commits; eight clients.
"""

import http.client
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from flask import Flask, request
from pysqlite3 import dbapi2

from loadtests.processes import free_port, wait_for

CLIENTS = 8
_SIGNATURE = 64
_TABLE = "CREATE TABLE IF NOT EXISTS message (id INTEGER PRIMARY KEY, body BLOB)"


def sign_all(messages: Sequence[bytes]) -> tuple[bytes, list[bytes]]:
    """Return a public key and the messages, each behind one signature."""
    key = Ed25519PrivateKey.generate()
    return key.public_key().public_bytes_raw(), [key.sign(message) + message for message in messages]


def commit_each(file: Path, public_key: bytes, signed: Sequence[bytes]) -> float:
    """Return messages per second when each is committed by itself."""
    key, database = Ed25519PublicKey.from_public_bytes(public_key), _open(file)
    start = time.perf_counter()
    for message in signed:
        _take(database, key, message)
    rate = len(signed) / (time.perf_counter() - start)
    database.close()
    return rate


class FlaskRival:
    """The server as processes, until stopped."""

    def __init__(self, directory: Path, public_key: bytes) -> None:
        """Start it and wait until it answers."""
        self._port = free_port()
        environment = {**os.environ, "RIVAL_FILE": str(directory / "rival.db"), "RIVAL_KEY": public_key.hex()}
        command = [sys.executable, "-m", "gunicorn", "loadtests.rivals:make_app()"]
        options = ["--bind", f"127.0.0.1:{self._port}", "--workers", "2", "--log-level", "error"]
        with (directory / "rival.log").open("ab") as log:
            self._process = subprocess.Popen([*command, *options], env=environment, stdout=log, stderr=log)
        wait_for(self._is_up, "the Flask rival did not start")

    def rate(self, signed: Sequence[bytes]) -> float:
        """Return messages per second, from eight clients at once that keep their connections."""
        parts = [signed[number::CLIENTS] for number in range(CLIENTS)]
        start = time.perf_counter()
        with ThreadPoolExecutor(CLIENTS) as pool:
            list(pool.map(self._post_all, parts))
        return len(signed) / (time.perf_counter() - start)

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait()

    def _post_all(self, messages: Sequence[bytes]) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port)
        for message in messages:
            connection.request("POST", "/", message)
            connection.getresponse().read()
        connection.close()

    def _is_up(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=1)
        try:
            connection.request("GET", "/")
            return bool(connection.getresponse().read() == b"up")
        except OSError:
            return False
        finally:
            connection.close()


def make_app() -> Flask:
    """Build the rival's program: gunicorn calls it once in each worker."""
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(os.environ["RIVAL_KEY"]))
    database = _open(Path(os.environ["RIVAL_FILE"]))
    app = Flask(__name__)

    @app.route("/", methods=["GET", "POST"])
    def take() -> bytes:
        if request.method == "POST":
            _take(database, key, request.get_data())
        return b"up"

    return app


def _open(file: Path) -> dbapi2.Connection:
    database = dbapi2.connect(str(file), isolation_level=None, timeout=30)
    for line in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", _TABLE):
        database.execute(line)
    return database


def _take(database: dbapi2.Connection, key: Ed25519PublicKey, signed: bytes) -> None:
    key.verify(signed[:_SIGNATURE], signed[_SIGNATURE:])
    database.execute("BEGIN IMMEDIATE")
    database.execute("INSERT INTO message (body) VALUES (?)", (signed,))
    database.execute("COMMIT")
