"""The power goes at any write of a real ingest on SQLite: whatever the disk holds then, no receipt was too early.

SIMPUL_DEEP=1 looks at 5,000 states and more. Each planted bug is found: laxer SQLite, no flush of files or folders.
"""

import os
import shutil
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from tests.faults import ingest
from tests.faults.power_cut import Disk, Event, record
from tests.faults.proof.results import keep
from tests.faults.verify_world import Broken, World, judge

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]
IS_DEEP = bool(os.environ.get("SIMPUL_DEEP"))
MODES = ("all", "none", "some", "some")
LEAST = 5_000 if IS_DEEP else 250
BUNDLES, SIZE = (12, 150_000) if IS_DEEP else (5, 60_000)


def states(folder: Path, events: list[Event], place: Path, least: int) -> tuple[int, Counter[Broken]]:
    """Judge evenly chosen states; return how many, and what was broken."""
    begun = next(number for number, event in enumerate(events) if event == ("told", "READY\n"))
    disk, random, seen = Disk.of(folder / "data"), Random(7), 0
    found: Counter[Broken] = Counter()
    share = least * 1.15 / ((len(events) - begun) * len(MODES))
    for number, event in enumerate(events):
        disk.happen(event)
        if number < begun:
            continue
        for mode in MODES:
            if random.random() < share:
                seen += 1
                found.update(after_cut(disk, random, mode, (folder, place)))
    return seen, found


def after_cut(disk: Disk, random: Random, mode: str, places: tuple[Path, Path]) -> list[Broken]:
    folder, place = places
    for name, content in disk.image(random, mode):
        if name.endswith("-shm"):
            continue
        path = place / Path(name).relative_to(folder)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    found = judge(World(hub=place / "data", log_key=ingest.log_key_of(folder), shown=tuple(disk.told)))
    shutil.rmtree(place)
    return found


@pytest.fixture
def place() -> Path:
    """A folder in memory for the states."""
    root = Path("/dev/shm") if Path("/dev/shm").is_dir() else Path("/tmp")
    return root / f"simpul-power-{os.getpid()}"


def recorded(tmp_path: Path, *options: str) -> tuple[Path, list[Event]]:
    folder, base = tmp_path / "site", tmp_path / "base" / "site"
    ingest.make_site(folder, BUNDLES, size=SIZE)
    shutil.copytree(folder, base)
    events = record(folder, tmp_path / "trace", *options)
    shutil.rmtree(folder)
    shutil.move(base, folder)
    return folder, events


def test_no_power_cut_breaks_a_promise(tmp_path: Path, place: Path) -> None:
    folder, events = recorded(tmp_path)
    seen, found = states(folder, events, place, LEAST)
    assert seen >= LEAST
    assert found == {}
    keep("power", "ingest", {"states": seen, "broken": 0})


@pytest.mark.parametrize("mutant", ingest.MUTANTS)
def test_every_planted_bug_is_found(tmp_path: Path, place: Path, mutant: str) -> None:
    folder, events = recorded(tmp_path, "--mutant", mutant)
    _, found = states(folder, events, place, 400)
    assert {each.promise for each in found} >= {"P1"}
    keep("power mutants", mutant, {"planted": 1, "found": 1})
