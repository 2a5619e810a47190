"""The box: opens only for the hub, the node and the bundle that it was sealed for."""

import hashlib

import msgspec
import pytest
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from hypothesis import given
from hypothesis import strategies as st

from protocol import codec
from protocol.errors import ProtocolError, SchemaError, SealError, TooLargeError
from protocol.ids import HubId
from protocol.limits import MAX_BUNDLE_MESSAGE_BYTES
from protocol.sealing import open_sealed, parse_sealed, seal
from protocol.wire import to_bytes
from tests.unit.protocol.builders import (
    CONTENT_KEY,
    HUB,
    NODE,
    OTHER_NODE,
    SEALING_KEY,
    a_signed_manifest,
    agreement_key,
    seal_to,
)
from tests.unit.protocol.cose_by_hand import item

MADE = a_signed_manifest()
RAW = seal(MADE.signed, CONTENT_KEY, seal_to(MADE))
SEALED = parse_sealed(RAW)


def test_what_is_sealed_opens() -> None:
    opened = open_sealed(SEALED, SEALING_KEY)
    assert (opened.signed, opened.content_key) == (MADE.signed, CONTENT_KEY)


def test_the_box_is_hpke_with_the_header_as_info() -> None:
    suite = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
    header = item([1, 1, str(HUB), SEALED.kid, str(NODE), MADE.bundle])
    content = suite.decrypt(SEALED.box, SEALING_KEY, info=b"simpul/v1/hpke\0" + header)
    assert content == item({"v": 1, "signed": MADE.signed, "content_key": CONTENT_KEY})


def test_two_boxes_of_one_manifest_differ() -> None:
    assert seal(MADE.signed, CONTENT_KEY, seal_to(MADE)) != RAW


def test_nothing_of_the_manifest_is_in_the_clear() -> None:
    for secret in (b"Ma'ruf", b"3314990101900001", b"D-SKU", b"KTP.jpg", CONTENT_KEY):
        assert secret not in RAW


@pytest.mark.parametrize(
    "changes",
    [
        {"hub": HubId("3315")},
        {"node": OTHER_NODE},
        {"bundle": bytes(32)},
        {"kid": bytes(16)},
        {"suite": 2},
        {"box": SEALED.box[:-1]},
        {"box": SEALED.box + b"\0"},
        {"box": SEALED.box[32:]},
        {"box": bytes(32) + SEALED.box[32:]},
        {"box": SEALED.box[:31]},
        {"box": b""},
    ],
    ids="-".join,  # names alone: the sizes of a box differ from run to run
)
def test_a_box_that_was_moved_or_spoilt_stays_closed(changes: dict[str, object]) -> None:
    with pytest.raises(SealError):
        open_sealed(msgspec.structs.replace(SEALED, **changes), SEALING_KEY)


def test_another_hub_cannot_open() -> None:
    with pytest.raises(SealError):
        open_sealed(SEALED, agreement_key("another hub"))


def test_an_unknown_suite_is_refused_before_opening() -> None:
    with pytest.raises(SealError):
        parse_sealed(to_bytes(msgspec.structs.replace(SEALED, suite=2)))


@pytest.mark.parametrize(
    "content", [b"", b"\xa0", b"\xa1\x61v\x01", b"text", item({"v": 1, "signed": b"", "content_key": b"short"})]
)
def test_a_box_with_something_else_inside_is_refused(content: bytes) -> None:
    suite = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
    header = codec.encode([1, 1, str(HUB), SEALED.kid, str(NODE), MADE.bundle])
    box = suite.encrypt(content, SEALING_KEY.public_key(), info=b"simpul/v1/hpke\0" + header)
    with pytest.raises(ProtocolError):
        open_sealed(msgspec.structs.replace(SEALED, box=box), SEALING_KEY)


def test_a_message_beyond_the_limit_is_refused_unread() -> None:
    with pytest.raises(TooLargeError):
        parse_sealed(b"\xff" * (MAX_BUNDLE_MESSAGE_BYTES + 1))


@pytest.mark.parametrize(
    ("name", "value"), [("bundle", bytes(31)), ("kid", bytes(15)), ("node", "x"), ("hub", "3300"), ("box", "text")]
)
def test_the_clear_header_has_a_schema(name: str, value: object) -> None:
    fields = codec.decode_map(RAW, max_bytes=len(RAW))
    with pytest.raises(SchemaError):
        parse_sealed(codec.encode({**fields, name: value}))


@given(st.binary(max_size=200))
def test_random_bytes_raise_only_protocol_errors(raw: bytes) -> None:
    with pytest.raises(ProtocolError):
        parse_sealed(raw)
    with pytest.raises(ProtocolError):
        open_sealed(msgspec.structs.replace(SEALED, box=raw), SEALING_KEY)


@given(st.integers(0, len(RAW) - 1), st.integers(1, 255))
def test_no_changed_byte_gives_a_box_that_opens(place: int, change: int) -> None:
    raw = bytearray(RAW)
    raw[place] ^= change
    with pytest.raises(ProtocolError):
        open_sealed(parse_sealed(bytes(raw)), SEALING_KEY)


def test_a_content_key_is_committed_to_by_its_digest() -> None:
    assert hashlib.sha256(CONTENT_KEY).digest() in MADE.signed
