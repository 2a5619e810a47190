"""What the engine takes for true, and what it does not: forged, foreign, replayed, early, late."""

from dataclasses import replace
from itertools import pairwise

import msgspec
import pytest

from protocol.checkpoint import CheckpointRef, sign_checkpoint
from protocol.envelope import Purpose, one_key, sign
from protocol.ids import HubId, NodeId, RegistrationNo
from protocol.mailbox import Control, Notice, NoticeKind
from protocol.receipt import Receipt, ReceiptKind, Subject
from protocol.topics import Down
from protocol.wire import from_bytes, to_bytes
from tests.hub_stand_in import HubStandIn, digest
from village_node.sync.engine import Engine
from village_node.sync.rules import messages as m
from village_node.sync.rules.pacing import Limits

SECOND = 1_000


def facts_of(hub: HubStandIn, counter: int = 1, chunks: tuple[int, ...] = ()) -> m.ItemFacts:
    return m.ItemFacts(
        bundle=digest(f"bundle {counter}"),
        message_digest=digest(f"message {counter}"),
        counter=counter,
        registration_no=RegistrationNo.build(HubId("3314"), 2026, counter),
        named=hub.ledger.ref(),
        chunks=chunks,
    )


class Desk:
    """An engine with one hub, driven by hand."""

    def __init__(self, *items: m.ItemFacts, hub: HubStandIn) -> None:
        self.hub = hub
        self.now = 0
        trust = m.Trust(node=hub.node, hub=hub.hub, log=hub.log, find_message_key=one_key(hub.message_key.public_key()))
        memory = m.Memory(items=items, cursor=0, newest=hub.ledger.ref())
        self.engine = Engine(trust, memory, lambda: 0.5, Limits())

    def feed(self, event: m.Event, after: int = 0) -> list[m.Action]:
        self.now += after
        return self.engine.handle(event, self.now)

    def connect(self) -> list[m.Action]:
        return self.feed(m.Connected(1))

    def receive(self, raw: bytes, kind: Down = Down.RECEIPT) -> list[m.Action]:
        return self.feed(m.Received(kind, raw))


@pytest.fixture
def hub() -> HubStandIn:
    return HubStandIn(1)


@pytest.fixture
def item(hub: HubStandIn) -> m.ItemFacts:
    return facts_of(hub, chunks=(2, 1))


@pytest.fixture
def desk(hub: HubStandIn, item: m.ItemFacts) -> Desk:
    desk = Desk(item, hub=hub)
    desk.connect()
    return desk


def flags(actions: list[m.Action]) -> list[str]:
    return [action.code for action in actions if isinstance(action, m.RaiseFlag)]


def kept(actions: list[m.Action]) -> list[m.Action]:
    return [action for action in actions if isinstance(action, m.KeepReceipt | m.MarkState)]


def test_birth_mail_and_manifest_go_at_connect_and_no_chunk(hub: HubStandIn, item: m.ItemFacts) -> None:
    sends = [type(action) for action in Desk(item, hub=hub).connect() if isinstance(action, m.SendAction)]
    assert sends == [m.SendBirth, m.SendMail, m.SendManifest]


def test_store_changes_come_before_what_is_seen_outside(hub: HubStandIn, item: m.ItemFacts) -> None:
    kinds = [isinstance(action, m.SendAction) for action in Desk(item, hub=hub).connect()]
    assert kinds == sorted(kinds)


def test_a_receipt_makes_it_arrived_and_lets_two_chunks_go(desk: Desk, item: m.ItemFacts) -> None:
    actions = desk.receive(desk.hub.receipt(item, ReceiptKind.ARRIVED))
    assert m.MarkState(item.bundle, "arrived") in actions
    assert len([action for action in actions if isinstance(action, m.SendChunk)]) == 2


def test_a_receipt_may_come_before_anything_was_sent(hub: HubStandIn, item: m.ItemFacts) -> None:
    desk = Desk(item, hub=hub)
    assert m.MarkState(item.bundle, "arrived") in desk.receive(hub.receipt(item, ReceiptKind.ARRIVED))


def test_the_same_receipt_twice_moves_nothing_again(desk: Desk, item: m.ItemFacts) -> None:
    raw = desk.hub.receipt(item, ReceiptKind.ARRIVED)
    desk.receive(raw)
    assert not [action for action in desk.receive(raw) if isinstance(action, m.MarkState | m.SendChunk)]


def test_a_receipt_of_another_log_changes_nothing_but_a_flag(desk: Desk, item: m.ItemFacts) -> None:
    actions = desk.receive(HubStandIn(2).receipt(replace(item, named=None), ReceiptKind.ARRIVED))
    assert (kept(actions), flags(actions)) == ([], ["receipt_algorithm"])


def test_a_receipt_for_another_bundle_changes_nothing(desk: Desk, hub: HubStandIn) -> None:
    actions = desk.receive(hub.receipt(facts_of(hub, 2), ReceiptKind.ARRIVED))
    assert (kept(actions), flags(actions)) == ([], ["receipt_foreign"])


@pytest.mark.parametrize(
    "change",
    [
        {"node": NodeId("3314012002-01")},
        {"counter": 2},
        {"registration_no": RegistrationNo.build(HubId("3314"), 2026, 9)},
        {"bundle": digest("other")},
    ],
)
def test_a_receipt_that_differs_in_one_name_changes_nothing(
    desk: Desk, item: m.ItemFacts, change: dict[str, object]
) -> None:
    subject = Subject(
        kind=ReceiptKind.ARRIVED,
        bundle=item.bundle,
        node=desk.hub.node,
        counter=item.counter,
        registration_no=item.registration_no,
        named=item.named,
    )
    actions = desk.receive(desk.hub.receipt_of(msgspec.structs.replace(subject, **change)))
    assert (kept(actions), flags(actions)) == ([], ["receipt_foreign"])


def test_every_flipped_byte_of_a_receipt_is_noticed(hub: HubStandIn, item: m.ItemFacts) -> None:
    raw = hub.receipt(item, ReceiptKind.ARRIVED)
    for place in range(0, len(raw), 7):
        changed = raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]
        assert kept(Desk(item, hub=hub).receive(changed)) == []


def test_a_rejection_counts_only_for_the_very_bytes_that_were_sent(desk: Desk, item: m.ItemFacts) -> None:
    other = replace(item, message_digest=digest("changed on the way"))
    assert kept(desk.receive(desk.hub.receipt(replace(other, named=None), ReceiptKind.REJECTED, code="seal"))) == []


def test_a_rejection_steps_aside(hub: HubStandIn) -> None:
    item = replace(facts_of(hub), named=None)
    desk = Desk(item, hub=hub)
    actions = desk.receive(hub.receipt(item, ReceiptKind.REJECTED, code="answers_invalid"))
    assert m.MarkState(item.bundle, "rejected") in actions
    assert desk.engine.waiting == 0


def test_a_rejection_after_the_arrival_is_a_contradiction(hub: HubStandIn) -> None:
    item = replace(facts_of(hub, chunks=(1,)), named=None)
    desk = Desk(item, hub=hub)
    desk.receive(hub.receipt(item, ReceiptKind.ARRIVED))
    actions = desk.receive(hub.receipt(item, ReceiptKind.REJECTED, code="quota"))
    assert (kept(actions), flags(actions)) == ([], ["receipt_contradiction"])


def test_whole_waits_for_the_evidence_of_arrival(desk: Desk, item: m.ItemFacts) -> None:
    arrived, whole = (desk.hub.receipt(item, kind) for kind in (ReceiptKind.ARRIVED, ReceiptKind.WHOLE))
    assert kept(desk.receive(whole)) == []
    states = [action.state for action in desk.receive(arrived) if isinstance(action, m.MarkState)]
    assert states == ["arrived", "whole"]


def test_a_receipt_without_the_named_checkpoint_waits_for_a_proof(desk: Desk, item: m.ItemFacts) -> None:
    raw = desk.hub.receipt(replace(item, named=None), ReceiptKind.ARRIVED)
    actions = desk.receive(raw)
    (mail,) = [action for action in actions if isinstance(action, m.SendMail)]
    assert kept(actions) == []
    assert mail.proof is not None
    desk.receive(desk.hub.control(mail.proof.old_size, mail.proof.new_size)[1], Down.CONTROL)
    assert m.MarkState(item.bundle, "arrived") in desk.receive(raw)


def test_a_proof_that_fails_is_a_split_view(desk: Desk, item: m.ItemFacts) -> None:
    actions = desk.receive(desk.hub.receipt(replace(item, named=None), ReceiptKind.ARRIVED))
    (mail,) = [action for action in actions if isinstance(action, m.SendMail)]
    assert mail.proof is not None
    lie = Control(node=desk.hub.node, old_size=mail.proof.old_size, new_size=mail.proof.new_size, path=[digest("x")])
    raw = sign(to_bytes(lie), key=desk.hub.message_key, purpose=Purpose.CONTROL)
    assert flags(desk.receive(raw, Down.CONTROL)) == ["split_view"]


def test_two_roots_for_one_size_are_a_split_view(desk: Desk) -> None:
    other = HubStandIn(1)
    other.ledger.entries[2] = b"rewritten"
    assert flags(desk.feed(m.BeaconHeard(other.beacon()))) == ["split_view"]


HOURS = 2 * 3_600_000


def shrunk_beacon() -> bytes:
    """Return the beacon of a hub that put an older state of its ledger in place."""
    hub = HubStandIn(1)
    hub.ledger.entries.pop()
    return hub.beacon()


def test_a_hub_that_cannot_prove_its_own_past_is_flagged(desk: Desk, item: m.ItemFacts) -> None:
    found = flags(desk.feed(m.BeaconHeard(shrunk_beacon())))
    for _ in range(Limits().proof_patience):
        assert found.count("proof_withheld") == 0
        desk.feed(m.Ticked(), after=HOURS)
        found += flags(desk.receive(desk.hub.refuse(item.bundle, "quota")[1]))
    assert found.count("proof_withheld") == 1


def test_a_replayed_beacon_accuses_nobody(desk: Desk, item: m.ItemFacts) -> None:
    (mail,) = [act for act in desk.feed(m.BeaconHeard(shrunk_beacon())) if isinstance(act, m.SendMail)]
    assert mail.proof is not None
    found = flags(desk.receive(desk.hub.control(mail.proof.old_size, mail.proof.new_size)[1], Down.CONTROL))
    for _ in range(2 * Limits().proof_patience):
        desk.feed(m.Ticked(), after=HOURS)
        found += flags(desk.receive(desk.hub.refuse(item.bundle, "quota")[1]))
    assert set(found) == {"refused_quota"}


def test_a_beacon_of_somebody_else_is_flagged(desk: Desk) -> None:
    assert flags(desk.feed(m.BeaconHeard(HubStandIn(2).beacon()))) == ["beacon_key_unknown"]


def test_a_newer_checkpoint_is_remembered_with_the_receipt_that_links_it(desk: Desk, item: m.ItemFacts) -> None:
    actions = desk.receive(desk.hub.receipt(item, ReceiptKind.ARRIVED))
    (remembered,) = [action for action in actions if isinstance(action, m.RememberCheckpoint)]
    assert remembered.checkpoint.size == len(desk.hub.ledger.entries)


def test_an_unsigned_message_of_each_kind_is_flagged_and_changes_nothing(desk: Desk) -> None:
    for kind in Down:
        assert len(flags(desk.receive(b"\xd2rubbish", kind))) == 1


def test_a_notice_for_another_node_is_flagged(desk: Desk) -> None:
    notice = Notice(node=NodeId("3314012002-01"), number=1, kind=NoticeKind.LEASE, time=0, body=b"")
    raw = sign(to_bytes(notice), key=desk.hub.message_key, purpose=Purpose.NOTICE)
    assert flags(desk.receive(raw, Down.MAIL)) == ["mail_identity"]


def test_notices_are_stored_in_order_whatever_order_they_come_in(desk: Desk) -> None:
    raws = [desk.hub.notify(NoticeKind.LEASE, bytes([number]))[1] for number in range(4)]
    numbers = [
        action.notice.number
        for place in (2, 0, 0, 3, 1, 2)
        for action in desk.receive(raws[place], Down.MAIL)
        if isinstance(action, m.KeepNotice)
    ]
    assert numbers == [1, 2, 3, 4]


def test_a_gap_in_the_mailbox_is_asked_about(desk: Desk) -> None:
    desk.hub.notify(NoticeKind.LEASE, b"")
    desk.receive(desk.hub.notify(NoticeKind.LEASE, b"")[1], Down.MAIL)
    assert any(isinstance(action, m.SendMail) for action in desk.feed(m.Ticked(), after=11 * SECOND))


def test_a_receipt_in_a_notice_is_verified_like_any_other(desk: Desk, item: m.ItemFacts) -> None:
    forged = HubStandIn(2).receipt(replace(item, named=None), ReceiptKind.COMPLETE)
    actions = desk.receive(desk.hub.notify(NoticeKind.RECEIPT, forged)[1], Down.MAIL)
    assert kept(actions) == []
    assert any(isinstance(action, m.KeepNotice) for action in actions)
    genuine = desk.hub.receipt(item, ReceiptKind.COMPLETE)
    assert len(kept(desk.receive(desk.hub.notify(NoticeKind.RECEIPT, genuine)[1], Down.MAIL))) == 1


def test_the_manifest_goes_again_after_a_while_and_for_ever(desk: Desk, item: m.ItemFacts) -> None:
    sent = [
        any(isinstance(action, m.SendManifest) for action in desk.feed(m.Ticked(), after=60 * SECOND))
        for _ in range(3_000)
    ]
    times = [place * 60 * SECOND for place, was_sent in enumerate(sent) if was_sent]
    pauses = [later - earlier for earlier, later in pairwise(times)]
    assert len(times) > 80
    assert max(pauses) <= 1.5 * Limits().ping_longest + 60 * SECOND


def test_only_missing_chunks_are_sent_after_a_cut(desk: Desk, item: m.ItemFacts) -> None:
    desk.hub.manifest(item)
    desk.receive(desk.hub.receipt(item, ReceiptKind.ARRIVED))
    desk.hub.chunk(item.bundle, 0, 0)  # arrived at the hub, but the acknowledgement was lost with the link
    desk.feed(m.Disconnected("lost"))
    never_sent = [action for action in desk.connect() if isinstance(action, m.SendChunk)]
    assert [(action.attachment, action.index) for action in never_sent] == [(1, 0)]
    (need,) = [raw for kind, raw in desk.hub.manifest(item) if kind is Down.NEED]
    sent = [action for action in desk.receive(need, Down.NEED) if isinstance(action, m.SendChunk)]
    assert [(action.attachment, action.index) for action in sent] == [(0, 1)]


def test_a_refusal_is_counted_and_pauses_only_its_item(hub: HubStandIn) -> None:
    first, second = facts_of(hub, 1, (9,)), facts_of(hub, 2, (9,))
    desk = Desk(first, second, hub=hub)
    desk.connect()
    assert flags(desk.receive(hub.refuse(first.bundle, "quota")[1])) == ["refused_quota"]
    desk.receive(hub.receipt(first, ReceiptKind.ARRIVED))
    actions = desk.receive(hub.receipt(second, ReceiptKind.ARRIVED))
    assert {action.bundle for action in actions if isinstance(action, m.SendChunk)} == {second.bundle}


def test_the_window_grows_with_a_fast_link(hub: HubStandIn) -> None:
    item = facts_of(hub, chunks=(60,))
    desk = Desk(item, hub=hub)
    desk.connect()
    sent = [
        action for action in desk.receive(hub.receipt(item, ReceiptKind.ARRIVED)) if isinstance(action, m.SendChunk)
    ]
    for _ in range(20):
        sent += [
            action for action in desk.feed(m.Acknowledged(sent.pop(0).token), 100) if isinstance(action, m.SendChunk)
        ]
    assert len(sent) == Limits().window_most


def test_silence_is_noticed_and_ends_with_an_answer(desk: Desk, item: m.ItemFacts) -> None:
    actions = desk.feed(m.Ticked(), after=200 * SECOND)
    assert m.NoteLink(connected=True, reason="hub_silent") in actions
    assert m.NoteLink(connected=True) in desk.receive(desk.hub.receipt(item, ReceiptKind.ARRIVED))


def test_a_swallowing_broker_is_left_after_five_minutes(desk: Desk) -> None:
    assert any(isinstance(action, m.DropConnection) for action in desk.feed(m.Ticked(), after=301 * SECOND))


def test_a_damaged_file_steps_aside_with_a_flag(desk: Desk, item: m.ItemFacts) -> None:
    assert flags(desk.feed(m.ItemUnreadable(item.bundle))) == ["files_damaged"]
    assert desk.engine.waiting == 0


def test_a_flood_of_rubbish_is_one_flag_a_minute(desk: Desk) -> None:
    counted = [code for _ in range(500) for code in flags(desk.receive(b"\x00"))]
    assert counted == ["receipt_malformed"]


def test_a_checkpoint_note_inside_a_receipt_cannot_be_exchanged(desk: Desk, item: m.ItemFacts) -> None:
    receipt = from_bytes(desk.hub.receipt(item, ReceiptKind.ARRIVED), Receipt, max_bytes=8_000)
    other = sign_checkpoint("simpul/3314", 99, digest("root"), desk.hub.log_key)
    actions = desk.receive(to_bytes(msgspec.structs.replace(receipt, checkpoint=other.text)))
    assert (kept(actions), flags(actions)) == ([], ["receipt_proof"])


def test_a_node_that_never_saw_a_checkpoint_begins_with_the_first(hub: HubStandIn) -> None:
    item = replace(facts_of(hub), named=None)
    trust = m.Trust(node=hub.node, hub=hub.hub, log=hub.log, find_message_key=one_key(hub.message_key.public_key()))
    engine = Engine(trust, m.Memory(items=[item]), lambda: 0.5)
    actions = engine.handle(m.Received(Down.RECEIPT, hub.receipt(item, ReceiptKind.ARRIVED)), 0)
    assert any(isinstance(action, m.RememberCheckpoint) for action in actions)
    assert CheckpointRef(size=4, root=hub.ledger.root(4)) == hub.ledger.ref()
