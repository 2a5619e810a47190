"""Whoever changes history is found, and the place is named."""

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from sqlalchemy import text

from hub.ledger import service
from hub.ledger.auditor import verify
from hub.storage.engine import Database
from protocol import merkle
from protocol.checkpoint import sign_checkpoint, verify_checkpoint
from protocol.receipt import Entry
from protocol.wire import from_bytes, to_bytes
from tests.ledgers import KEY, LOG, NOW, ORIGIN, Ledger, flipped

SIZE = 600
AT = 300


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    """A log of 600 entries, each with a later log time, signed in three steps."""
    database = Database(database_url)
    made = Ledger(database)
    for step in range(3):
        made.grow(200, now_ms=1_000 * (step + 1))
        made.sign()
    yield made
    database.dispose()


def replace_entry(ledger: Ledger, index: int, body: bytes, *, tile: bool = False) -> None:
    """Change an entry with everything that follows from it in its row, and in its tile when asked."""
    row = row_of(index, body)
    ledger.tamper(
        'UPDATE ledger_entry SET body = :body, leaf_hash = :leaf, kind = :kind, time_ms = :time WHERE "index" = :index',
        **row,
    )
    if tile:
        where = 'WHERE level = 0 AND "index" = :number'
        with ledger.database.reading() as session:
            old = session.scalar(text(f"SELECT hashes FROM ledger_tile {where}"), {"number": index // 256})  # noqa: S608  # from this file
        assert isinstance(old, bytes)
        place = index % 256 * 32
        new = old[:place] + row["leaf"] + old[place + 32 :]
        ledger.tamper(f"UPDATE ledger_tile SET hashes = :new {where}", new=new, number=index // 256)  # noqa: S608  # the same


def row_of(index: int, body: bytes) -> dict[str, Any]:
    entry = from_bytes(body, Entry, max_bytes=1_000)
    return {
        "index": index,
        "kind": entry.kind,
        "time": entry.time,
        "body": body,
        "leaf": merkle.leaf_hash(body),
    }


def changed_entry(ledger: Ledger, index: int, **changes: object) -> bytes:
    entry = from_bytes(ledger.entries[index], Entry, max_bytes=1_000)
    fields = {"kind": entry.kind, "time": entry.time, "commitment": entry.commitment} | changes
    return to_bytes(Entry(**fields))  # type: ignore[arg-type]  # fields of an entry


def sign_anew(ledger: Ledger, bodies: list[bytes]) -> None:
    """Write the whole log again and sign it with the true key, as somebody could who holds everything."""
    rows = [row_of(index, body) for index, body in enumerate(bodies)]
    leaves = [merkle.leaf_hash(body) for body in bodies]
    frontier = merkle.Frontier()
    for leaf in leaves:
        frontier = frontier.append(leaf)
    head = {"size": len(bodies), "frontier": b"".join(frontier.hashes), "time": rows[-1]["time"]}
    with ledger.without_triggers(), ledger.database.session() as session:
        for table in ("ledger_entry", "ledger_tile", "ledger_checkpoint"):
            session.execute(text(f"DELETE FROM {table}"))  # noqa: S608  # names from this file
        session.execute(text("INSERT INTO ledger_entry VALUES (:index, :kind, :time, :body, :leaf)"), rows)
        service._append_tiles(session, 0, leaves)
        session.execute(text("UPDATE ledger_head SET size = :size, frontier = :frontier, last_time_ms = :time"), head)
        service.sign_head(session, NOW, KEY, ORIGIN)


def test_an_untouched_log_is_sound(ledger: Ledger) -> None:
    report = ledger.audit()
    assert report.findings == ()
    assert (report.size, report.checkpoints, report.openings) == (SIZE, 3, SIZE)
    assert report.root == merkle.root_of([merkle.leaf_hash(entry) for entry in ledger.entries])


def test_an_empty_log_is_sound(database_url: str) -> None:
    empty = Ledger(Database(database_url))
    assert empty.audit().is_sound
    empty.sign()
    assert empty.audit().is_sound
    empty.database.dispose()


def test_a_deleted_entry_is_named(ledger: Ledger) -> None:
    ledger.tamper('DELETE FROM ledger_entry WHERE "index" = :at', at=AT)
    assert ledger.found() == {"entry_missing": AT, "opening": AT}


def test_a_changed_byte_is_named(ledger: Ledger) -> None:
    body = flipped(ledger.entries[AT], 30)
    ledger.tamper('UPDATE ledger_entry SET body = :body WHERE "index" = :at', body=body, at=AT)
    found = ledger.found()
    assert found["entry_hash"] == found["tile"] == AT


def test_an_entry_that_was_replaced_with_its_hash_is_named_by_the_tile(ledger: Ledger) -> None:
    replace_entry(ledger, AT, changed_entry(ledger, AT, commitment=bytes(32)))
    assert ledger.found() == {"tile": AT, "tile_above": 256, "opening": AT, "checkpoint_root": 400, "head": SIZE}


def test_an_entry_that_was_replaced_with_hash_and_tile_is_named_by_its_opening(ledger: Ledger) -> None:
    replace_entry(ledger, AT, changed_entry(ledger, AT, commitment=bytes(32)), tile=True)
    found = ledger.found()
    assert found["opening"] == AT
    assert found["checkpoint_root"] == 400  # the first signed tree that holds it


def test_a_backdated_entry_is_named(ledger: Ledger) -> None:
    replace_entry(ledger, 400, changed_entry(ledger, 400, time=1_500))
    found = ledger.found()
    assert found["time_back"] == found["tile"] == 400


def test_a_row_that_tells_another_time_than_its_bytes_is_named(ledger: Ledger) -> None:
    ledger.tamper('UPDATE ledger_entry SET time_ms = 1 WHERE "index" = :at', at=AT)
    assert ledger.found() == {"entry_form": AT}


def test_two_entries_that_changed_places_are_named(ledger: Ledger) -> None:
    one, other = ledger.entries[AT], ledger.entries[AT + 5]
    replace_entry(ledger, AT, other)
    replace_entry(ledger, AT + 5, one)
    found = ledger.found()
    assert found["tile"] == found["opening"] == AT


def test_an_inserted_entry_is_named(ledger: Ledger) -> None:
    ledger.tamper('UPDATE ledger_entry SET "index" = -"index" WHERE "index" >= :at', at=AT)
    ledger.tamper('UPDATE ledger_entry SET "index" = 1 - "index" WHERE "index" < 0')
    row = row_of(AT, changed_entry(ledger, AT, commitment=bytes(32)))
    ledger.tamper("INSERT INTO ledger_entry VALUES (:index, :kind, :time, :body, :leaf)", **row)
    found = ledger.found()
    assert found["tile"] == found["opening"] == AT
    assert found["entry_extra"] == SIZE


def test_a_log_that_was_cut_off_is_noticed(ledger: Ledger) -> None:
    ledger.tamper('DELETE FROM ledger_entry WHERE "index" >= 500')
    assert ledger.found()["entry_missing"] == 500


@pytest.mark.parametrize("level", [0, 1])
def test_a_changed_tile_is_named_by_its_first_leaf(ledger: Ledger, level: int) -> None:
    query = text('SELECT hashes FROM ledger_tile WHERE level = :level AND "index" = 0')
    with ledger.database.reading() as session:
        old = session.scalar(query, {"level": level})
    assert isinstance(old, bytes)
    ledger.tamper(
        'UPDATE ledger_tile SET hashes = :new WHERE level = :level AND "index" = 0', new=flipped(old, 40), level=level
    )
    assert ledger.found() == ({"tile": 1} if level == 0 else {"tile_above": 256})


def test_a_tile_too_many_is_named(ledger: Ledger) -> None:
    ledger.tamper("INSERT INTO ledger_tile VALUES (1, 2, :hashes)", hashes=bytes(32))
    assert ledger.found() == {"tile_above": 2 * 256 * 256}


@pytest.mark.parametrize("change", ["size = 599", "last_time_ms = 1", "frontier = :none"])
def test_a_changed_head_is_named(ledger: Ledger, change: str) -> None:
    ledger.tamper(f"UPDATE ledger_head SET {change} WHERE :none IS NOT NULL", none=b"")  # noqa: S608  # from this file
    assert "head" in ledger.found()


def test_a_checkpoint_of_another_tree_is_named(ledger: Ledger) -> None:
    other = sign_checkpoint(ORIGIN, 400, bytes(32), KEY)
    ledger.tamper(
        "UPDATE ledger_checkpoint SET root = :root, text = :text WHERE size = 400", root=other.root, text=other.text
    )
    assert ledger.found() == {"checkpoint_root": 400}


def test_a_checkpoint_of_another_key_is_named(ledger: Ledger) -> None:
    ledger.tamper("UPDATE ledger_checkpoint SET text = replace(text, 'simpul', 'simbul') WHERE size = 400")
    assert ledger.found() == {"checkpoint_form": 400}


def test_an_opening_that_was_removed_or_changed_is_named(ledger: Ledger) -> None:
    ledger.tamper("DELETE FROM sample_opening WHERE ledger_index = 7")
    ledger.tamper("UPDATE sample_opening SET salt = :salt WHERE ledger_index = 9", salt=bytes(32))
    assert ledger.found() == {"opening_missing": 7, "opening": 9}


def test_a_log_that_was_rewritten_and_signed_again_contradicts_what_a_node_remembers(ledger: Ledger) -> None:
    with ledger.database.reading() as session:
        newest = service.newest_checkpoint(session)
    assert newest is not None
    remembered = verify_checkpoint(newest.text, LOG)
    bodies = [*ledger.entries[:AT], changed_entry(ledger, AT, time=2_000), *ledger.entries[AT + 1 :]]
    sign_anew(ledger, [body for body in bodies if body != ledger.entries[AT + 9]])
    ledger.tamper("DELETE FROM sample_opening WHERE ledger_index >= 300")
    assert ledger.found(remembered)["history_rewritten"] == SIZE
    assert "history_rewritten" not in ledger.found()


def test_a_log_that_was_set_back_contradicts_what_a_node_remembers(ledger: Ledger) -> None:
    with ledger.database.reading() as session:
        newest = service.newest_checkpoint(session)
    assert newest is not None
    remembered = verify_checkpoint(newest.text, LOG)
    sign_anew(ledger, ledger.entries[:500])
    ledger.tamper("DELETE FROM sample_opening WHERE ledger_index >= 500")
    assert ledger.audit().is_sound
    assert ledger.found(remembered) == {"history_rewritten": SIZE}


def test_an_older_checkpoint_of_the_same_history_is_consistent(ledger: Ledger) -> None:
    with ledger.database.reading() as session:
        texts = list(session.scalars(text("SELECT text FROM ledger_checkpoint ORDER BY size")))
    assert ledger.audit(*(verify_checkpoint(each, LOG) for each in texts)).is_sound


def places_to_change(ledger: Ledger) -> list[tuple[str, int, bytes, int]]:
    """Return column, row, value and the first leaf that the value speaks about."""
    with ledger.database.reading() as session:
        entries = session.execute(text('SELECT "index", body, leaf_hash FROM ledger_entry')).all()
        tiles = session.execute(text('SELECT rowid, level, "index", hashes FROM ledger_tile')).all()
    return [
        *(("ledger_entry SET body", index, body, index) for index, body, _ in entries),
        *(("ledger_entry SET leaf_hash", index, leaf, index) for index, _, leaf in entries),
        *(("ledger_tile SET hashes", row, hashes, number * 256 ** (level + 1)) for row, level, number, hashes in tiles),
    ]


def test_five_hundred_random_changes_are_all_found_at_their_place() -> None:
    """P6: whatever single bit is changed, the audit names the leaf."""
    chance, ledger = Random(6), Ledger(Database("sqlite://"))
    ledger.grow(300)
    ledger.sign()
    places = places_to_change(ledger)
    for column, row, value, leaf in chance.choices(places, [9 if "tile" in place[0] else 1 for place in places], k=500):
        place = chance.randrange(len(value))
        ledger.tamper(
            f"UPDATE {column} = :value WHERE rowid = :row", value=flipped(value, place), row=row
        )  # from this file
        expected = leaf + (place // 32 if "tile" in column else 0)
        with ledger.database.reading() as session:
            assert verify(session, LOG).findings[0].index == expected
        ledger.tamper(f"UPDATE {column} = :value WHERE rowid = :row", value=value, row=row)  # the same
    assert ledger.audit().is_sound
    ledger.database.dispose()
