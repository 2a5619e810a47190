"""The judge of the load tests is judged: a whole world holds, and each way of breaking it is found."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from pysqlite3 import dbapi2 as sqlite3

from loadtests.books import judge
from loadtests.world import World

BUNDLES = [bytes([number]) * 32 for number in range(5)]
TABLES = """
CREATE TABLE bundle (bundle_id BLOB, state TEXT);
CREATE TABLE case_file (case_id TEXT, bundle_id BLOB);
CREATE TABLE bundle_receipt (bundle_id BLOB, kind TEXT);
CREATE TABLE intake_tally (received INT, accepted INT, duplicate INT, rejected INT, quarantined INT);
"""


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(directory=tmp_path, web_url="", broker_port=0, database=str(tmp_path / "hub.db"))
    made.journal_dir.mkdir()
    for number, bundle in enumerate(BUNDLES):
        write(made, number % 2, bundle, "sealed", "arrived", "whole")
    with sqlite3.connect(made.database) as books:
        books.executescript(TABLES)
        for number, bundle in enumerate(BUNDLES):
            books.execute("INSERT INTO bundle VALUES (?, 'whole')", [bundle])
            books.execute("INSERT INTO case_file VALUES (?, ?)", [str(number), bundle])
            books.executemany("INSERT INTO bundle_receipt VALUES (?, ?)", [(bundle, "arrived"), (bundle, "whole")])
        books.execute("INSERT INTO intake_tally VALUES (9, 5, 2, 1, 1)")
    return made


def write(world: World, node: int, bundle: bytes, *events: str) -> None:
    with (world.journal_dir / f"{node}.jsonl").open("a", encoding="utf-8") as journal:
        for event in events:
            journal.write(json.dumps({"bundle": bundle.hex(), "event": event, "at": 0.0}) + "\n")


def change(statement: str) -> Callable[[World], None]:
    def apply(world: World) -> None:
        with sqlite3.connect(world.database) as books:
            books.execute(statement, [BUNDLES[0]] if "?" in statement else [])

    return apply


def test_a_whole_world_holds(world: World) -> None:
    verdict = judge(world)
    assert verdict.holds
    assert (verdict.submitted, verdict.receipted, verdict.at_hub, verdict.whole_at_hub) == (5, 5, 5, 5)


BROKEN: dict[str, Callable[[World], None]] = {
    "a bundle vanished": change("DELETE FROM bundle WHERE bundle_id = ?"),
    "a case twice": change("INSERT INTO case_file VALUES ('again', ?)"),
    "a receipt twice": change("INSERT INTO bundle_receipt VALUES (?, 'arrived')"),
    "a bundle that nobody sent": change("INSERT INTO bundle VALUES (x'ff', 'arrived')"),
    "a message without a verdict": change("UPDATE intake_tally SET received = 10"),
    "sealed and never sent": lambda world: write(world, 1, b"\xee" * 32, "sealed"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_world_does_not_hold(world: World, name: str) -> None:
    BROKEN[name](world)
    assert not judge(world).holds


def test_what_the_hub_rejected_is_not_lost(world: World) -> None:
    write(world, 1, b"\xee" * 32, "sealed", "rejected")
    assert judge(world).holds
