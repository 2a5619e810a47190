"""Acts of officers: one effect for ever; what does not hold is refused aloud."""

import hashlib

import msgspec
import pytest
from sqlalchemy import select

from hub.intake.carrier import Outgoing
from hub.intake.receipts import LogSigner, Statement, issue_waiting, request_receipt
from hub.intake.tables import IntakeRefusal, OfficerAct
from hub.registry.service import Decision, revoke_node, revoke_officer
from loadtests.village import Made, Village
from protocol.envelope import Purpose, one_key
from protocol.ids import OfficerId
from protocol.mailbox import Refusal, verify_from_hub
from protocol.notices import sign_act
from protocol.receipt import ReceiptKind
from protocol.sealing import BodyContext, load_sealing_key, seal_body
from protocol.wire import from_bytes
from tests.answering import a_mail, an_act, sealed_act
from tests.hostile import SERVICE, Scene


@pytest.fixture
def first(scene: Scene) -> Made:
    made = scene.village.seal_application(SERVICE)
    scene.hub.deliver(scene.village, made)
    return made


def say(scene: Scene, *sealed: bytes, village: Village | None = None) -> list[Outgoing]:
    return list(scene.hub.receive(a_mail(village or scene.village, acts=sealed)).outgoing)


def refusals(scene: Scene, outgoing: list[Outgoing]) -> list[tuple[bytes, str]]:
    key = one_key(scene.hub.context.secrets.message.public_key())
    payloads = [
        verify_from_hub(message.payload, purpose=Purpose.REFUSAL, find_key=key)
        for message in outgoing
        if message.topic.endswith("/down/receipt") and message.payload[:1] == b"\xd2"
    ]
    found = [from_bytes(payload, Refusal, max_bytes=1_000) for payload in payloads]
    return [(refusal.message, refusal.code) for refusal in found]


def test_an_act_takes_effect_once_whatever_it_is_sealed_into(scene: Scene, first: Made) -> None:
    act = an_act(scene.village, first.bundle)
    sealed = [sealed_act(scene.village, act) for _ in range(3)]

    assert say(scene, sealed[0], sealed[1]) == []
    scene.hub.clock.move(365 * 86_400)
    assert say(scene, sealed[2]) == []

    assert scene.hub.acts == [act]
    with scene.hub.database.reading() as session:
        (row,) = session.scalars(select(OfficerAct)).all()
    assert (row.sealed, row.code, row.claimed_ms) == (sealed[0], "", act.claimed_at)


def test_a_repeated_hand_over_gets_its_receipt_again(scene: Scene, first: Made) -> None:
    sealed = sealed_act(scene.village, an_act(scene.village, first.bundle))
    say(scene, sealed)
    signer: LogSigner = scene.hub.context.secrets.log
    with scene.hub.database.session() as session:
        request_receipt(
            session, scene.hub.clock.now_ms(), first.bundle, Statement(kind=ReceiptKind.HANDED_OVER), bytes(32)
        )
        issue_waiting(session, scene.hub.clock.now(), signer)

    (receipt,) = scene.hub.receipts(say(scene, sealed))
    assert receipt.subject.kind is ReceiptKind.HANDED_OVER


def spoilt(scene: Scene, first: Made, trick: str) -> bytes:
    village, act = scene.village, an_act(scene.village, first.bundle)
    context = BodyContext(hub=village.hub.hub, node=village.node, kind="act")
    public = load_sealing_key(village.hub.sealing_key)
    if trick == "seal":
        return sealed_act(village, act)[:-1] + b"\0"
    if trick == "officer_unknown":
        return seal_body(sign_act(act, village.node_key), public, context)
    if trick == "purpose":
        return seal_body(first.signed, public, context)
    changes: dict[str, dict[str, object]] = {
        "identity": {"node": scene.neighbour.node},
        "identity ": {"officer": OfficerId("o-0123456789ABCDEF")},
        "act_unknown": {"bundle": bytes(32)},
        "act_not_allowed": {"kind": "applauded"},
        "schema": {"kind": "NO"},
    }
    return sealed_act(village, msgspec.structs.replace(act, **changes[trick]))


@pytest.mark.parametrize(
    "trick",
    ["seal", "officer_unknown", "purpose", "identity", "identity ", "act_unknown", "act_not_allowed", "schema"],
)
def test_a_bad_act_is_refused_with_its_code_and_a_row(scene: Scene, first: Made, trick: str) -> None:
    sealed = spoilt(scene, first, trick)
    expected = [(hashlib.sha256(sealed).digest(), trick.strip())]

    assert refusals(scene, say(scene, sealed)) == expected
    assert refusals(scene, say(scene, sealed)) == expected

    assert scene.hub.acts == []
    with scene.hub.database.reading() as session:
        row = session.scalars(select(IntakeRefusal)).one()
    assert (row.code, row.times) == (trick.strip(), 2)


def test_a_bad_act_does_not_take_good_ones_with_it(scene: Scene, first: Made) -> None:
    good = sealed_act(scene.village, an_act(scene.village, first.bundle))
    outgoing = say(scene, b"no box", good, spoilt(scene, first, "act_unknown"))
    assert [code for _, code in refusals(scene, outgoing)] == ["malformed", "act_unknown"]
    assert len(scene.hub.acts) == 1


def test_another_village_may_not_speak_about_the_case(scene: Scene, first: Made) -> None:
    sealed = sealed_act(scene.neighbour, an_act(scene.neighbour, first.bundle))
    assert [code for _, code in refusals(scene, say(scene, sealed, village=scene.neighbour))] == ["act_unknown"]


@pytest.mark.parametrize("who", ["officer", "node"])
def test_who_was_revoked_states_nothing(scene: Scene, first: Made, who: str) -> None:
    decision = Decision(now=scene.hub.clock.now(), by="test", randomness=scene.hub.randomness)
    with scene.hub.database.session() as session:
        if who == "officer":
            revoke_officer(session, scene.village.officer, decision)
        else:
            revoke_node(session, scene.village.node, decision)
    sealed = sealed_act(scene.village, an_act(scene.village, first.bundle))
    assert [code for _, code in refusals(scene, say(scene, sealed))] == [f"{who}_revoked"]


def test_a_box_for_another_node_does_not_open(scene: Scene, first: Made) -> None:
    act = an_act(scene.village, first.bundle)
    sealed = sealed_act(scene.village, act)
    assert [code for _, code in refusals(scene, say(scene, sealed, village=scene.neighbour))] == ["seal"]
