"""The log as a stranger reads it: over HTTP, as files, on the command line."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from typer.testing import CliRunner

from hub.ledger.cli import ledger_app
from hub.ledger.errors import LedgerCorruptError
from hub.ledger.layout import export
from hub.ledger.service import append, sign_head
from hub.ledger.views import make_blueprint
from hub.storage.engine import Database
from hub.storage.hubkeys import create_keys, load_log_key
from hub.storage.ports import SystemRandomness
from protocol import merkle
from protocol.checkpoint import verify_checkpoint
from tests.ledgers import LOG, NOW, ORIGIN, Ledger, draft

SIZE = 300


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    database = Database(database_url)
    made = Ledger(database)
    made.grow(SIZE)
    made.sign()
    yield made
    database.dispose()


@pytest.fixture
def client(ledger: Ledger) -> FlaskClient:
    app = Flask("test")
    app.register_blueprint(make_blueprint(lambda view: view, ledger.database.reading))
    return app.test_client()


def split(data: bytes) -> list[bytes]:
    return [data[place : place + 32] for place in range(0, len(data), 32)]


def entries_of(data: bytes) -> list[bytes]:
    found = []
    while data:
        size = int.from_bytes(data[:2], "big")
        found.append(data[2 : 2 + size])
        data = data[2 + size :]
    return found


def test_a_stranger_derives_the_signed_root_from_what_is_public(client: FlaskClient) -> None:
    checkpoint = verify_checkpoint(client.get("/log/checkpoint").text, LOG)
    paths = ("/log/tile/entries/000", "/log/tile/entries/001.p/44")
    leaves = [merkle.leaf_hash(entry) for path in paths for entry in entries_of(client.get(path).data)]
    assert len(leaves) == checkpoint.size == SIZE
    assert merkle.root_of(leaves) == checkpoint.root
    assert split(client.get("/log/tile/0/000").data) == leaves[:256]
    assert split(client.get("/log/tile/0/001.p/44").data) == leaves[256:]
    assert split(client.get("/log/tile/1/000.p/1").data) == [merkle.root_of(leaves[:256])]


def test_a_tile_may_be_kept_for_ever_and_a_checkpoint_not(client: FlaskClient) -> None:
    assert "immutable" in client.get("/log/tile/0/000").headers["Cache-Control"]
    assert "immutable" not in client.get("/log/checkpoint").headers["Cache-Control"]


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/001",  # not full yet
        "tile/0/001.p/45",
        "tile/0/002",
        "tile/3/000.p/1",
        "tile/64/000",
        "tile/0/0",
        "tile/-1/000",
        "tile/0/x000/001",
        "tile/entries/001",
        "tile/entries/..",
        "tile/0/" + "x999/" * 100 + "999",
    ],
)
def test_what_is_not_there_is_not_found(client: FlaskClient, path: str) -> None:
    assert client.get(f"/log/{path}").status_code == 404


def test_an_unsigned_log_has_no_checkpoint(database_url: str) -> None:
    ledger = Ledger(Database(database_url))
    app = Flask("test")
    app.register_blueprint(make_blueprint(lambda view: view, ledger.database.reading))
    assert app.test_client().get("/log/checkpoint").status_code == 404
    ledger.database.dispose()


def test_the_exported_files_are_what_the_pages_answer(ledger: Ledger, client: FlaskClient, tmp_path: Path) -> None:
    with ledger.database.reading() as session:
        assert export(session, tmp_path / "log") == SIZE
    found = [path for path in (tmp_path / "log").rglob("*") if path.is_file()]
    files = {str(path.relative_to(tmp_path / "log")): path.read_bytes() for path in found}
    assert len(files) == 6
    assert files == {name: client.get(f"/log/{name}").data for name in files}


def test_a_later_export_adds_and_keeps(ledger: Ledger, tmp_path: Path) -> None:
    with ledger.database.reading() as session:
        export(session, tmp_path)
    old = (tmp_path / "tile" / "0" / "000").stat().st_mtime_ns
    ledger.grow(300)
    ledger.sign()
    with ledger.database.reading() as session:
        assert export(session, tmp_path) == 2 * SIZE
    assert (tmp_path / "tile" / "0" / "000").stat().st_mtime_ns == old
    assert (tmp_path / "tile" / "0" / "002.p" / "88").stat().st_size == 88 * 32


def test_a_log_with_a_hole_is_not_exported(ledger: Ledger, tmp_path: Path) -> None:
    ledger.tamper('DELETE FROM ledger_entry WHERE "index" = 7')
    with ledger.database.reading() as session, pytest.raises(LedgerCorruptError):
        export(session, tmp_path)
    assert not (tmp_path / "checkpoint").exists()


@pytest.fixture
def hub(database_url: str, tmp_path: Path) -> dict[str, str]:
    """A hub with keys and tables: the environment of its commands."""
    create_keys(tmp_path / "hub" / "keys", SystemRandomness())
    database = Database(database_url)
    database.migrate()
    database.dispose()
    return {"SIMPUL_HUB_DATA_DIR": str(tmp_path / "hub"), "SIMPUL_HUB_DATABASE_URL": database_url}


def fill(hub: dict[str, str], count: int) -> None:
    database = Database(hub["SIMPUL_HUB_DATABASE_URL"])
    key = load_log_key(Path(hub["SIMPUL_HUB_DATA_DIR"]) / "keys")
    with database.session() as session:
        append(session, 1_000, [draft(number) for number in range(count)])
        sign_head(session, NOW, key, ORIGIN)
    database.dispose()


def test_the_command_says_sound_of_an_empty_log(hub: dict[str, str]) -> None:
    done = CliRunner().invoke(ledger_app, ["verify"], env=hub)
    assert done.exit_code == 0, done.output
    assert "sound" in done.output


def test_the_command_names_what_does_not_fit(hub: dict[str, str]) -> None:
    fill(hub, 3)  # their openings lie nowhere
    done = CliRunner().invoke(ledger_app, ["verify"], env=hub)
    assert done.exit_code == 1
    assert "opening_missing first at 0 (3 in all)" in done.output


def test_the_newest_checkpoint_is_printed_and_can_be_given_back(hub: dict[str, str], tmp_path: Path) -> None:
    assert CliRunner().invoke(ledger_app, ["checkpoint"], env=hub).exit_code == 3
    fill(hub, 3)
    printed = CliRunner().invoke(ledger_app, ["checkpoint"], env=hub).stdout
    (tmp_path / "kept").write_text(printed)
    done = CliRunner().invoke(ledger_app, ["verify", "--checkpoint", str(tmp_path / "kept")], env=hub)
    assert "history_rewritten" not in done.output
    assert "checkpoints  1" in done.output


def test_the_log_is_written_to_a_folder(hub: dict[str, str], tmp_path: Path) -> None:
    fill(hub, 3)
    done = CliRunner().invoke(ledger_app, ["export", str(tmp_path / "public")], env=hub)
    assert done.exit_code == 0
    assert (tmp_path / "public" / "tile" / "entries" / "000.p" / "3").exists()


def test_a_checkpoint_of_another_log_is_refused(hub: dict[str, str], ledger: Ledger, tmp_path: Path) -> None:
    with ledger.database.reading() as session:
        (tmp_path / "kept").write_text(str(session.scalar(text("SELECT text FROM ledger_checkpoint"))))
    done = CliRunner().invoke(ledger_app, ["verify", "--checkpoint", str(tmp_path / "kept")], env=hub)
    assert done.exit_code == 2
