"""What a broker, or a village, that wants to suppress another village's work can do: nothing that lasts."""

from msgspec.structs import replace
from sqlalchemy import func, select

from hub.intake.carrier import Incoming
from hub.intake.early import EARLY_CHUNKS, WAIT
from hub.intake.tables import Bundle, BundleChunk, IntakeRefusal
from protocol.chunks import Chunk
from protocol.receipt import ReceiptKind
from protocol.sealing import parse_sealed
from protocol.topics import Down, Up, down, up
from protocol.wire import to_bytes
from tests.hostile import SERVICE, Scene
from tests.hubs import bundle_of, chunks_of

ACCEPTED = [ReceiptKind.ARRIVED]


def on_the_neighbours_topic(scene: Scene, message: bytes) -> Incoming:
    return Incoming(up(scene.neighbour.node, Up.BUNDLE), message)


def kinds(scene: Scene, *messages: Incoming) -> list[ReceiptKind]:
    """Return what the village itself is told."""
    receipts = scene.hub.receipts(scene.hub.receive(*messages).outgoing)
    return [receipt.subject.kind for receipt in receipts if receipt.subject.node == scene.village.node]


def test_a_bundle_shown_first_on_another_topic_is_accepted_on_its_own(scene: Scene) -> None:
    made = scene.village.seal_application(SERVICE)
    scene.hub.receive(on_the_neighbours_topic(scene, made.message))

    assert kinds(scene, bundle_of(scene.village, made)) == ACCEPTED


def test_a_bundle_shown_later_on_another_topic_keeps_its_receipts(scene: Scene) -> None:
    made = scene.village.seal_application(SERVICE)
    genuine, stolen = bundle_of(scene.village, made), on_the_neighbours_topic(scene, made.message)
    scene.hub.receive(genuine, stolen)
    scene.hub.receive(stolen)

    assert kinds(scene, genuine) == ACCEPTED
    with scene.hub.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Bundle)) == 1


def test_the_same_refused_bytes_are_refused_to_each_sender(scene: Scene) -> None:
    scene.hub.receive(Incoming(up(scene.neighbour.node, Up.BUNDLE), b"{}"))

    assert kinds(scene, Incoming(up(scene.village.node, Up.BUNDLE), b"{}")) == [ReceiptKind.REJECTED]


def test_damaged_copies_add_nothing_to_the_receipts_of_the_bundle(scene: Scene) -> None:
    made = scene.village.seal_application(SERVICE)
    genuine, sealed = bundle_of(scene.village, made), parse_sealed(made.message)
    for number in range(3):
        damaged = to_bytes(replace(sealed, box=bytes([number]) + sealed.box[1:]))
        scene.hub.receive(Incoming(genuine.topic, damaged))
        scene.hub.receive(on_the_neighbours_topic(scene, damaged))

    assert kinds(scene, genuine) == ACCEPTED
    assert len(scene.hub.receive(genuine).outgoing) == 2  # arrived, and which files are missing


def test_the_same_refused_mail_in_one_batch_is_refused_to_each_sender(scene: Scene) -> None:
    nodes = [scene.village.node, scene.neighbour.node]

    outgoing = scene.hub.receive(*(Incoming(up(node, Up.MAIL), b"{}") for node in [*nodes, *nodes])).outgoing

    assert [message.topic for message in outgoing] == [down(node, Down.RECEIPT) for node in nodes]
    with scene.hub.database.reading() as session:
        assert session.scalars(select(IntakeRefusal.times)).one() == len(nodes) * 2


def test_a_flood_of_chunks_without_a_manifest_ends_at_the_quota_within_one_batch(scene: Scene) -> None:
    made = scene.village.seal_application(SERVICE, [b"scan"])
    chunks = [Chunk(bundle=b"?" * 32, attachment=0, index=each, box=b"x") for each in range(EARLY_CHUNKS + 10)]
    flood = [Incoming(up(scene.neighbour.node, Up.CHUNK), to_bytes(chunk)) for chunk in chunks]
    processed = scene.hub.receive(*flood, *chunks_of(scene.village, made))

    assert len(processed.outgoing) == 10  # refusals; the village's own early chunks wait
    with scene.hub.database.reading() as session:
        stored = select(func.count()).where(BundleChunk.node_id == str(scene.neighbour.node))
        assert session.scalar(stored) == EARLY_CHUNKS


def test_chunks_that_waited_too_long_make_room_and_their_node_is_told(scene: Scene) -> None:
    def early(bundle: bytes, count: int) -> list[Incoming]:
        chunks = [Chunk(bundle=bundle, attachment=0, index=each, box=b"x") for each in range(count)]
        return [Incoming(up(scene.neighbour.node, Up.CHUNK), to_bytes(chunk)) for chunk in chunks]

    scene.hub.receive(*early(b"?" * 32, EARLY_CHUNKS))
    scene.hub.clock.time += WAIT * 2
    told = scene.hub.receive(*early(b"!" * 32, 2)).outgoing

    assert [message.topic for message in told] == [down(scene.neighbour.node, Down.RECEIPT)]
    with scene.hub.database.reading() as session:
        assert set(session.scalars(select(BundleChunk.bundle_id))) == {b"!" * 32}
        assert session.scalars(select(IntakeRefusal.code)).one() == "quota"
