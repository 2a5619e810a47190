"""Mailbox, health and beacon: signed by the right party, for the right party, of the right form."""

from collections.abc import Callable

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from protocol import codec
from protocol.chunks import MissingRange, Need
from protocol.envelope import Purpose, one_key, sign
from protocol.errors import IdentityError, KeyUnknownError, ProtocolError, PurposeError, SchemaError, TooLargeError
from protocol.health import Beacon, Health, HealthKind, verify_beacon, verify_health
from protocol.ids import HubId, NodeId
from protocol.limits import BROKER_MAX_PACKET_BYTES, MAX_CHECKPOINT_BYTES, MAX_HEALTH_BYTES, MAX_MAIL_BYTES
from protocol.mailbox import (
    Control,
    Mail,
    Notice,
    NoticeKind,
    OfficerCertificate,
    OfficerRequest,
    ProofRequest,
    Refusal,
    verify_from_hub,
    verify_mail,
    verify_notice,
)
from protocol.wire import Wire, from_bytes, to_bytes
from tests.unit.protocol.builders import HUB, HUB_KEY, NODE, NODE_KEY, OFFICER, OTHER_NODE

NOTICE = Notice(node=NODE, number=1, kind=NoticeKind.LEASE, time=1_795_000_000_000, body=b"body")
MAIL = Mail(
    node=NODE,
    cursor=7,
    proof=ProofRequest(old_size=3, new_size=9),
    officers=[OfficerRequest(officer=OFFICER, name="Siti", public_key=bytes(32))],
    free_numbers=40,
)
HEALTH = Health(kind=HealthKind.BIRTH, node=NODE, session=1, claimed_at=1_795_000_000_000, program="0.1.0")
BEACON = Beacon(hub=HUB, number=1, time=1_795_000_000_000, checkpoint="note")
BY_HUB, BY_NODE = one_key(HUB_KEY.public_key()), one_key(NODE_KEY.public_key())


def read_notice(raw: bytes, node: NodeId = NODE) -> Notice:
    return verify_notice(raw, node=node, find_key=BY_HUB)


def read_mail(raw: bytes, node: NodeId = NODE) -> Mail:
    return verify_mail(raw, node=node, find_key=BY_NODE)


def read_health(raw: bytes, node: NodeId = NODE) -> Health:
    return verify_health(raw, node=node, find_key=BY_NODE)


def read_beacon(raw: bytes, hub: HubId = HUB) -> Beacon:
    return verify_beacon(raw, hub=hub, find_key=BY_HUB)


SIGNED: dict[Purpose, tuple[Wire, Ed25519PrivateKey]] = {
    Purpose.NOTICE: (NOTICE, HUB_KEY),
    Purpose.MAIL: (MAIL, NODE_KEY),
    Purpose.HEALTH: (HEALTH, NODE_KEY),
    Purpose.BEACON: (BEACON, HUB_KEY),
}
READERS: dict[Purpose, Callable[[bytes], Wire]] = {
    Purpose.NOTICE: read_notice,
    Purpose.MAIL: read_mail,
    Purpose.HEALTH: read_health,
    Purpose.BEACON: read_beacon,
}


def signed(purpose: Purpose, message: Wire | None = None, key: Ed25519PrivateKey | None = None) -> bytes:
    genuine, signer = SIGNED[purpose]
    return sign(to_bytes(message or genuine), key=key or signer, purpose=purpose)


@pytest.mark.parametrize("purpose", SIGNED)
def test_a_genuine_message_is_read(purpose: Purpose) -> None:
    assert READERS[purpose](signed(purpose)) == SIGNED[purpose][0]


@pytest.mark.parametrize("purpose", SIGNED)
def test_a_message_of_the_other_party_is_refused(purpose: Purpose) -> None:
    other = NODE_KEY if SIGNED[purpose][1] is HUB_KEY else HUB_KEY
    with pytest.raises(KeyUnknownError):
        READERS[purpose](signed(purpose, key=other))


@pytest.mark.parametrize("made", Purpose)
@pytest.mark.parametrize("asked", SIGNED)
def test_no_verifier_takes_another_purpose(made: Purpose, asked: Purpose) -> None:
    if made is not asked:
        message, key = SIGNED[asked]
        with pytest.raises(PurposeError):
            READERS[asked](sign(to_bytes(message), key=key, purpose=made))


@pytest.mark.parametrize("made", Purpose)
@pytest.mark.parametrize("asked", [Purpose.NEED, Purpose.REFUSAL, Purpose.CONTROL, Purpose.OFFICER])
def test_a_message_from_the_hub_has_one_purpose(made: Purpose, asked: Purpose) -> None:
    raw = sign(b"\xa0", key=HUB_KEY, purpose=made)
    if made is asked:
        assert verify_from_hub(raw, purpose=asked, find_key=BY_HUB) == b"\xa0"
        return
    with pytest.raises(PurposeError):
        verify_from_hub(raw, purpose=asked, find_key=BY_HUB)


def test_a_message_about_somebody_else_is_refused() -> None:
    for purpose in (Purpose.NOTICE, Purpose.MAIL, Purpose.HEALTH):
        message = msgspec.structs.replace(SIGNED[purpose][0], node=OTHER_NODE)
        with pytest.raises(IdentityError):
            READERS[purpose](signed(purpose, message))
    with pytest.raises(IdentityError):
        read_beacon(signed(Purpose.BEACON, msgspec.structs.replace(BEACON, hub=HubId("3315"))))


@pytest.mark.parametrize(
    ("purpose", "changes"),
    [
        (Purpose.NOTICE, {"number": 0}),
        (Purpose.NOTICE, {"kind": "Order!"}),
        (Purpose.NOTICE, {"body": "text"}),
        (Purpose.MAIL, {"cursor": -1}),
        (Purpose.MAIL, {"officers": [{}] * 21}),
        (Purpose.MAIL, {"officers": [{"officer": "x", "name": "A", "public_key": bytes(32)}]}),
        (Purpose.MAIL, {"proof": {"old_size": 1}}),
        (Purpose.MAIL, {"free_numbers": -1}),
        (Purpose.HEALTH, {"kind": "well"}),
        (Purpose.HEALTH, {"session": -1}),
        (Purpose.HEALTH, {"program": "x" * 41}),
        (Purpose.HEALTH, {"waiting": "many"}),
        (Purpose.BEACON, {"checkpoint": "x" * (MAX_CHECKPOINT_BYTES + 1)}),
        (Purpose.BEACON, {"number": -1}),
    ],
    ids=str,
)
def test_a_message_has_a_schema(purpose: Purpose, changes: dict[str, object]) -> None:
    message, key = SIGNED[purpose]
    fields = codec.decode_map(to_bytes(message), max_bytes=1_000)
    raw = sign(codec.encode({**fields, **changes}), key=key, purpose=purpose)
    with pytest.raises(SchemaError):
        READERS[purpose](raw)


@pytest.mark.parametrize(("purpose", "limit"), [(Purpose.MAIL, MAX_MAIL_BYTES), (Purpose.HEALTH, MAX_HEALTH_BYTES)])
def test_a_message_beyond_its_limit_is_refused_unread(purpose: Purpose, limit: int) -> None:
    with pytest.raises(TooLargeError):
        READERS[purpose](b"\xff" * (limit + 1))


def test_the_largest_notice_passes_the_broker() -> None:
    largest = msgspec.structs.replace(NOTICE, body=bytes(MAX_MAIL_BYTES), number=2**53)
    raw = signed(Purpose.NOTICE, largest)
    assert read_notice(raw) == largest
    assert len(raw) + 200 < BROKER_MAX_PACKET_BYTES


ANSWERS: list[Wire] = [
    Need(bundle=bytes(32), ranges=[MissingRange(attachment=0, start=0, end=9)]),
    Refusal(node=NODE, message=bytes(32), code="schema", bundle=None),
    Control(node=NODE, old_size=3, new_size=9, path=[bytes(32)]),
    OfficerCertificate(officer=OFFICER, node=NODE, public_key=bytes(32), issued_at=1),
]


@pytest.mark.parametrize("message", ANSWERS, ids=lambda message: type(message).__name__)
def test_answers_of_the_hub_survive_the_wire(message: Wire) -> None:
    assert from_bytes(to_bytes(message), type(message), max_bytes=2_000) == message


@given(st.binary(max_size=300), st.sampled_from(sorted(SIGNED)))
def test_random_bytes_raise_only_protocol_errors(raw: bytes, purpose: Purpose) -> None:
    with pytest.raises(ProtocolError):
        READERS[purpose](raw)
    with pytest.raises(ProtocolError):
        READERS[purpose](sign(raw, key=SIGNED[purpose][1], purpose=purpose))


@given(st.sampled_from(sorted(SIGNED)), st.integers(0, 1_000_000), st.integers(1, 255))
def test_no_changed_byte_passes(purpose: Purpose, place: int, change: int) -> None:
    raw = bytearray(signed(purpose))
    raw[place % len(raw)] ^= change
    with pytest.raises(ProtocolError):
        READERS[purpose](bytes(raw))


@given(st.sampled_from(ANSWERS), st.data())
def test_changed_answers_raise_only_protocol_errors(message: Wire, data: st.DataObject) -> None:
    raw = bytearray(to_bytes(message))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        from_bytes(bytes(raw), type(message), max_bytes=2_000)
    except ProtocolError:
        return
