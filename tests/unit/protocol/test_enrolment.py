"""Enrolment: both sides prove that they know the code, and nothing can be put in between."""

import hashlib
import hmac

import msgspec
import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from protocol import enrolment
from protocol.catalogue import OfficeCode
from protocol.enrolment import (
    Authenticated,
    CodeKeys,
    EnrolmentAnswer,
    EnrolmentRequest,
    HubKeys,
    OfficeName,
    derive_code_keys,
)
from protocol.errors import EnrolmentError, ProtocolError, SchemaError, TooLargeError
from protocol.ids import CROCKFORD, VillageCode
from protocol.limits import MAX_ENROLMENT_BYTES
from protocol.mailbox import NumberLease, OfficerRequest
from protocol.wire import Wire, to_bytes
from tests.unit.protocol.builders import HUB, LOG, NODE, OFFICER
from tests.unit.protocol.cose_by_hand import item

CODE = enrolment.make_code(bytes(range(10)))
KEYS = derive_code_keys(CODE)
OTHER = derive_code_keys("0" * 16)
REQUEST = EnrolmentRequest(
    code_id=KEYS.code_id,
    csr=b"csr",
    signing_key=bytes(32),
    sealing_key=bytes(32),
    officers=[OfficerRequest(officer=OFFICER, name="Siti", public_key=bytes(32))],
    program="0.1.0",
)
ANSWER = EnrolmentAnswer(
    node=NODE,
    village=NODE.village,
    village_name="Desa Krikilan",
    subdistrict_name="Kecamatan Kalijambe",
    certificate="PEM",
    authority="PEM",
    broker_host="hub.example",
    broker_port=8883,
    keys=HubKeys(hub=HUB, log=LOG.verifier, message_key=bytes(32), sealing_key=bytes(32), permit_key=bytes(32)),
    checkpoint="note",
    officers=[b"certificate"],
    leases=[NumberLease(year=2026, first=1, last=200)],
    services=[b"service"],
    offices=[OfficeName(code=OfficeCode("one-stop"), name="DPMPTSP")],
)


def request(raw: bytes, keys: CodeKeys = KEYS) -> EnrolmentRequest:
    return enrolment.open_request(enrolment.parse_authenticated(raw), keys)


def answer(raw: bytes, keys: CodeKeys = KEYS) -> EnrolmentAnswer:
    return enrolment.open_answer(raw, keys)


def test_both_sides_derive_the_same_keys() -> None:
    derived = HKDF(algorithm=SHA256(), length=80, salt=None, info=b"simpul/v1/enrolment").derive(CODE.encode())
    assert CodeKeys(code_id=derived[:16], request_key=derived[16:48], response_key=derived[48:]) == KEYS
    assert len({KEYS.code_id, KEYS.request_key[:16], KEYS.response_key[:16]}) == 3


@pytest.mark.parametrize("typed", ["000g 40r4 0m30 e209", "OOOG-4OR4-OM3O-E2O9", " 000G.40R4.0M30.E209 "])
def test_a_code_may_be_typed_as_it_is_read(typed: str) -> None:
    assert derive_code_keys(typed) == KEYS


@pytest.mark.parametrize(
    "typed", ["", CODE[:-1], CODE + "0", CODE[:-1] + "U", CODE[:-1] + "é", "\ud800" * 16, "٠" * 16]
)
def test_what_is_no_code_is_refused(typed: str) -> None:
    with pytest.raises(EnrolmentError):
        derive_code_keys(typed)


def test_a_request_and_its_answer_are_read() -> None:
    raw = enrolment.authenticate(REQUEST, KEYS.request_key)
    assert request(raw) == REQUEST
    assert enrolment.claimed_code_id(enrolment.parse_authenticated(raw)) == KEYS.code_id
    assert enrolment.open_answer(enrolment.authenticate(ANSWER, KEYS.response_key), KEYS) == ANSWER


def test_the_frame_is_what_the_specification_says() -> None:
    body = to_bytes(REQUEST)
    mac = hmac.digest(KEYS.request_key, body, "sha256")
    assert enrolment.authenticate(REQUEST, KEYS.request_key) == item({"v": 1, "mac": mac, "body": body})


@pytest.mark.parametrize("key", [KEYS.response_key, OTHER.request_key, bytes(32), b""])
def test_a_request_without_the_code_is_refused(key: bytes) -> None:
    with pytest.raises(EnrolmentError):
        request(enrolment.authenticate(REQUEST, key))


@pytest.mark.parametrize("key", [KEYS.request_key, OTHER.response_key, bytes(32)])
def test_a_forged_answer_is_refused(key: bytes) -> None:
    with pytest.raises(EnrolmentError):
        enrolment.open_answer(enrolment.authenticate(ANSWER, key), KEYS)


def test_a_request_is_no_answer() -> None:
    with pytest.raises(EnrolmentError):
        enrolment.open_answer(enrolment.authenticate(REQUEST, KEYS.request_key), KEYS)
    with pytest.raises(ProtocolError):
        enrolment.open_answer(enrolment.authenticate(REQUEST, KEYS.response_key), KEYS)


def test_a_node_and_its_village_agree() -> None:
    wrong = msgspec.structs.replace(ANSWER, village=VillageCode("33.14.01.2002"))
    with pytest.raises(SchemaError):
        enrolment.open_answer(enrolment.authenticate(wrong, KEYS.response_key), KEYS)


@pytest.mark.parametrize(
    ("message", "changes"),
    [
        (REQUEST, {"code_id": bytes(15)}),
        (REQUEST, {"signing_key": bytes(33)}),
        (REQUEST, {"csr": bytes(4_001)}),
        (REQUEST, {"officers": []}),
        (REQUEST, {"officers": REQUEST.officers * 21}),
        (ANSWER, {"broker_port": 0}),
        (ANSWER, {"broker_port": 65_536}),
        (ANSWER, {"broker_host": "x" * 254}),
        (ANSWER, {"village_name": ""}),
        (ANSWER, {"subdistrict_name": "x" * 81}),
        (ANSWER, {"offices": ANSWER.offices * 61}),
        (ANSWER, {"offices": [OfficeName(code=OfficeCode("one-stop"), name="x" * 61)]}),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else type(value).__name__,
)
def test_messages_have_a_schema(message: Wire, changes: dict[str, object]) -> None:
    spoilt = msgspec.structs.replace(message, **changes)
    key = KEYS.request_key if isinstance(message, EnrolmentRequest) else KEYS.response_key
    reader = request if isinstance(message, EnrolmentRequest) else answer
    with pytest.raises(SchemaError):
        reader(enrolment.authenticate(spoilt, key))


def test_a_message_beyond_the_limit_is_refused_unread() -> None:
    with pytest.raises(TooLargeError):
        enrolment.parse_authenticated(b"\xff" * (MAX_ENROLMENT_BYTES + 1))


def test_a_fingerprint_is_read_aloud() -> None:
    letters = enrolment.fingerprint(bytes(32)).split("-")
    assert [len(group) for group in letters] == [4] * 6
    number = int.from_bytes(hashlib.sha256(bytes(32)).digest()[:15], "big")
    assert CROCKFORD.index(letters[0][0]) == number >> 115
    assert enrolment.fingerprint(bytes(32)) != enrolment.fingerprint(bytes(31) + b"\1")


@given(st.binary(max_size=300))
def test_random_bytes_raise_only_protocol_errors(raw: bytes) -> None:
    for data in (raw, to_bytes(Authenticated(body=raw, mac=hmac.digest(KEYS.response_key, raw, "sha256")))):
        with pytest.raises(ProtocolError):
            enrolment.open_answer(data, KEYS)
        with pytest.raises(ProtocolError):
            request(data)
        with pytest.raises(ProtocolError):
            enrolment.claimed_code_id(enrolment.parse_authenticated(data))


@given(st.text(max_size=40))
def test_any_typed_text_is_a_code_or_refused(typed: str) -> None:
    try:
        assert len(derive_code_keys(typed).code_id) == 16
    except ProtocolError:
        return


@given(st.integers(0, 1_000_000), st.integers(1, 255))
def test_no_changed_byte_passes(place: int, change: int) -> None:
    raw = bytearray(enrolment.authenticate(ANSWER, KEYS.response_key))
    raw[place % len(raw)] ^= change
    with pytest.raises(ProtocolError):
        enrolment.open_answer(bytes(raw), KEYS)
