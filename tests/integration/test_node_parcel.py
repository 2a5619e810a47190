"""A stick up and a stick down: the same messages and receipts; twice, on two roads or cut short changes nothing."""

from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy import select

from protocol.ids import HubId, NodeId
from protocol.mailbox import NoticeKind
from protocol.notices import ActKind, Decision
from protocol.parcel import Direction, Frame, ParcelHeader, frame_bytes, header_bytes, read_frames, read_header
from protocol.receipt import Outcome
from protocol.topics import Up
from tests.hub_stand_in import HubStandIn
from tests.node_link import DirectCarrier, OpeningHub, runner_of
from tests.node_stand import NodeStand, a_command, a_file
from village_node.identity.hub import load_enrolled
from village_node.identity.mailbox import public_mailbox_key
from village_node.identity.sessions import Unlocked
from village_node.inbox.documents import list_fetching
from village_node.inbox.tables import StoredNotice, StoredReceipt
from village_node.outbox.acts import ActCommand, list_acts, record_act
from village_node.outbox.tables import OutboxItem
from village_node.sync.carrier import Outbound
from village_node.sync.parcel import ParcelSource, figures, mark_carried, write_parcel
from village_node.sync.rules import messages as m
from village_node.sync.staging import ParcelRefusedError, Staged

BIG = b"\xff\xd8" + bytes(120_000)
PDF = b"%PDF-1.7 " + bytes(100_000)


class Island:
    """A node that never has a link, and a hub that answers by file."""

    def __init__(self, directory: Path) -> None:
        self.stand, self.hub = NodeStand(directory), HubStandIn(4)
        self.officer = self.stand.add_officer()
        self.stand.enrol(self.hub)
        self.unlocked: Unlocked = self.stand.unlock(self.officer)
        self.opening = OpeningHub(self.hub, self.stand)
        self.runner = runner_of(self.stand, DirectCarrier(self.opening))

    @property
    def source(self) -> ParcelSource:
        with self.stand.database.reading() as session:
            enrolled = load_enrolled(session)
        return ParcelSource(
            database=self.stand.database,
            files=self.stand.files,
            keys=self.stand.keys,
            enrolled=enrolled,
            clock=self.stand.clock,
        )

    def export(self) -> bytes:
        self.written: list[bytes] = []
        return b"".join(write_parcel(self.source, self.written))

    def answer(self, parcel: bytes) -> bytes:
        """Return the hub's file for a node's file."""
        source = BytesIO(parcel)
        assert read_header(source).direction is Direction.UP
        out = header_bytes(ParcelHeader(hub=self.hub.hub, node=self.hub.node, direction=Direction.DOWN, made_at=0))
        for frame in read_frames(source):
            for kind, raw in self.opening.take(Outbound(kind=Up(frame.kind), payload=frame.payload)):
                out += frame_bytes(Frame(kind=str(kind), payload=raw))
        return out

    def stage(self, parcel: bytes) -> Staged:
        return self.stand.parcels.stage(BytesIO(parcel), self.source.enrolled, self.stand.clock.now().isoformat())

    def states(self) -> list[str]:
        with self.stand.database.reading() as session:
            return list(session.scalars(select(OutboxItem.state).order_by(OutboxItem.counter)))


@pytest.fixture
def island(tmp_path: Path) -> Island:
    return Island(tmp_path / "node")


def test_a_stick_there_and_back_brings_the_same_receipts(island: Island) -> None:
    items = [island.stand.seal(island.unlocked, a_command(a_file(BIG))) for _ in range(3)]
    parcel = island.export()
    with island.stand.database.session() as session:
        assert figures(session).items == 3
        assert abs(figures(session).size - len(parcel)) < 5_000
        assert mark_carried(session, island.stand.clock.now(), island.written) == 3
    assert island.states() == ["waiting"] * 3
    assert island.stage(island.answer(parcel)).is_cut is False
    assert island.runner.read_parcels() >= 6
    assert island.states() == ["whole"] * 3
    assert island.stand.parcels.waiting() == []
    with island.stand.database.reading() as session:
        stored = set(session.scalars(select(StoredReceipt.raw)))
    assert stored == {raw for item in items for raw in island.hub.cases[item.bundle].receipts.values()}
    assert island.opening.file(items[0].bundle, 0) == BIG


def test_mail_goes_first_then_manifests_then_files_small_before_large(island: Island) -> None:
    island.stand.seal(island.unlocked, a_command(a_file(bytes(200_000))))
    island.stand.seal(island.unlocked, a_command(a_file(b"small")))
    source = BytesIO(island.export())
    read_header(source)
    kinds = [frame.kind for frame in read_frames(source)]
    assert kinds == ["mail", "bundle", "bundle", *["chunk"] * 6]
    assert len(kinds) == 9


def test_a_stick_used_twice_and_two_roads_at_once_change_nothing(island: Island) -> None:
    island.stand.seal(island.unlocked)
    parcel = island.export()
    answers = [island.answer(parcel), island.answer(parcel)]
    for each in answers:
        island.stage(each)
        island.stand.clock.pass_s(1)
    island.runner.read_parcels()
    again = island.answer(parcel)
    island.stage(again)
    island.runner.read_parcels()
    assert island.states() == ["whole"]
    (case,) = island.hub.cases.values()
    assert case.effects == 1
    with island.stand.database.reading() as session:
        assert len(session.scalars(select(StoredReceipt.digest)).all()) == 2


def test_a_file_that_is_cut_short_loses_its_tail_alone(island: Island) -> None:
    for _ in range(4):
        island.stand.seal(island.unlocked)
    parcel = island.answer(island.export())
    staged = island.stage(parcel[: len(parcel) // 4])
    assert staged.is_cut
    island.runner.read_parcels()
    assert (island.states()[0], island.states()[-1]) == ("arrived", "waiting")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"node": NodeId("3314012001-02")}, "node"),
        ({"hub": HubId("3315")}, "hub"),
        ({"direction": Direction.UP}, "direction"),
    ],
)
def test_a_parcel_that_is_not_for_this_pc_is_refused(island: Island, change: dict[str, object], why: str) -> None:
    values: dict[str, object] = {"hub": HubId("3314"), "node": NodeId("3314012001-01"), "direction": Direction.DOWN}
    header = ParcelHeader(made_at=0, **(values | change))  # type: ignore[arg-type]  # fields that exist
    with pytest.raises(ParcelRefusedError) as caught:
        island.stage(header_bytes(header) + frame_bytes(Frame(kind="receipt", payload=b"x")))
    assert caught.value.why == why
    assert island.stand.parcels.waiting() == []


@pytest.mark.parametrize("raw", [b"", b"PK\x03\x04", b"simpul parcel 1\n", b"simpul parcel 1\n\xff\xff\xff\xff"])
def test_what_is_no_parcel_is_refused(island: Island, raw: bytes) -> None:
    with pytest.raises(ParcelRefusedError):
        island.stage(raw)


def test_statements_and_documents_travel_by_stick_too(island: Island) -> None:
    item = island.stand.seal(island.unlocked)
    island.stage(island.answer(island.export()))
    island.runner.read_parcels()
    ref = island.hub.document(PDF)
    decision = Decision(
        bundle=item.bundle,
        registration_no=item.registration_no,
        outcome=Outcome.ISSUED,
        office="one-stop",
        decided_at=0,
        document=ref,
    )
    with island.stand.database.session() as session:
        island.hub.letter(NoticeKind.DECISION, decision, public_mailbox_key(session))
        command = ActCommand(kind=ActKind.HANDED_OVER, bundle=item.bundle, person="Sri")
        record_act(session, island.stand.sealer, island.unlocked, command)
    island.hub.offer(ref)
    for _ in range(2):  # the first answer tells of the document, the second brings it
        island.stage(island.answer(island.export()))
        island.runner.read_parcels()
        island.stand.clock.pass_s(1)
    with island.stand.database.reading() as session:
        assert list_fetching(session) == []
        assert [act.state for act in list_acts(session, item.bundle)] == ["done"]
        assert len(session.scalars(select(StoredNotice.number)).all()) == 2


def test_a_power_cut_while_a_parcel_is_read_in_reads_it_again(island: Island) -> None:
    for _ in range(3):
        island.stand.seal(island.unlocked)
    island.stage(island.answer(island.export()))
    path = island.stand.parcels.waiting()[0]
    copy = path.read_bytes()
    island.runner.read_parcels()
    path.write_bytes(copy)  # as if the process had died before it deleted the file
    runner_of(island.stand, DirectCarrier(island.opening)).read_parcels()
    assert island.states() == ["whole"] * 3
    island.runner.step([m.Ticked()])


def test_one_damaged_file_keeps_no_other_item_from_the_stick(island: Island) -> None:
    bad, good = (island.stand.seal(island.unlocked, a_command(a_file(BIG))) for _ in range(2))
    path = next(island.stand.files._directory.glob(f"{bad.bundle.hex()}/*"))
    path.write_bytes(path.read_bytes()[:60_000])
    island.stage(island.answer(island.export()))
    island.runner.read_parcels()
    assert island.states() == ["arrived", "whole"]
    assert island.opening.file(good.bundle, 0) == BIG


def test_what_is_sealed_while_the_stick_is_written_is_not_called_carried(island: Island) -> None:
    island.stand.seal(island.unlocked)
    written: list[bytes] = []
    parts = list(write_parcel(island.source, written))
    island.stand.seal(island.unlocked)
    with island.stand.database.session() as session:
        assert (mark_carried(session, island.stand.clock.now(), written), len(parts) > 2) == (1, True)
