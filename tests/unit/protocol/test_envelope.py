"""Signatures: what verifies, and every way in which one must not (A10, A11; purposes never mix)."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import envelope
from protocol.envelope import ALG_ED25519, OVERHEAD_BYTES, SMALL_ORDER, Purpose, one_key, public_bytes, sign, verify
from protocol.errors import (
    AlgorithmError,
    KeyUnknownError,
    MalformedError,
    ProtocolError,
    PurposeError,
    SignatureError,
    TooLargeError,
)
from protocol.ids import key_id
from tests.unit.protocol.builders import NODE_KEY, OFFICER_KEY, signing_key
from tests.unit.protocol.cose_by_hand import Item, item, sign1

GROUP_ORDER = 2**252 + 27742317777372353535851937790883648493  # RFC 8032 §5.1: L
PUBLIC = public_bytes(NODE_KEY.public_key())
HEADER: dict[Item, Item] = {1: ALG_ED25519, 3: str(Purpose.MAIL), 4: key_id(PUBLIC)}
GENUINE = sign(b"payload", key=NODE_KEY, purpose=Purpose.MAIL)


def check(raw: bytes, purpose: Purpose = Purpose.MAIL) -> envelope.Verified:
    return verify(raw, purpose=purpose, find_key=one_key(NODE_KEY.public_key()), max_bytes=2_000)


def with_signature(signature: bytes) -> bytes:
    return b"\xd2" + item([item(HEADER), {}, b"payload", signature])


SIGNATURE = GENUINE[-64:]
R, S = SIGNATURE[:32], SIGNATURE[32:]

BAD_SIGNATURES = {
    "trailing byte": SIGNATURE + b"\0",
    "truncated": SIGNATURE[:-1],
    "empty": b"",
    "R alone": R,
    "S + L": R + (int.from_bytes(S, "little") + GROUP_ORDER).to_bytes(32, "little"),
    "S = L": R + GROUP_ORDER.to_bytes(32, "little"),
    "S = 0": R + bytes(32),
    "S with high bits": R + S[:31] + bytes([S[31] | 0xE0]),
    "R = 0": bytes(32) + S,
    "R = 0, S = 0": bytes(64),
    "R with the other sign": R[:31] + bytes([R[31] ^ 0x80]) + S,
    "R not on the curve": b"\x02" + bytes(31) + S,
    "R beyond the field": b"\xff" * 32 + S,
    "R and S swapped": S + R,
    "of another key": OFFICER_KEY.sign(b"payload"),
    "of the bare payload": NODE_KEY.sign(b"payload"),
    "all ones": b"\xff" * 64,
} | {f"R of small order {point.hex()[:8]}": point + S for point in sorted(SMALL_ORDER)}

HEADERS: dict[str, tuple[dict[Item, Item], type[ProtocolError]]] = {
    "alg none": ({**HEADER, 1: 0}, AlgorithmError),
    "alg none as text": ({**HEADER, 1: "none"}, AlgorithmError),
    "alg null": ({**HEADER, 1: None}, AlgorithmError),
    "alg HMAC 256/256": ({**HEADER, 1: 5}, AlgorithmError),
    "alg EdDSA": ({**HEADER, 1: -8}, AlgorithmError),
    "alg ES256": ({**HEADER, 1: -7}, AlgorithmError),
    "no alg": ({3: HEADER[3], 4: HEADER[4]}, AlgorithmError),
    "no content type": ({1: HEADER[1], 4: HEADER[4]}, AlgorithmError),
    "no kid": ({1: HEADER[1], 3: HEADER[3]}, AlgorithmError),
    "crit": ({1: HEADER[1], 2: [99], 3: HEADER[3], 4: HEADER[4]}, AlgorithmError),
    "x5chain": ({**HEADER, 33: b"certificate"}, AlgorithmError),
    "empty": ({}, AlgorithmError),
    "kid as text": ({**HEADER, 4: "kid"}, KeyUnknownError),
    "unknown kid": ({**HEADER, 4: bytes(16)}, KeyUnknownError),
    "kid of another node": ({**HEADER, 4: key_id(public_bytes(OFFICER_KEY.public_key()))}, KeyUnknownError),
    "longer kid": ({**HEADER, 4: key_id(PUBLIC) + b"\0"}, KeyUnknownError),
    "whole key as kid": ({**HEADER, 4: PUBLIC}, KeyUnknownError),
    "another purpose": ({**HEADER, 3: str(Purpose.MANIFEST)}, PurposeError),
    "purpose in capitals": ({**HEADER, 3: str(Purpose.MAIL).upper()}, PurposeError),
    "purpose with parameters": ({**HEADER, 3: f"{Purpose.MAIL}; v=1"}, PurposeError),
    "content format number": ({**HEADER, 3: 60}, PurposeError),
    "duplicate label": ({**HEADER, 4: key_id(PUBLIC)}, MalformedError),
    "labels out of order": ({4: HEADER[4], 3: HEADER[3], 1: HEADER[1]}, MalformedError),
}


def test_the_envelope_is_what_rfc_9052_says() -> None:
    assert sign1(NODE_KEY, HEADER, b"payload") == GENUINE
    assert check(GENUINE) == envelope.Verified(
        payload=b"payload", kid=key_id(PUBLIC), digest=hashlib.sha256(GENUINE).digest()
    )


def test_another_library_makes_the_same_bytes() -> None:
    recorded = (  # made by cwt 3.3.0 with external_aad; cwt also opened what `sign` makes
        "d2845838a301320378206170706c69636174696f6e2f73696d70756c2d6d616e69666573742b63626f7204509f6d99974c40ac85468781"
        "30e4af0f65a044a16176015840c1427c2ed9d74553d1c19baf75119a84c10664f9680f846fcbed0657493e75afec5c572a5d8fe6994da9"
        "cb4b1b000d9337f1791ad7441d36a3e46dff0145860c"
    )
    assert sign(bytes.fromhex("a1617601"), key=signing_key("cwt"), purpose=Purpose.MANIFEST).hex() == recorded


@pytest.mark.parametrize("signature", BAD_SIGNATURES.values(), ids=BAD_SIGNATURES)
def test_a_bad_signature_is_refused(signature: bytes) -> None:
    with pytest.raises(SignatureError):
        check(with_signature(signature))


@pytest.mark.parametrize("name", HEADERS)
def test_another_header_is_refused_though_signed(name: str) -> None:
    header, error = HEADERS[name]
    raw = sign1(NODE_KEY, header, b"payload")
    if name == "duplicate label":
        raw = raw.replace(b"\xa3\x01\x32", b"\xa4\x01\x32\x01\x32", 1)
    with pytest.raises(error):
        check(raw)


def test_an_hmac_with_the_public_key_is_no_signature() -> None:
    protected = item({**HEADER, 1: 5})
    tag = hmac.digest(PUBLIC, item(["MAC0", protected, b"simpul/v1", b"payload"]), "sha256")
    for code in (b"\xd1", b"\xd2"):
        with pytest.raises(ProtocolError):
            check(code + item([protected, {}, b"payload", tag]))


@pytest.mark.parametrize("aad", [b"", b"simpul/v2", b"simpul/v1\0"])
def test_the_application_is_bound(aad: bytes) -> None:
    with pytest.raises(SignatureError):
        check(sign1(NODE_KEY, HEADER, b"payload", aad=aad))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        GENUINE[1:],
        b"\xd2",
        b"\xd2" + GENUINE,
        b"\xd8\x12" + GENUINE[1:],
        b"\xd1" + GENUINE[1:],
        GENUINE + b"\0",
        b"\xd2" + item([item(HEADER), {}, b"payload"]),
        b"\xd2" + item([item(HEADER), {}, b"payload", SIGNATURE, None]),
        b"\xd2" + item([item(HEADER), {}, None, SIGNATURE]),
        b"\xd2" + item([HEADER, {}, b"payload", SIGNATURE]),
        b"\xd2" + item([item(HEADER), [], b"payload", SIGNATURE]),
        b"\xd2" + item([item(HEADER), None, b"payload", SIGNATURE]),
        b"\xd2" + item([item(HEADER), {4: key_id(PUBLIC)}, b"payload", SIGNATURE]),
        b"\xd2" + item([item(HEADER) + b"\0", {}, b"payload", SIGNATURE]),
        b"\xd2" + item({1: 2}),
    ],
    ids=lambda raw: raw.hex()[:12] or "empty",
)
def test_another_form_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedError):
        check(raw)


def test_size_is_looked_at_first() -> None:
    with pytest.raises(TooLargeError):
        check(b"\xff" * 2_001)


@pytest.mark.parametrize("made", Purpose)
@pytest.mark.parametrize("asked", Purpose)
def test_a_purpose_never_passes_for_another(made: Purpose, asked: Purpose) -> None:
    raw = sign(b"payload", key=NODE_KEY, purpose=made)
    if made is asked:
        assert check(raw, asked).payload == b"payload"
        assert envelope.peek_kid(raw, purpose=asked, max_bytes=2_000) == key_id(PUBLIC)
        return
    with pytest.raises(PurposeError):
        check(raw, asked)
    with pytest.raises(PurposeError):
        envelope.peek_kid(raw, purpose=asked, max_bytes=2_000)


@pytest.mark.parametrize("public", [*sorted(SMALL_ORDER), b"", bytes(31), bytes(33)], ids=lambda key: key.hex()[:8])
def test_a_key_of_small_order_is_not_loaded(public: bytes) -> None:
    with pytest.raises(SignatureError):
        envelope.load_public_key(public)
    with pytest.raises(SignatureError):
        envelope.load_public_key(public[:31] + bytes([public[31] | 0x80]) if len(public) == 32 else public)


def test_a_key_of_small_order_would_verify_anything() -> None:
    identity = b"\x01" + bytes(31)  # R = A = the neutral point, S = 0: the equation holds for every message
    assert identity in SMALL_ORDER
    assert with_signature(identity + bytes(32))[:1] == b"\xd2"
    with pytest.raises(SignatureError):
        check(with_signature(identity + bytes(32)))


def test_the_envelope_adds_what_the_limit_says() -> None:
    longest = max(Purpose, key=len)
    assert len(sign(bytes(40_000), key=NODE_KEY, purpose=longest)) - 40_000 <= OVERHEAD_BYTES


@given(st.integers(0, len(GENUINE) - 1), st.integers(1, 255))
def test_no_changed_byte_passes(place: int, change: int) -> None:
    raw = bytearray(GENUINE)
    raw[place] ^= change
    with pytest.raises(ProtocolError):
        check(bytes(raw))


@given(st.binary(max_size=300))
def test_random_bytes_raise_only_protocol_errors(raw: bytes) -> None:
    for data in (raw, b"\xd2" + raw, b"\xd2\x84" + raw):
        with pytest.raises(ProtocolError):
            check(data)


@given(st.binary(max_size=300))
def test_any_payload_survives(payload: bytes) -> None:
    assert check(sign(payload, key=NODE_KEY, purpose=Purpose.MAIL)).payload == payload
