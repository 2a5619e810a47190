"""``simpul-hub parcel import``: a stick at the hub's console, while the intake program runs."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from hub.cli import app
from hub.dispatch.documents import DocumentPost
from hub.intake.service import process
from hub.parcels.reader import ParcelReader
from hub.parcels.spool import Spool
from hub.storage.errors import StorageError
from tests.hostile import SERVICE, Scene, neighbours
from tests.hubs import bundle_of, make_hub
from tests.integration.test_parcels import a_parcel


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    monkeypatch.setenv("SIMPUL_HUB_DATA_DIR", str(tmp_path))
    return neighbours(make_hub(tmp_path, f"sqlite:///{tmp_path / 'hub.db'}"))


@contextmanager
def intake_running(scene: Scene) -> Iterator[None]:
    context, stopped = scene.hub.context, threading.Event()
    documents = DocumentPost(lambda _, __: None, context.secrets.message)
    reader = ParcelReader(context, Spool(scene.hub.directory / "parcels"), documents)

    def loop() -> None:
        while not stopped.wait(0.02):
            reader.work(lambda batch: process(context, batch))

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join(10)


def run(file: Path, answers: Path, *options: str) -> Result:
    return CliRunner().invoke(app, ["parcel", "import", str(file), "--answers", str(answers), *options])


def test_the_command_writes_what_the_village_takes_home(scene: Scene, tmp_path: Path) -> None:
    stick, answers = tmp_path / "kirim.parcel", tmp_path / "jawab.parcel"
    made = scene.village.seal_application(SERVICE)
    stick.write_bytes(a_parcel(scene.village, bundle_of(scene.village, made)))
    with intake_running(scene):
        first, second = run(stick, answers), run(stick, answers)
    assert (first.exit_code, second.exit_code) == (0, 0)
    for result in (first, second):
        assert result.output.endswith("node 3314012001-01: 1 messages, 1 accepted, 0 refused\n")
    assert answers.read_bytes().startswith(b"simpul parcel 1\n")


def test_a_cut_file_says_so_and_still_has_answers(scene: Scene, tmp_path: Path) -> None:
    stick, answers = tmp_path / "kirim.parcel", tmp_path / "jawab.parcel"
    made = [bundle_of(scene.village, scene.village.seal_application(SERVICE)) for _ in range(2)]
    stick.write_bytes(a_parcel(scene.village, *made)[:-9])
    with intake_running(scene):
        result = run(stick, answers)
    assert result.exit_code == 1
    assert "1 accepted" in result.output
    assert "not read to its end: parcel" in result.output
    assert answers.exists()


def test_what_is_no_parcel_is_refused(scene: Scene, tmp_path: Path) -> None:
    stick = tmp_path / "foto.jpg"
    stick.write_bytes(b"\xff\xd8\xff")
    result = run(stick, tmp_path / "jawab.parcel")
    assert (result.exit_code, "refused: no_parcel" in result.output) == (1, True)


def test_without_intake_it_waits_and_keeps_the_parcel(scene: Scene, tmp_path: Path) -> None:
    stick, answers = tmp_path / "kirim.parcel", tmp_path / "jawab.parcel"
    stick.write_bytes(a_parcel(scene.village))
    result = run(stick, answers, "--wait-s", "0.1")
    assert (result.exit_code, "is the intake program running?" in result.output) == (1, True)
    assert not answers.exists()
    assert len(list((tmp_path / "parcels").glob("*.parcel"))) == 1


def test_a_disk_that_takes_no_file_loses_nothing(scene: Scene, tmp_path: Path) -> None:
    (tmp_path / "parcels").write_text("in the way")
    stick = tmp_path / "kirim.parcel"
    stick.write_bytes(a_parcel(scene.village))
    result = run(stick, tmp_path / "jawab.parcel")
    assert isinstance(result.exception, StorageError)  # the program's own ending: one line, exit code 78
    assert stick.exists()
