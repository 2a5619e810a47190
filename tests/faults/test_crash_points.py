"""kill -9 at every named place of intake, ledger, joining and dispatch, on both databases; then a restart, and a judge.

The killed process is a fork that runs the shipped intake over the shipped wiring. SIMPUL_DEEP=1: twenty kills at each.
"""

import base64
import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.architecture.test_crash_points import points
from tests.databases import PostgresServer, postgres_server
from tests.faults import ingest
from tests.faults.proof.results import keep
from tests.faults.verify_world import World, judge

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]
KILLS = 20 if os.environ.get("SIMPUL_DEEP") else 1
BUNDLES = 3
NAMES = sorted(points())


def run(folder: Path, url: str, crash: str = "") -> tuple[list[bytes], bool]:
    """Take the post in, in a process of its own; return the receipts that left it, and whether it was killed."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _serve(folder, url, crash, writing)
    os.close(writing)
    with os.fdopen(reading) as told:
        lines = [line for line in told if line.endswith("\n")]
    _, status = os.waitpid(child, 0)
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    assert killed or "DONE\n" in lines
    return [base64.b64decode(line[4:]) for line in lines if line.startswith("ACK ")], killed


def _serve(folder: Path, url: str, crash: str, writing: int) -> None:
    try:
        carrier = ingest.Teller(say=lambda line: _write(writing, line))
        runner = ingest.make_runner(folder, carrier, url)
        if crash:
            ingest.arm(crash)
        ingest.take_in(runner, folder)
        _write(writing, "DONE")
    finally:
        os._exit(1)


def _write(writing: int, line: str) -> None:
    os.write(writing, line.encode() + b"\n")


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with postgres_server() as running:
        yield running


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A hub that has taken in nothing yet, and the URL of its database; empty: SQLite in its folder."""
    folder = tmp_path_factory.mktemp("site") / "site"
    if request.param == "sqlite":
        ingest.make_site(folder, BUNDLES)
        yield folder, ""
        return
    with request.getfixturevalue("server").database() as url:
        ingest.make_site(folder, BUNDLES, url)
        yield folder, url


@contextmanager
def copied(site: tuple[Path, str], place: Path) -> Iterator[tuple[Path, str]]:
    folder, url = site
    shutil.copytree(folder, place)
    if not url:
        yield place, ""
        return
    base, _, name = url.rpartition("/")
    admin = base.replace("+psycopg", "") + "/postgres"
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}_copy TEMPLATE {name}")
    yield place, f"{base}/{name}_copy"
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name}_copy WITH (FORCE)")


def passings(name: str) -> int:
    """Return how often an ingest passes a place at least."""
    return 1 if name.startswith("dispatch.") else 2


@pytest.mark.parametrize("name", NAMES)
def test_killed_at_this_place_nothing_is_lost_or_doubled(site: tuple[Path, str], tmp_path: Path, name: str) -> None:
    killed = 0
    for number in range(KILLS):
        with copied(site, tmp_path / str(number)) as (folder, url):
            shown, was_killed = run(folder, url, f"{name}:{1 + number % passings(name)}")
            killed += was_killed
            after, _ = run(folder, url)
            found = judge(
                World(
                    hub=folder / "data",
                    log_key=ingest.log_key_of(folder),
                    database=url.replace("+psycopg", ""),
                    shown=[*shown, *after],
                )
            )
        assert found == []
        assert len(set(after) | set(shown)) == 2 * BUNDLES
    assert killed == KILLS
    keep("kills", f"{name} {'postgresql' if site[1] else 'sqlite'}", {"kills": killed, "broken": 0})


def test_the_judge_is_not_content_with_a_receipt_before_its_commit(site: tuple[Path, str], tmp_path: Path) -> None:
    """A hub that answers first and commits later is found out by the first kill between the two."""
    if site[1]:
        return  # the judge is the same for both
    with copied(site, tmp_path / "other") as (folder, _):
        shown, _ = run(folder, "")
    with copied(site, tmp_path / "early") as (folder, _):
        run(folder, "", "intake.commit.before:1")
        world = World(hub=folder / "data", log_key=ingest.log_key_of(folder), shown=shown)
        assert {each.promise for each in judge(world)} >= {"P1"}
