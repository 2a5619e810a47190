"""The log's arithmetic against the definition, on a database in memory."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from hub.ledger.service import append, consistency, inclusion, ledger_size, root_at, sign_head, signed_roots
from hub.storage.engine import Database
from protocol import merkle
from protocol.errors import ProofError
from protocol.receipt import Entry, commitment
from protocol.wire import from_bytes
from tests.ledgers import KEY, LOG, NOW, ORIGIN, Ledger, draft

BATCHES = st.lists(st.integers(1, 300), min_size=1, max_size=6)
SIZES = st.integers(1, 700)


@contextmanager
def fresh_ledger() -> Iterator[Ledger]:
    database = Database("sqlite://")
    try:
        yield Ledger(database)
    finally:
        database.dispose()


def leaves_of(ledger: Ledger) -> list[bytes]:
    return [merkle.leaf_hash(entry) for entry in ledger.entries]


def append_and_fail(ledger: Ledger) -> None:
    with ledger.database.session() as session:
        append(session, 2_000, [draft(number) for number in range(300)])
        raise ZeroDivisionError


def append_and_sign(ledger: Ledger) -> None:
    with ledger.database.session() as session:
        append(session, 2_000, [draft(number) for number in range(300)])
        sign_head(session, NOW, KEY, ORIGIN)


@given(batches=BATCHES)
def test_the_root_is_the_root_of_the_definition(batches: list[int]) -> None:
    with fresh_ledger() as ledger:
        for count in batches:
            ledger.grow(count)
            assert ledger.sign().checkpoint.root == merkle.root_of(leaves_of(ledger))


@given(size=SIZES, data=st.data())
def test_every_inclusion_proof_leads_to_the_root(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    with fresh_ledger() as ledger:
        ledger.grow(size)
        leaves = leaves_of(ledger)
        with ledger.database.reading() as session:
            path = inclusion(session, index, size)
    assert merkle.root_from_inclusion(leaves[index], index, size, path) == merkle.root_of(leaves)


@given(new=SIZES, data=st.data())
def test_every_consistency_proof_links_two_roots(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(0, new))
    with fresh_ledger() as ledger:
        ledger.grow(new)
        leaves = leaves_of(ledger)
        with ledger.database.reading() as session:
            path = consistency(session, old, new)
            roots = [(size, root_at(session, size)) for size in (old, new)]
    assert roots == [(size, merkle.root_of(leaves[:size])) for size in (old, new)]
    merkle.check_consistency(roots[0], roots[1], path)


def test_how_a_log_is_cut_into_batches_changes_nothing() -> None:
    with fresh_ledger() as one, fresh_ledger() as other:
        one.grow(520)
        for count in (255, 1, 1, 255, 8):
            other.grow(count)
        assert one.sign().checkpoint.text == other.sign().checkpoint.text


def test_an_entry_carries_kind_time_and_the_commitment_alone() -> None:
    with fresh_ledger() as ledger:
        done = ledger.grow(1, now_ms=5_000)[0]
    sent = draft(0)
    assert from_bytes(done.entry, Entry, max_bytes=1_000) == Entry(
        kind="sample.made", time=5_000, commitment=commitment(sent.salt, sent.subject)
    )
    assert sent.subject not in done.entry


@pytest.mark.parametrize(("clock", "expected"), [((5, 9), 9), ((9, 5), 9), ((7, 7), 7)])
def test_log_time_never_goes_back(clock: tuple[int, int], expected: int) -> None:
    with fresh_ledger() as ledger:
        ledger.grow(1, now_ms=clock[0])
        assert ledger.grow(1, now_ms=clock[1])[0].time_ms == expected


def test_the_same_size_gives_the_same_checkpoint() -> None:
    with fresh_ledger() as ledger:
        ledger.grow(3)
        assert ledger.sign() == ledger.sign()


def test_an_empty_log_can_be_signed() -> None:
    with fresh_ledger() as ledger:
        signed = ledger.sign()
    assert (signed.size, signed.checkpoint.root) == (0, merkle.EMPTY_ROOT)


def test_no_drafts_change_nothing() -> None:
    with fresh_ledger() as ledger:
        assert ledger.grow(0) == []
        with ledger.database.reading() as session:
            assert ledger_size(session) == 0


def test_a_proof_for_a_leaf_that_is_not_there_is_refused() -> None:
    with fresh_ledger() as ledger:
        ledger.grow(3)
        with ledger.database.reading() as session, pytest.raises(ProofError):
            inclusion(session, 3, 3)


def test_only_sizes_that_were_signed_have_a_signed_root() -> None:
    with fresh_ledger() as ledger:
        ledger.grow(2)
        root = ledger.sign().checkpoint.root
        ledger.grow(2)
        with ledger.database.reading() as session:
            assert signed_roots(session, {1, 2, 3, 4}) == {2: root}


def test_a_transaction_that_fails_leaves_no_trace() -> None:
    with fresh_ledger() as ledger:
        ledger.grow(300)
        before = ledger.sign()
        with pytest.raises(ZeroDivisionError):
            append_and_fail(ledger)
        assert ledger.sign() == before
        assert ledger.audit().is_sound


@given(steps=st.lists(st.tuples(st.integers(1, 200), st.booleans()), min_size=1, max_size=8))
def test_whatever_is_rolled_back_in_between_only_what_was_committed_counts(steps: list[tuple[int, bool]]) -> None:
    with fresh_ledger() as ledger:
        for count, is_committed in steps:
            if is_committed:
                ledger.grow(count)
            else:
                with pytest.raises(ZeroDivisionError):
                    append_and_fail(ledger)
        assert ledger.sign().checkpoint.root == merkle.root_of(leaves_of(ledger))
        assert ledger.audit().is_sound


@pytest.mark.parametrize(
    "moment",
    [
        'INSERT ON ledger_entry WHEN NEW."index" = 290',
        "INSERT ON ledger_tile WHEN NEW.level = 1",
        "UPDATE ON ledger_head",
        "INSERT ON ledger_checkpoint WHEN NEW.size > 200",
    ],
)
def test_a_database_that_fails_at_any_statement_keeps_nothing_of_the_batch(moment: str) -> None:
    """D13: a trigger that raises stands for every error that a statement can meet."""
    with fresh_ledger() as ledger:
        ledger.grow(200)
        before = ledger.sign()
        with ledger.database.engine.begin() as connection:
            connection.execute(text(f"CREATE TRIGGER boom BEFORE {moment} BEGIN SELECT RAISE(ABORT, 'boom'); END"))
        with pytest.raises(IntegrityError, match="boom"):
            append_and_sign(ledger)
        with ledger.database.engine.begin() as connection:
            connection.execute(text("DROP TRIGGER boom"))
        assert ledger.sign() == before
        assert ledger.audit().is_sound


def test_the_keys_of_these_tests_belong_together() -> None:
    assert LOG.public_key.public_bytes_raw() == KEY.public_key().public_bytes_raw()
