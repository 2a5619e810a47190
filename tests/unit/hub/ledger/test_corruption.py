"""Whatever bit was changed: nothing is signed, and it is said where."""

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from hub.ledger.errors import LedgerCorruptError
from hub.ledger.service import append, inclusion, newest_checkpoint
from hub.storage.engine import Database
from tests.ledgers import NOW, Ledger, draft, flipped

SIGNED, SIZE = 270, 300


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    """A log of 300 entries of which 270 were signed."""
    database = Database("sqlite://")
    made = Ledger(database)
    made.grow(SIGNED)
    made.sign()
    made.grow(SIZE - SIGNED)
    yield made
    database.dispose()


def flip(ledger: Ledger, table: str, column: str, where: str, place: int = 0) -> None:
    with ledger.database.reading() as session:
        value = session.scalar(text(f"SELECT {column} FROM {table} WHERE {where}"))  # noqa: S608  # names from this file
    assert isinstance(value, bytes)
    ledger.tamper(f"UPDATE {table} SET {column} = :value WHERE {where}", value=flipped(value, place))  # noqa: S608  # the same


def assert_nothing_is_signed(ledger: Ledger) -> None:
    with pytest.raises(LedgerCorruptError):
        ledger.sign()
    with ledger.database.reading() as session:
        newest = newest_checkpoint(session)
    assert newest is not None
    assert newest.size == SIGNED


@pytest.mark.parametrize(
    ("table", "column", "where", "place"),
    [
        ("ledger_entry", "body", '"index" = 280', 5),
        ("ledger_entry", "leaf_hash", '"index" = 280', 0),
        ("ledger_tile", "hashes", 'level = 0 AND "index" = 1', 20 * 32),  # an entry that was signed already
        ("ledger_tile", "hashes", 'level = 0 AND "index" = 1', 30 * 32),  # one that was not
        ("ledger_tile", "hashes", 'level = 1 AND "index" = 0', 31),
        ("ledger_head", "frontier", "id = 1", 40),
        ("ledger_checkpoint", "root", f"size = {SIGNED}", 0),
    ],
)
def test_a_changed_bit_stops_signing(ledger: Ledger, table: str, column: str, where: str, place: int) -> None:
    flip(ledger, table, column, where, place)
    assert_nothing_is_signed(ledger)


@pytest.mark.parametrize(
    "statement",
    [
        'DELETE FROM ledger_entry WHERE "index" = 290',
        'DELETE FROM ledger_entry WHERE "index" = 299',
        'DELETE FROM ledger_tile WHERE level = 0 AND "index" = 1',
        "UPDATE ledger_head SET size = 298",
        "UPDATE ledger_head SET size = 12, frontier = substr(frontier, 1, 64)",
        "DELETE FROM ledger_head",
        'UPDATE ledger_entry SET "index" = 1000 WHERE "index" = 290',
    ],
)
def test_a_missing_or_moved_row_stops_signing(ledger: Ledger, statement: str) -> None:
    ledger.tamper(statement)
    assert_nothing_is_signed(ledger)


def test_a_stored_checkpoint_with_a_changed_text_is_not_handed_out_again(ledger: Ledger) -> None:
    ledger.sign()
    ledger.tamper(
        "UPDATE ledger_checkpoint SET text = replace(text, '/3314', '/3315') WHERE size = :size",
        size=SIZE,
    )
    with pytest.raises(LedgerCorruptError, match="not signed by this log"):
        ledger.sign()


def test_a_proof_out_of_a_changed_tile_is_not_given(ledger: Ledger) -> None:
    flip(ledger, "ledger_tile", "hashes", 'level = 0 AND "index" = 0', 100 * 32)
    with ledger.database.reading() as session, pytest.raises(LedgerCorruptError, match="tile 0/0"):
        inclusion(session, 7, SIZE)


def test_nothing_is_appended_to_a_tile_that_lost_its_end(ledger: Ledger) -> None:
    ledger.tamper('UPDATE ledger_tile SET hashes = substr(hashes, 1, 32) WHERE level = 0 AND "index" = 1')
    with pytest.raises(LedgerCorruptError, match="tile 0/1"), ledger.database.session() as session:
        append(session, int(NOW.timestamp()), [draft(1)])
