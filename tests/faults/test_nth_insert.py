"""The n-th INSERT of an ingest fails, for every n: as a broken constraint, and as a database that cannot just now.

A trigger on every table counts with a function of this process, so that a rollback does not count back.
"""

import itertools
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pysqlite3 import dbapi2
from sqlalchemy import event

from tests.faults import ingest
from tests.faults.proof.results import keep
from tests.faults.verify_world import World, judge

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]
STRIDE = 1 if os.environ.get("SIMPUL_DEEP") else 7
BUNDLES = 2


class Planted:
    """Fails once, at the n-th insert."""

    def __init__(self, place: int, *, is_constraint: bool) -> None:
        self.place, self.is_constraint, self.count = place, is_constraint, 0

    def __call__(self) -> int:
        self.count += 1
        if self.count == self.place and not self.is_constraint:
            raise RuntimeError
        return int(self.count == self.place)

    def watch(self, connection: dbapi2.Connection, _record: object) -> None:
        connection.create_function("planted", 0, self)
        connection.execute("PRAGMA trusted_schema = ON")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("inserts") / "site"
    ingest.make_site(folder, BUNDLES, size=3_000)
    connection = dbapi2.connect(str(folder / "data" / "hub.db"), isolation_level=None)
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
    for (table,) in tables.fetchall():
        fails = "SELECT RAISE(ABORT, 'planted') WHERE planted()"
        connection.execute(f'CREATE TRIGGER "planted_{table}" BEFORE INSERT ON "{table}" BEGIN {fails}; END')
    connection.close()
    return folder


def run(site: Path, copy: Path, planted: Planted) -> list[bytes]:
    """Take the post in while one insert fails; return the receipts."""
    shutil.copytree(site, copy)
    carrier = ingest.Teller(say=lambda _: None)
    runner = ingest.make_runner(copy, carrier)
    database = runner._context.stores.database
    event.listen(database.engine, "connect", planted.watch)
    ingest.take_in(runner, copy)
    database.dispose()
    found = judge(World(hub=copy / "data", log_key=ingest.log_key_of(copy), shown=carrier.told))
    shutil.rmtree(copy)
    assert found == []
    return carrier.told


def places(last: int) -> Iterator[int]:
    return itertools.takewhile(lambda place: place <= last, itertools.count(1, STRIDE))


@pytest.mark.parametrize("is_constraint", [True, False], ids=["constraint", "machine"])
def test_whichever_insert_fails_everything_arrives_once(site: Path, tmp_path: Path, is_constraint: bool) -> None:
    never = Planted(0, is_constraint=True)
    run(site, tmp_path / "never", never)
    assert never.count > 25
    met = 0
    for place in places(never.count):
        planted = Planted(place, is_constraint=is_constraint)
        assert len(set(run(site, tmp_path / str(place), planted))) == 2 * BUNDLES, place
        met += planted.count >= place
    assert met == len(list(places(never.count)))
    keep("inserts", str(is_constraint), {"inserts failed": met, "broken": 0})
