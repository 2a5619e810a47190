"""What the hub does with bundles that deserve a receipt."""

import dataclasses
from collections.abc import Sequence
from random import Random

import pytest
from msgspec.structs import replace
from sqlalchemy import func, select

from hub.intake.assembly import assemble, find_ready
from hub.intake.carrier import Outgoing
from hub.intake.reading import list_attachments, read_attachment, read_manifest
from hub.intake.service import process
from hub.intake.tables import Bundle, BundleChunk, BundleReceipt, IntakeTally
from hub.ledger.tables import LedgerEntry
from protocol.checkpoint import CheckpointRef
from protocol.chunks import Need
from protocol.envelope import Purpose, one_key
from protocol.limits import CHUNK_BYTES
from protocol.mailbox import verify_from_hub
from protocol.receipt import ReceiptKind
from protocol.wire import from_bytes
from tests.hostile import SERVICE, Scene
from tests.hubs import TestHub, bundle_of, chunks_of

FILE = Random(7).randbytes(2 * CHUNK_BYTES + 17)


def test_bundle_with_files_gets_two_receipts_and_one_case(scene: Scene) -> None:
    made = scene.village.seal_application(SERVICE, [FILE])

    receipts = scene.hub.deliver(scene.village, made)

    assert [receipt.subject.kind for receipt in receipts] == [ReceiptKind.ARRIVED, ReceiptKind.WHOLE]
    assert receipts[0].subject.missing_attachments == len(made.manifest.attachments)
    assert [case.bundle_id for case in scene.hub.cases] == [made.bundle]


def test_what_was_sealed_is_read_back(scene: Scene) -> None:
    made = scene.village.seal_application(SERVICE, [FILE])
    scene.hub.deliver(scene.village, made)
    stores = scene.hub.context.stores

    with scene.hub.database.reading() as session:
        assert read_manifest(session, stores.keyring, made.bundle) == made.manifest
        assert read_attachment(session, stores.keyring, stores.blobs, made.bundle, 1) == FILE
        assert all(file.is_here for file in list_attachments(session, stores.keyring, made.bundle))


def test_any_number_of_copies_has_one_effect(scene: Scene) -> None:
    made = scene.village.seal_application(SERVICE, [FILE])
    copies = [bundle_of(scene.village, made), *chunks_of(scene.village, made)] * 5

    for message in [*copies, *reversed(copies)]:
        processed = scene.hub.receive(message)
        assemble(scene.hub.context, processed.ready)
    scene.hub.receive(*copies)

    with scene.hub.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Bundle)) == 1
        assert session.scalar(select(func.count()).select_from(BundleReceipt)) == 2  # arrived, whole
        entries = select(func.count()).where(LedgerEntry.kind.like("bundle.%"))
        assert session.scalar(entries) == 2  # arrived, whole
    assert len(scene.hub.cases) == 1


def test_a_copy_a_year_later_gets_the_identical_receipts(scene: Scene) -> None:
    made = scene.village.seal_application(SERVICE)
    scene.hub.deliver(scene.village, made)
    first = _receipt_bytes(scene.hub, made.bundle)
    scene.hub.deliver(scene.neighbour, scene.neighbour.seal_application(SERVICE))
    scene.hub.clock.move(365 * 86_400)

    again = scene.hub.receive(bundle_of(scene.village, made)).outgoing

    assert [message.payload for message in again] == first


def test_chunks_in_any_order_and_before_their_manifest(scene: Scene) -> None:
    made = scene.village.seal_application(SERVICE, [FILE])
    chunks = chunks_of(scene.village, made)
    Random(3).shuffle(chunks)
    for chunk in chunks:
        scene.hub.receive(chunk)

    processed = scene.hub.receive(bundle_of(scene.village, made))
    receipts = scene.hub.receipts(assemble(scene.hub.context, processed.ready))

    assert [receipt.subject.kind for receipt in receipts] == [ReceiptKind.WHOLE]


def test_showing_the_manifest_again_tells_what_is_missing(scene: Scene) -> None:
    made = scene.village.seal_application(SERVICE, [FILE])
    chunks = chunks_of(scene.village, made)
    scene.hub.receive(bundle_of(scene.village, made), *chunks[:1], *chunks[2:3])

    need = _need(scene.hub, scene.hub.receive(bundle_of(scene.village, made)).outgoing)

    assert [(item.attachment, item.start, item.end) for item in need.ranges][:2] == [(0, 1, 2), (1, 0, 3)]


def test_crash_between_last_chunk_and_joining_is_healed(scene: Scene) -> None:
    made = scene.village.seal_application(SERVICE, [FILE])
    scene.hub.receive(bundle_of(scene.village, made), *chunks_of(scene.village, made))

    with scene.hub.database.reading() as session:
        ready = find_ready(session)
    receipts = scene.hub.receipts(assemble(scene.hub.context, ready))

    assert [receipt.subject.kind for receipt in receipts] == [ReceiptKind.WHOLE]
    with scene.hub.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(BundleChunk)) == 0


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES])
def test_files_of_every_edge_size(scene: Scene, size: int) -> None:
    content = Random(size).randbytes(size)
    made = scene.village.seal_application(SERVICE, [content])
    scene.hub.deliver(scene.village, made)
    stores = scene.hub.context.stores

    with scene.hub.database.reading() as session:
        assert read_attachment(session, stores.keyring, stores.blobs, made.bundle, 0) == content


def test_receipt_proves_the_bundle_younger_than_the_checkpoint_it_names(scene: Scene) -> None:
    first = scene.hub.deliver(scene.village, scene.village.seal_application(SERVICE))[0]
    named = CheckpointRef(size=first.checkpoint.size, root=first.checkpoint.root)
    scene.village.checkpoint = named

    second = scene.hub.deliver(scene.village, scene.village.seal_application(SERVICE))[0]

    assert second.subject.named == named


def test_unknown_checkpoint_is_flagged_and_the_bundle_taken(scene: Scene) -> None:
    scene.village.checkpoint = CheckpointRef(size=10_000, root=b"r" * 32)
    made = scene.village.seal_application(SERVICE)

    receipt = scene.hub.deliver(scene.village, made)[0]

    assert (receipt.subject.kind, receipt.subject.named) == (ReceiptKind.ARRIVED, None)
    with scene.hub.database.reading() as session:
        assert session.get_one(Bundle, made.bundle).flags == "checkpoint_unknown"


def test_broken_link_is_flagged_and_the_bundle_taken(scene: Scene) -> None:
    scene.hub.deliver(scene.village, scene.village.seal_application(SERVICE))
    made = scene.village.seal_application(SERVICE, change=lambda manifest: replace(manifest, previous=b"?" * 32))

    scene.hub.deliver(scene.village, made)

    with scene.hub.database.reading() as session:
        assert session.get_one(Bundle, made.bundle).flags == "link_broken"


@pytest.mark.parametrize("claimed", [0, 2**53])
def test_a_node_clock_wrong_by_ages_breaks_nothing(scene: Scene, claimed: int) -> None:
    made = scene.village.seal_application(SERVICE, change=lambda manifest: replace(manifest, claimed_at=claimed))

    receipt = scene.hub.deliver(scene.village, made)[0]

    assert receipt.entry.time == scene.hub.clock.now_ms()


def test_failing_casework_leaves_no_trace(scene: Scene) -> None:
    made = scene.village.seal_application(SERVICE)

    def fail(*_: object) -> None:
        raise RuntimeError

    broken = dataclasses.replace(scene.hub.context, open_cases=fail)
    with pytest.raises(RuntimeError):
        process(broken, [bundle_of(scene.village, made)])

    with scene.hub.database.reading() as session:
        for table in (Bundle, BundleReceipt, IntakeTally):
            assert session.scalar(select(func.count()).select_from(table)) == 0


def _receipt_bytes(hub: TestHub, bundle: bytes) -> list[bytes]:
    with hub.database.reading() as session:
        query = select(BundleReceipt.raw).where(BundleReceipt.bundle_id == bundle).order_by(BundleReceipt.id)
        return [raw for raw in session.scalars(query) if raw is not None]


def _need(hub: TestHub, outgoing: Sequence[Outgoing]) -> Need:
    find = one_key(hub.context.secrets.message.public_key())
    messages = [item for item in outgoing if item.topic.endswith("/need")]
    payload = verify_from_hub(messages[0].payload, purpose=Purpose.NEED, find_key=find)
    return from_bytes(payload, Need, max_bytes=60_000)
