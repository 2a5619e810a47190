"""The node's local store: schema, durability settings, sealed files, one program per folder, kill -9."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

import village_node.cases.tables
import village_node.catalogue.tables
import village_node.drafts.tables
import village_node.identity.tables
import village_node.inbox.tables
import village_node.notices.tables
import village_node.outbox.tables
import village_node.register.tables  # noqa: F401  # each registers its tables
from tests.architecture.source import ROOT
from village_node.store.engine import HEAD, Database
from village_node.store.errors import StorageError
from village_node.store.files import SealedFiles, write_durably
from village_node.store.lock import AlreadyRunningError, FolderLock
from village_node.store.schema import Base

BUNDLE = bytes(range(32))


@pytest.fixture
def database(tmp_path: Path) -> Database:
    made = Database(tmp_path / "node.db")
    made.migrate()
    return made


def test_the_migrations_make_exactly_the_tables_of_the_code(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "render_as_batch": True})
        assert compare_metadata(context, Base.metadata) == []
        assert context.get_current_revision() == HEAD


def test_migrating_again_changes_nothing_and_loads_no_alembic(database: Database) -> None:
    code = "import sys; from village_node.store.engine import Database; from pathlib import Path; "
    code += f"Database(Path({str(database.path)!r})).migrate(); sys.exit('alembic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


@pytest.mark.parametrize(
    ("pragma", "value"), [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 30_000)]
)
def test_the_database_is_opened_to_survive_a_power_cut(database: Database, pragma: str, value: object) -> None:
    with database.reading() as session:
        assert session.execute(text(f"PRAGMA {pragma}")).scalar() == value


def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    def _fail() -> None:
        with database.session() as session:
            session.execute(text("INSERT INTO outbox_head (id, counter) VALUES (1, 5)"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        _fail()
    with database.reading() as session:
        assert session.execute(text("SELECT count(*) FROM outbox_head")).scalar() == 0


def test_a_broken_rule_of_the_schema_is_a_storage_error_without_values(database: Database) -> None:
    with pytest.raises(StorageError) as caught, database.session() as session:
        session.execute(text("INSERT INTO outbox_head (id, counter) VALUES (2, 31415)"))
    assert "31415" not in str(caught.value)


def test_chunks_come_back_as_they_were_put(tmp_path: Path) -> None:
    files = SealedFiles(tmp_path)
    messages = [b"first", b"", b"third" * 1_000]
    files.put(BUNDLE, 0, messages)
    assert [files.chunk(BUNDLE, 0, index) for index in range(3)] == messages
    assert not files.damaged(BUNDLE, 0)


def test_an_empty_file_has_no_chunks(tmp_path: Path) -> None:
    files = SealedFiles(tmp_path)
    files.put(BUNDLE, 0, [])
    with pytest.raises(StorageError):
        files.chunk(BUNDLE, 0, 0)


@pytest.mark.parametrize("keep", [0, 10, 17, 22, 40])
def test_a_torn_file_is_noticed(tmp_path: Path, keep: int) -> None:
    files = SealedFiles(tmp_path)
    files.put(BUNDLE, 0, [b"x" * 50])
    path = next(tmp_path.rglob("*.sealed"))
    path.write_bytes(path.read_bytes()[:keep])
    assert files.damaged(BUNDLE, 0)
    with pytest.raises(StorageError):
        files.chunk(BUNDLE, 0, 0)


def test_the_sweep_removes_what_no_row_names(tmp_path: Path) -> None:
    files = SealedFiles(tmp_path)
    files.put(BUNDLE, 0, [b"kept"])
    files.put(bytes(32), 0, [b"orphan"])
    assert files.sweep({BUNDLE}) == 1
    assert files.chunk(BUNDLE, 0, 0) == b"kept"


def test_a_write_that_is_cut_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "state"
    write_durably(path, [b"old"])

    def _cut() -> bytes:
        raise OSError(28, "no space")

    with pytest.raises(OSError, match="no space"):
        write_durably(path, (_cut() for _ in range(1)))
    assert path.read_bytes() == b"old"


def test_a_second_program_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    first = FolderLock(tmp_path / "node.lock")
    first.take()
    with pytest.raises(AlreadyRunningError):
        FolderLock(tmp_path / "node.lock").take()
    first.release()
    FolderLock(tmp_path / "node.lock").take()


@pytest.mark.faults
def test_kill_at_random_moments_leaves_sealed_items_or_nothing(tmp_path: Path) -> None:
    """Seal in a loop in another process, kill it, and look: every item whole, no counter twice, no gap (A17)."""
    sealed = 0
    for kill in range(12):
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.node_sealing_loop", str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.05 + 0.03 * kill)
        os.kill(process.pid, signal.SIGKILL)
        said = process.communicate()[0].split()
        counters = _look(tmp_path)
        assert counters == list(range(1, len(counters) + 1))
        assert len(counters) >= sealed + len(said), "an item that was shown as saved is gone"
        sealed = len(counters)
    assert sealed > 12


def _look(directory: Path) -> list[int]:
    database, files = Database(directory / "node.db"), SealedFiles(directory / "sealed")
    assert database.check() == []
    with database.reading() as session:
        rows = session.execute(text("SELECT bundle_id, counter FROM outbox_item ORDER BY counter")).all()
        parts = session.execute(text("SELECT bundle_id, position FROM outbox_attachment")).all()
        used = session.execute(text("SELECT count(DISTINCT registration_no), max(next) FROM outbox_item, leased_block"))
        numbers, following = used.one()
    assert not [row for row in parts if files.damaged(row[0], row[1])]
    assert len(parts) == len(rows)
    assert numbers == len(rows) == (following or 1) - 1
    database.dispose()
    return [row[1] for row in rows]
