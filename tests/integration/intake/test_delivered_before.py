"""A file travels once: what an earlier bundle of the node holds is copied, and asked for only where that cannot be."""

import msgspec
import pytest
from sqlalchemy import select, update

from hub.intake.assembly import assemble, find_ready
from hub.intake.carrier import Outgoing
from hub.intake.reading import read_attachment
from hub.intake.tables import BundleAttachment
from loadtests.village import Made, Village
from protocol.chunks import Need
from protocol.envelope import Purpose, one_key
from protocol.mailbox import verify_from_hub
from protocol.wire import from_bytes
from tests.answering import seal_again
from tests.hostile import SERVICE, Scene
from tests.hubs import bundle_of, chunks_of

SCAN = b"one and the same scan" * 3_000
"""Two chunks."""


@pytest.fixture
def first(scene: Scene) -> Made:
    return scene.village.seal_application(SERVICE, files=[SCAN])


def again(village: Village, first: Made, delivered_in: bytes | None = None) -> Made:
    """Seal the next application with the same files, said to lie in an earlier bundle."""
    source = first.bundle if delivered_in is None else delivered_in
    files = [msgspec.structs.replace(file, delivered_in=source) for file in first.manifest.attachments]
    number = village._next_number()
    return seal_again(village, first, [SCAN] * len(files), {"attachments": files, "registration_no": number})


def send(scene: Scene, made: Made, village: Village | None = None) -> list[Outgoing]:
    """Bring the manifest alone, and do what it leads to."""
    processed = scene.hub.receive(bundle_of(village or scene.village, made))
    return [*processed.outgoing, *assemble(scene.hub.context, processed.ready)]


def kinds(scene: Scene, outgoing: list[Outgoing]) -> list[str]:
    return [str(receipt.subject.kind) for receipt in scene.hub.receipts(outgoing)]


def needs(scene: Scene, outgoing: list[Outgoing]) -> list[Need]:
    key = one_key(scene.hub.context.secrets.message.public_key())
    found = [message.payload for message in outgoing if message.topic.endswith("/down/need")]
    return [
        from_bytes(verify_from_hub(raw, purpose=Purpose.NEED, find_key=key), Need, max_bytes=60_000) for raw in found
    ]


def sweep(scene: Scene) -> list[Outgoing]:
    with scene.hub.database.reading() as session:
        ready = find_ready(session)
    return assemble(scene.hub.context, ready)


def test_a_delivered_file_needs_no_chunk(scene: Scene, first: Made) -> None:
    scene.hub.deliver(scene.village, first)
    made = again(scene.village, first)

    outgoing = send(scene, made)

    arrived, whole = scene.hub.receipts(outgoing)
    assert (arrived.subject.missing_attachments, str(whole.subject.kind)) == (len(made.manifest.attachments), "whole")
    assert needs(scene, outgoing) == []
    stores = scene.hub.context.stores
    with scene.hub.database.reading() as session:
        assert read_attachment(session, stores.keyring, stores.blobs, made.bundle, 0) == SCAN
        blobs = session.scalars(select(BundleAttachment.blob).where(BundleAttachment.position == 0)).all()
    assert len(set(blobs)) == 2  # sealed again under the key of its own bundle


def test_a_file_that_is_on_its_way_is_waited_for(scene: Scene, first: Made) -> None:
    scene.hub.receive(bundle_of(scene.village, first))
    made = again(scene.village, first)
    assert kinds(scene, send(scene, made)) == ["arrived"]
    repeated = send(scene, made)
    assert needs(scene, repeated) == []

    processed = scene.hub.receive(*chunks_of(scene.village, first))
    assemble(scene.hub.context, processed.ready)
    assert kinds(scene, sweep(scene)) == ["whole"]
    assert sweep(scene) == []


def test_what_the_hub_does_not_have_is_asked_for_once(scene: Scene, first: Made) -> None:
    made = again(scene.village, first, delivered_in=bytes(32))

    (need,) = needs(scene, send(scene, made))[-1:]

    assert {(each.attachment, each.start, each.end) for each in need.ranges} == {
        (position, 0, 2) for position in range(len(made.manifest.attachments))
    }
    assert sweep(scene) == []
    processed = scene.hub.receive(*chunks_of(scene.village, made))
    assert kinds(scene, assemble(scene.hub.context, processed.ready)) == ["whole"]


def test_the_neighbours_file_is_never_taken(scene: Scene, first: Made) -> None:
    """Else a village could learn whether another one handed in a file of this digest."""
    scene.hub.deliver(scene.village, first)
    made = again(scene.neighbour, first)
    made = seal_again(
        scene.neighbour,
        made,
        [SCAN] * len(made.manifest.attachments),
        {"village": scene.neighbour.node.village, "registration_no": scene.neighbour._next_number()},
    )
    outgoing = send(scene, made, scene.neighbour)
    assert kinds(scene, outgoing) == ["arrived"]
    assert needs(scene, outgoing)[0].bundle == made.bundle


def test_another_file_of_that_bundle_is_not_taken(scene: Scene, first: Made) -> None:
    scene.hub.deliver(scene.village, first)
    with scene.hub.database.session() as session:
        session.execute(update(BundleAttachment).values(sha256=bytes(32)))
    assert len(needs(scene, send(scene, again(scene.village, first)))) > 0


def test_a_damaged_file_is_asked_for(scene: Scene, first: Made) -> None:
    scene.hub.deliver(scene.village, first)
    for blob in (scene.hub.directory / "blobs").rglob("*"):
        if blob.is_file():
            blob.chmod(0o600)
            blob.write_bytes(b"damaged")
    made = again(scene.village, first)
    assert needs(scene, send(scene, made))[-1].bundle == made.bundle


def test_chunks_that_come_all_the_same_are_taken(scene: Scene, first: Made) -> None:
    made = again(scene.village, first)
    processed = scene.hub.receive(bundle_of(scene.village, made), *chunks_of(scene.village, made))
    assert kinds(scene, [*processed.outgoing, *assemble(scene.hub.context, processed.ready)])[-1] == "whole"
