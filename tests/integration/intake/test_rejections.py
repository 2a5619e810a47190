"""Every code with which the hub refuses, reached by a message that deserves it."""

import pytest
from sqlalchemy import func, select

from hub.intake.assembly import assemble
from hub.intake.tables import Bundle, IntakeQuarantine, IntakeRefusal, IntakeTally
from protocol.envelope import Purpose, one_key
from protocol.mailbox import Refusal, verify_from_hub
from protocol.receipt import ReceiptKind
from protocol.wire import from_bytes
from tests.hostile import BUNDLE_CODES, REFUSED_CODES, Scene


@pytest.mark.parametrize("trick", sorted(BUNDLE_CODES))
def test_bundle_is_rejected_with_its_code_in_a_receipt(scene: Scene, trick: str) -> None:
    code, spoil = BUNDLE_CODES[trick]
    messages = spoil(scene)

    receipts = scene.hub.receipts(scene.hub.receive(*messages).outgoing)

    assert [(receipt.subject.kind, receipt.subject.code) for receipt in receipts] == [(ReceiptKind.REJECTED, code)]


@pytest.mark.parametrize("trick", sorted(BUNDLE_CODES))
def test_the_same_rejected_message_gets_the_same_receipt(scene: Scene, trick: str) -> None:
    messages = BUNDLE_CODES[trick][1](scene)

    first = scene.hub.receive(*messages).outgoing
    scene.hub.clock.move(365 * 86_400)
    second = scene.hub.receive(*messages).outgoing

    assert [message.payload for message in first] == [message.payload for message in second]


@pytest.mark.parametrize("trick", sorted(REFUSED_CODES))
def test_what_is_no_bundle_verdict_is_refused_by_a_signed_message(scene: Scene, trick: str) -> None:
    code, spoil = REFUSED_CODES[trick]

    processed = scene.hub.receive(*spoil(scene))
    outgoing = [*processed.outgoing, *assemble(scene.hub.context, processed.ready)]

    assert code in [refusal.code for refusal in _refusals(scene, [message.payload for message in outgoing])]
    with scene.hub.database.reading() as session:
        assert session.scalar(select(IntakeRefusal.code).limit(1)) == code


def test_a_conflict_keeps_both(scene: Scene) -> None:
    messages = BUNDLE_CODES["counter used twice"][1](scene)

    scene.hub.receive(*messages)

    with scene.hub.database.reading() as session:
        kept = session.scalars(select(IntakeQuarantine)).one()
        assert (kept.code, kept.raw) == ("counter_conflict", messages[0].payload)
        assert session.scalar(select(func.count()).select_from(Bundle)) == 1


def test_late_work_of_a_revoked_node_is_kept_whole(scene: Scene) -> None:
    messages = REFUSED_CODES["node revoked"][1](scene)

    scene.hub.receive(*messages)

    with scene.hub.database.reading() as session:
        assert session.scalars(select(IntakeQuarantine.raw)).one() == messages[0].payload


@pytest.mark.parametrize("trick", ["no CBOR", "counter used twice", "answer missing"])
def test_the_accounting_adds_up(scene: Scene, trick: str) -> None:
    messages = BUNDLE_CODES[trick][1](scene)
    scene.hub.receive(*messages, *messages)

    with scene.hub.database.reading() as session:
        row = session.scalars(select(IntakeTally).where(IntakeTally.node_id == str(scene.village.node))).one()
    assert row.received == row.accepted + row.duplicate + row.rejected + row.quarantined
    assert row.rejected == 1


def _refusals(scene: Scene, payloads: list[bytes]) -> list[Refusal]:
    find = one_key(scene.hub.context.secrets.message.public_key())
    found = []
    for raw in payloads:
        if str(Purpose.REFUSAL).encode() in raw:
            payload = verify_from_hub(raw, purpose=Purpose.REFUSAL, find_key=find)
            found.append(from_bytes(payload, Refusal, max_bytes=2_000))
    return found
