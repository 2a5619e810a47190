"""The disks in memory do what the real ones do: one sequence, one result."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hub.storage.blobs import BlobStore, FileBlobStore
from hub.storage.errors import BlobError
from protocol.checkpoint import Checkpoint
from tests.hub_stand_in import HubStandIn
from tests.node_link import parts_of
from tests.node_stand import NodeStand
from tests.simulation.ports import Fuse, Item, MemoryBlobs, MemoryStore, NodeDisk, PowerCutError
from village_node.outbox.errors import ItemUnknownError
from village_node.sync.rules import messages as m
from village_node.sync.store import SqlStore, Store

MakeBlobs = Callable[[Path], BlobStore]
BLOBS: list[MakeBlobs] = [FileBlobStore, lambda _: MemoryBlobs(Fuse())]


@pytest.fixture
def stand(tmp_path: Path) -> NodeStand:
    made = NodeStand(tmp_path)
    officer = made.add_officer()
    made.enrol(HubStandIn(1))
    unlocked = made.unlock(officer)
    made.seal(unlocked)
    made.seal(unlocked)
    return made


@pytest.fixture(params=["sql", "memory"])
def store(request: pytest.FixtureRequest, stand: NodeStand) -> Store:
    real = SqlStore(parts_of(stand))
    if request.param == "sql":
        return real
    facts = real.begin(stand.clock.now()).memory.items
    items = {each.bundle: Item(each, real.message(each.bundle), ()) for each in facts}
    return MemoryStore(parts_of(stand).enrolled.node, NodeDisk(items=items))


def test_a_state_never_goes_back(store: Store, stand: NodeStand) -> None:
    now = stand.clock.now()
    first, second = (each.bundle for each in store.begin(now).memory.items)

    for state in ("arrived", "rejected", "whole", "arrived", "rejected"):
        store.keep(now, [m.MarkState(first, state)], 1)
    store.keep(now, [m.MarkState(second, "rejected"), m.MarkState(second, "arrived")], 1)

    assert [each.state for each in store.begin(now).memory.items] == ["whole", "arrived"]


def test_a_step_that_fails_keeps_nothing_that_a_start_would_see(store: Store, stand: NodeStand) -> None:
    now = stand.clock.now()
    bundle = store.begin(now).memory.items[0].bundle

    with pytest.raises((KeyError, AttributeError)):
        store.keep(now, [m.MarkState(bundle, "no such state")], 1)

    assert store.begin(now).memory.items[0].state == "waiting"


def test_the_last_session_is_kept(store: Store, stand: NodeStand) -> None:
    store.keep(stand.clock.now(), [m.NoteLink(connected=True)], 4_711)

    assert store.begin(stand.clock.now()).last_session == 4_711


def test_the_newest_checkpoint_is_kept(store: Store, stand: NodeStand) -> None:
    seen = Checkpoint(origin="simpul/3314", size=77, root=b"r" * 32, text="a checkpoint")
    store.keep(stand.clock.now(), [m.RememberCheckpoint(seen)], 1)

    newest = store.begin(stand.clock.now()).memory.newest
    assert newest is not None
    assert (newest.size, newest.root) == (77, b"r" * 32)


def test_items_behind_a_counter_are_seen(store: Store) -> None:
    assert [each.counter for each in store.look(0).items] == [1, 2]
    assert [each.counter for each in store.look(1).items] == [2]
    assert store.look(2).items == ()


def test_an_unknown_message_is_an_error(store: Store) -> None:
    with pytest.raises(ItemUnknownError):
        store.message(b"?" * 32)


def test_a_power_cut_before_or_after_keeping_is_all_or_nothing(stand: NodeStand) -> None:
    now, real = stand.clock.now(), SqlStore(parts_of(stand))
    facts = real.begin(now).memory.items[0]
    for point, state in ((0, "waiting"), (1, "arrived")):
        disk = NodeDisk(items={facts.bundle: Item(facts, b"", ())})
        with pytest.raises(PowerCutError):
            MemoryStore(parts_of(stand).enrolled.node, disk, Fuse(point)).keep(
                now, [m.MarkState(facts.bundle, "arrived")], 1
            )
        assert disk.items[facts.bundle].state == state


@pytest.mark.parametrize("make", BLOBS, ids=["files", "memory"])
def test_blobs_are_named_by_their_content(make: MakeBlobs, tmp_path: Path) -> None:
    blobs = make(tmp_path)
    digest = blobs.put(b"scan")

    assert blobs.put_parts([b"sc", b"an"]) == digest
    assert blobs.get(digest) == b"scan"
    assert (blobs.has(digest), blobs.has(b"x" * 32)) == (True, False)


@pytest.mark.parametrize("make", BLOBS, ids=["files", "memory"])
def test_a_blob_that_is_not_here_is_an_error(make: MakeBlobs, tmp_path: Path) -> None:
    with pytest.raises(BlobError):
        make(tmp_path).get(b"x" * 32)
