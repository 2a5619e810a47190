"""``simpul-node parcel``: out to a stick and back, by hand; nothing half-written."""

from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from protocol.parcel import Direction, read_frames, read_header
from tests.integration.test_node_parcel import Island
from village_node.cli import cli
from village_node.outbox.tables import OutboxItem
from village_node.store.lock import FolderLock


@pytest.fixture
def island(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Island:
    made = Island(tmp_path / "node")
    made.stand.seal(made.unlocked)
    monkeypatch.setenv("SIMPUL_NODE_DATA_DIR", str(tmp_path / "node"))
    return made


def call(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli, ["parcel", *arguments])
    return result.exit_code, result.output


def test_export_and_import_bring_a_village_without_a_link_its_receipts(island: Island, tmp_path: Path) -> None:
    up, down = tmp_path / "up.paket", tmp_path / "down.paket"
    code, said = call("export", str(up))
    assert (code, said.split()[:2]) == (0, ["1", "items,"])
    with up.open("rb") as file:
        assert read_header(file).direction is Direction.UP
        assert [frame.kind for frame in read_frames(file)] == ["mail", "bundle", "chunk"]
    down.write_bytes(island.answer(up.read_bytes()))
    code, said = call("import", str(down))
    assert (code, "read in" in said) == (0, True)
    assert island.states() == ["whole"]
    with island.stand.database.reading() as session:
        assert session.scalars(select(OutboxItem.carried_at)).one() is not None


def test_a_running_program_gets_the_copy(island: Island, tmp_path: Path) -> None:
    down = tmp_path / "down.paket"
    down.write_bytes(island.answer(island.export()))
    lock = FolderLock(tmp_path / "node" / "node.lock")
    lock.take()
    code, said = call("import", str(down))
    lock.release()
    assert (code, "left to the running program" in said) == (0, True)
    assert island.states() == ["waiting"]
    assert island.runner.read_parcels() > 0
    assert island.states() == ["whole"]


def test_a_stick_that_is_not_there_leaves_nothing(island: Island, tmp_path: Path) -> None:
    code, said = call("export", str(tmp_path / "stick" / "up.paket"))
    assert code == 1
    assert "No such file" in said
    assert call("import", str(tmp_path / "stick" / "down.paket"))[0] == 1
    with island.stand.database.reading() as session:
        assert session.scalars(select(OutboxItem.carried_at)).one() is None


def test_our_own_parcel_is_not_an_answer(island: Island, tmp_path: Path) -> None:
    up = tmp_path / "up.paket"
    call("export", str(up))
    code, said = call("import", str(up))
    assert (code, "direction" in said) == (1, True)
