"""Parcels at the hub: same verdicts, same receipts, same bytes as over the broker; nothing is lost by a bad stick."""

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.dispatch.documents import DocumentPost
from hub.dispatch.post import village_post
from hub.dispatch.service import write_notice
from hub.intake.carrier import Incoming, Outgoing
from hub.intake.receipts import Statement, request_receipt
from hub.intake.runner import IntakeRunner, Pace
from hub.intake.service import Processed, process
from hub.intake.tables import Bundle, IntakeTally
from hub.parcels.errors import ParcelRefusedError
from hub.parcels.reader import ParcelReader
from hub.parcels.service import Brought, ParcelLine, find, take_parcel
from hub.parcels.spool import Spool
from hub.storage.ports import to_ms
from loadtests.village import Made, Village
from protocol.documents import DocumentRef
from protocol.envelope import one_key
from protocol.ids import HubId
from protocol.mailbox import NoticeKind, verify_notice
from protocol.notices import Act
from protocol.parcel import Direction, Frame, ParcelHeader, frame_bytes, header_bytes, read_frames, read_header
from protocol.receipt import ReceiptKind
from protocol.vectors import cases
from tests.answering import a_mail, an_act, sealed_act
from tests.hostile import SERVICE, Scene, neighbours
from tests.hubs import HUB, bundle_of, chunks_of, make_hub

CONTENT = cases.DOCUMENT
REF = cases.REF


def read_document(_: Session, document: bytes) -> tuple[DocumentRef, bytes] | None:
    return (REF, CONTENT) if document == REF.document else None


class Counter:
    """The counter of an office: a spool, and the reader that intake works."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.spool = Spool(scene.hub.directory / "parcels")
        self.brought = 0
        self.restart()

    def restart(self) -> None:
        context = self.scene.hub.context
        self.reader = ParcelReader(context, self.spool, DocumentPost(read_document, context.secrets.message))

    def bring(self, raw: bytes) -> str:
        self.brought += 1
        brought = Brought(parcel_id=f"P{self.brought:025d}", by="person", at=self.scene.hub.clock.now())
        take_parcel(self.scene.hub.database, self.spool, HUB, io.BytesIO(raw), brought)
        return brought.parcel_id

    def persist(self, batch: Sequence[Incoming]) -> Processed | None:
        return process(self.scene.hub.context, batch)

    def work(self) -> int:
        rounds = 0
        while self.reader.work(self.persist):
            rounds += 1
        return rounds

    def line(self, parcel_id: str) -> ParcelLine:
        with self.scene.hub.database.reading() as session:
            return find(session, parcel_id)

    def answers(self, parcel_id: str) -> list[Frame]:
        with self.spool.answers(parcel_id).open("rb") as file:
            header = read_header(file)
            assert (header.direction, header.hub) == (Direction.DOWN, HUB)
            return list(read_frames(file))

    def import_whole(self, raw: bytes) -> tuple[ParcelLine, list[Frame]]:
        parcel_id = self.bring(raw)
        self.work()
        return self.line(parcel_id), self.answers(parcel_id)


@pytest.fixture
def scene(tmp_path: Path, database_url: str) -> Scene:
    return neighbours(make_hub(tmp_path, database_url))


@pytest.fixture
def counter(scene: Scene) -> Counter:
    return Counter(scene)


def a_parcel(village: Village, *messages: Incoming, hub: HubId = HUB, way: Direction = Direction.UP) -> bytes:
    header = ParcelHeader(hub=hub, node=village.node, direction=way, made_at=1_795_000_000_000)
    frames = [Frame(kind=message.topic.rpartition("/")[2], payload=message.payload) for message in messages]
    return header_bytes(header) + b"".join(map(frame_bytes, frames))


def messages_of(village: Village, *made: Made) -> list[Incoming]:
    return [message for each in made for message in (bundle_of(village, each), *chunks_of(village, each))]


def receipts(scene: Scene, frames: Sequence[Frame]) -> dict[tuple[bytes, str], bytes]:
    """Return the receipts in an answers file by bundle and kind, with their bytes."""
    outgoing = [Outgoing(f"/down/{frame.kind}", frame.payload) for frame in frames]
    found = scene.hub.receipts(outgoing)
    return {(each.subject.bundle, str(each.subject.kind)): each.raw for each in found}


def counts(scene: Scene) -> tuple[int, int]:
    with scene.hub.database.reading() as session:
        return session.scalar(select(func.count()).select_from(Bundle)) or 0, len(scene.hub.cases)


def test_a_parcel_gets_the_verdicts_of_its_messages(scene: Scene, counter: Counter) -> None:
    made = [scene.village.seal_application(SERVICE) for _ in range(3)]
    line, frames = counter.import_whole(a_parcel(scene.village, *messages_of(scene.village, *made)))

    assert (line.state, line.accepted, line.rejected, line.code, line.percent) == ("done", 3, 0, "", 100)
    assert set(receipts(scene, frames)) == {(each.bundle, kind) for each in made for kind in ("arrived", "whole")}
    assert not counter.spool.parcel(line.parcel_id).exists()


def test_a_stick_used_twice_and_on_two_roads_changes_nothing(scene: Scene, counter: Counter) -> None:
    made = [scene.village.seal_application(SERVICE) for _ in range(2)]
    over_broker = scene.hub.deliver(scene.village, made[0])
    raw = a_parcel(scene.village, *messages_of(scene.village, *made))

    first = receipts(scene, counter.import_whole(raw)[1])
    second = receipts(scene, counter.import_whole(raw)[1])

    assert first == second
    assert {(each.subject.bundle, str(each.subject.kind)): each.raw for each in over_broker}.items() <= first.items()
    assert counts(scene) == (2, 2)


@pytest.mark.parametrize("cut", [1, 30_000, -5])
def test_a_cut_file_loses_its_tail_alone(scene: Scene, counter: Counter, cut: int) -> None:
    made = scene.village.seal_application(SERVICE, files=[b"scan" * 10_000])
    raw = a_parcel(scene.village, *messages_of(scene.village, made))
    head = len(a_parcel(scene.village, bundle_of(scene.village, made)))

    line, frames = counter.import_whole(raw[: head + cut if cut > 0 else cut])

    assert (line.state, line.code, line.accepted) == ("done", "parcel", 1)
    assert (made.bundle, "arrived") in receipts(scene, frames)
    assert counter.import_whole(raw)[0].code == ""


def test_a_spoilt_message_does_not_stop_the_rest(scene: Scene, counter: Counter) -> None:
    made = scene.village.seal_application(SERVICE)
    good = bundle_of(scene.village, made)
    bad = Incoming(good.topic, good.payload[:-1] + b"\0")
    strange = Incoming(good.topic.replace("/up/bundle", "/up/birth"), b"an old heartbeat")
    line, frames = counter.import_whole(a_parcel(scene.village, bad, strange, good))

    assert (line.accepted, line.rejected, line.codes) == (1, 1, (("seal", 1),))
    assert (made.bundle, "arrived") in receipts(scene, frames)


def test_another_nodes_messages_are_refused(scene: Scene, counter: Counter) -> None:
    """The header is a claim: what the neighbour sealed does not become the village's."""
    made = scene.neighbour.seal_application(SERVICE)
    line, _ = counter.import_whole(a_parcel(scene.village, bundle_of(scene.neighbour, made)))
    assert (line.accepted, line.codes) == (0, (("identity", 1),))
    assert counts(scene) == (0, 0)


def a_stranger(village: Village) -> Village:
    return Village(
        node=village.node.__class__("3314012001-77"),
        hub=village.hub,
        officer=village.officer,
        numbers=[],
        random=village.random,
    )


WRONG_FILES: dict[str, Callable[[Scene], bytes]] = {
    "empty": lambda _: b"",
    "no_parcel": lambda _: b"PK\x03\x04 a zip",
    "no_parcel ": lambda scene: a_parcel(scene.village)[:40],
    "other_hub": lambda scene: a_parcel(scene.village, hub=HubId("3315")),
    "wrong_way": lambda scene: a_parcel(scene.village, way=Direction.DOWN),
    "node_unknown": lambda scene: a_parcel(a_stranger(scene.village)),
}


@pytest.mark.parametrize("trick", WRONG_FILES)
def test_a_wrong_file_is_refused_at_once_and_leaves_nothing(scene: Scene, counter: Counter, trick: str) -> None:
    with pytest.raises(ParcelRefusedError) as refusal:
        counter.bring(WRONG_FILES[trick](scene))
    assert refusal.value.rule.value == trick.strip()
    assert list((scene.hub.directory / "parcels").iterdir()) == []


def test_a_crash_at_any_step_changes_no_answer(scene: Scene, counter: Counter) -> None:
    made = [scene.village.seal_application(SERVICE) for _ in range(25)]
    raw = a_parcel(scene.village, a_mail(scene.village), *messages_of(scene.village, *made))
    parcel_id = counter.bring(raw)

    for _ in _crashes(counter):
        counter.restart()
    counter.work()

    whole = counter.import_whole(raw)[1]
    assert receipts(scene, counter.answers(parcel_id)) == receipts(scene, whole)
    assert (counter.line(parcel_id).accepted, counts(scene)) == (25, (25, 25))
    with scene.hub.database.reading() as session:
        tally = session.scalars(select(IntakeTally)).one()
    assert tally.received == tally.accepted + tally.duplicate + tally.rejected + tally.quarantined


def _crashes(counter: Counter) -> Iterator[int]:
    """Work with a crash after the commit of each batch, until nothing is left."""
    for number in range(3):

        def persist(batch: Sequence[Incoming]) -> Processed | None:
            counter.persist(batch)
            return None  # stopped before the answers are written

        counter.reader.work(persist)
        with counter.spool.answers("P0000000000000000000000001").open("ab") as file:
            file.write(b"half a frame" * 100_000)  # and once while they were written
        yield number
        counter.reader.work(counter.persist)


def test_the_answers_carry_the_whole_mailbox_beyond_the_cursor(scene: Scene, counter: Counter) -> None:
    node = scene.village.node
    with scene.hub.database.session() as session:
        for number in range(300):
            write_notice(session, scene.hub.clock.now(), node, NoticeKind.CATALOGUE, b"%d" % number)
    line, frames = counter.import_whole(a_parcel(scene.village, a_mail(scene.village, cursor=40)))

    key = one_key(scene.hub.context.secrets.message.public_key())
    numbers = [verify_notice(each.payload, node=node, find_key=key).number for each in frames if each.kind == "mail"]
    assert numbers == list(range(41, 301))
    assert line.messages == 1


def test_a_hand_over_on_a_stick_has_its_receipt_on_the_way_back(scene: Scene, counter: Counter) -> None:
    made = scene.village.seal_application(SERVICE)
    scene.hub.deliver(scene.village, made)

    def hand_over(session: Session, now: datetime, act: Act) -> None:
        statement = Statement(kind=ReceiptKind.HANDED_OVER)
        request_receipt(session, to_ms(now), act.bundle, statement, scene.hub.randomness.token(32))

    scene.hub.context = replace(scene.hub.context, on_act=hand_over)
    counter.restart()
    act = sealed_act(scene.village, an_act(scene.village, made.bundle))
    frames = counter.import_whole(a_parcel(scene.village, a_mail(scene.village, acts=[act])))[1]

    key = one_key(scene.hub.context.secrets.message.public_key())
    (notice,) = (verify_notice(each.payload, node=scene.village.node, find_key=key) for each in frames)
    assert receipts(scene, [Frame(kind="receipt", payload=notice.body)]).keys() == {(made.bundle, "handed_over")}


def test_documents_come_whole_with_the_notice_that_offers_them(scene: Scene, counter: Counter) -> None:
    made = scene.village.seal_application(SERVICE)
    scene.hub.deliver(scene.village, made)
    with scene.hub.database.session() as session:
        tidings = msgspec.structs.replace(cases.DECISION, bundle=made.bundle)
        village_post(HUB)(session, scene.hub.clock.now(), tidings)

    frames = counter.import_whole(a_parcel(scene.village, a_mail(scene.village)))[1]
    assert [frame.kind for frame in frames] == ["mail", "mail", "part", "part"]
    later = counter.import_whole(a_parcel(scene.village, a_mail(scene.village, cursor=2)))[1]
    assert later == []


def test_a_parcel_that_breaks_the_reader_is_put_aside(scene: Scene, counter: Counter) -> None:
    parcel_id = counter.bring(
        a_parcel(scene.village, bundle_of(scene.village, scene.village.seal_application(SERVICE)))
    )

    def persist(_: Sequence[Incoming]) -> Processed | None:
        raise ZeroDivisionError

    assert counter.reader.work(persist)
    assert not counter.reader.work(counter.persist)
    assert (counter.line(parcel_id).state, counter.line(parcel_id).code) == ("failed", "put_aside")
    assert counter.spool.parcel(parcel_id).exists()


def test_intake_works_a_parcel_between_two_batches_of_the_broker(scene: Scene, counter: Counter) -> None:
    made = [scene.village.seal_application(SERVICE) for _ in range(2)]
    parcel_id = counter.bring(a_parcel(scene.village, bundle_of(scene.village, made[0])))
    carrier = OneByOne([bundle_of(scene.village, made[1])])
    runner = IntakeRunner(scene.hub.context, carrier, Pace(most=10, linger_s=0), lambda _: None, counter.reader.work)
    runner.run(lambda: carrier.rounds > 4)
    assert counter.line(parcel_id).accepted == 1
    assert counts(scene) == (2, 2)
    assert len(carrier.published) == 1  # the parcel's receipt goes back on the stick


class OneByOne:
    """A carrier with a few messages."""

    def __init__(self, waiting: list[Incoming]) -> None:
        self.waiting, self.rounds = waiting, 0
        self.published: list[Outgoing] = []

    def receive(self, most: int, linger_s: float, idle_s: float) -> list[Incoming]:
        del most, linger_s, idle_s
        self.rounds += 1
        return [self.waiting.pop()] if self.waiting else []

    def acknowledge(self, messages: Sequence[Incoming]) -> None:
        del messages

    def publish(self, messages: Sequence[Outgoing]) -> None:
        self.published += messages


def test_old_files_are_removed_and_rows_stay(scene: Scene, counter: Counter) -> None:
    line, _ = counter.import_whole(a_parcel(scene.village, a_mail(scene.village)))
    scene.hub.clock.move(31 * 86_400)
    counter.work()
    assert not counter.spool.answers(line.parcel_id).exists()
    assert counter.line(line.parcel_id).state == "done"
