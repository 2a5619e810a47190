"""The log on both databases: append, sign, prove, refuse, protect."""

import threading
from collections.abc import Iterator
from itertools import pairwise

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from hub.ledger.errors import LedgerCorruptError
from hub.ledger.service import TileReader, append, consistency, newest_checkpoint, sign_head
from hub.storage.engine import Database
from protocol import merkle
from protocol.receipt import inclusion_receipt
from tests.ledgers import KEY, NOW, ORIGIN, Ledger, draft


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    database = Database(database_url)
    yield Ledger(database)
    database.dispose()


def test_a_batch_is_appended_signed_and_proven_in_one_transaction(ledger: Ledger) -> None:
    ledger.grow(300)
    with ledger.database.session() as session:
        done = append(session, 2_000, [draft(number) for number in range(300, 500)])
        root = sign_head(session, NOW, KEY, ORIGIN)
        read = TileReader(session)
        paths = [merkle.inclusion_path(item.index, root.size, read) for item in done]
    for item, path in zip(done, paths, strict=True):
        leaf = merkle.leaf_hash(item.entry)
        assert merkle.root_from_inclusion(leaf, item.index, 500, path) == root.checkpoint.root
    assert inclusion_receipt(root, 499, paths[-1])


def test_every_checkpoint_extends_the_one_before(ledger: Ledger) -> None:
    signed = []
    for count in (1, 255, 1, 600):
        ledger.grow(count)
        signed.append(ledger.sign().checkpoint)
    with ledger.database.reading() as session:
        for old, new in pairwise(signed):
            path = consistency(session, old.size, new.size)
            merkle.check_consistency((old.size, old.root), (new.size, new.root), path)


def test_the_newest_checkpoint_is_the_largest(ledger: Ledger) -> None:
    for count in (3, 2):
        ledger.grow(count)
        ledger.sign()
    with ledger.database.reading() as session:
        newest = newest_checkpoint(session)
        assert newest is not None
        assert (newest.size, newest.signed_at) == (5, NOW)


def append_and_fail(ledger: Ledger) -> None:
    with ledger.database.session() as session:
        append(session, 2_000, [draft(1)] * 300)
        sign_head(session, NOW, KEY, ORIGIN)
        raise ZeroDivisionError


def test_a_batch_that_was_rolled_back_leaves_no_trace(ledger: Ledger) -> None:
    ledger.grow(10)
    before = ledger.sign()
    with pytest.raises(ZeroDivisionError):
        append_and_fail(ledger)
    assert ledger.sign() == before
    assert ledger.audit().is_sound


def test_writers_at_the_same_time_get_places_one_after_the_other(ledger: Ledger) -> None:
    start = threading.Barrier(4)
    places: list[int] = []

    def write() -> None:
        start.wait()
        for _ in range(10):
            with ledger.database.session() as session:
                places.extend(item.index for item in append(session, 1_000, [draft(1)] * 7))

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(places) == list(range(280))
    assert ledger.sign().size == 280


def test_a_corrupt_log_signs_nothing(ledger: Ledger) -> None:
    ledger.grow(5)
    ledger.tamper('UPDATE ledger_entry SET body = leaf_hash WHERE "index" = 3')
    with pytest.raises(LedgerCorruptError, match="entry 3"):
        ledger.sign()
    with ledger.database.reading() as session:
        assert newest_checkpoint(session) is None


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM ledger_entry",
        "UPDATE ledger_entry SET kind = 'x.y'",
        'UPDATE ledger_entry SET kind = kind WHERE "index" = 1',
        "DELETE FROM ledger_checkpoint",
        "UPDATE ledger_checkpoint SET size = 7",
    ],
)
def test_rows_of_the_log_are_neither_changed_nor_removed(ledger: Ledger, statement: str) -> None:
    ledger.grow(2)
    ledger.sign()
    with pytest.raises(DBAPIError, match="rows are never"), ledger.database.session() as session:
        session.execute(text(statement))
    assert ledger.audit().is_sound


def test_an_index_beyond_32_bits_is_kept(ledger: Ledger) -> None:
    """D27: the columns hold any size that JSON and JavaScript can still tell apart."""
    with ledger.database.session() as session:
        values = {"i": 2**53, "t": 2**53, "h": bytes(32)}
        session.execute(text("INSERT INTO ledger_entry VALUES (:i, 'x.y', :t, :h, :h)"), values)
    assert ledger.found()["entry_extra"] == 2**53
