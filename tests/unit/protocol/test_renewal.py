"""Renewal on the wire: the golden files, and what is not taken."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.envelope import Purpose, one_key, sign
from protocol.errors import IdentityError, ProtocolError, SchemaError, SignatureError
from protocol.ids import NodeId
from protocol.mailbox import Mail
from protocol.renewal import RenewalRequest, verify_certificate, verify_door_request
from protocol.vectors import make
from protocol.vectors import samples as s
from protocol.vectors.renewals import CERTIFICATE, DOOR
from protocol.wire import from_bytes, to_bytes

NEIGHBOUR = NodeId("3314012002-01")
FIND_NODE, FIND_HUB = one_key(s.NODE_KEY.public_key()), one_key(s.MESSAGE_KEY.public_key())


def golden(name: str) -> bytes:
    return bytes.fromhex(json.loads(make.read("renewal.json"))[name])


def test_the_golden_bytes_read_as_what_they_were_made_of() -> None:
    assert verify_door_request(golden("door"), node=s.NODE, find_key=FIND_NODE) == DOOR
    assert verify_certificate(golden("certificate"), node=s.NODE, find_key=FIND_HUB) == CERTIFICATE


def test_a_neighbour_can_use_neither() -> None:
    with pytest.raises(IdentityError):
        verify_door_request(golden("door"), node=NEIGHBOUR, find_key=FIND_NODE)
    with pytest.raises(IdentityError):
        verify_certificate(golden("certificate"), node=NEIGHBOUR, find_key=FIND_HUB)


def test_a_changed_certificate_is_refused() -> None:
    raw = bytearray(golden("certificate"))
    raw[-1] ^= 1
    with pytest.raises(SignatureError):
        verify_certificate(bytes(raw), node=s.NODE, find_key=FIND_HUB)


def test_a_node_cannot_certify_itself() -> None:
    own = sign(to_bytes(CERTIFICATE), key=s.NODE_KEY, purpose=Purpose.CERTIFICATE)
    with pytest.raises(ProtocolError):
        verify_certificate(own, node=s.NODE, find_key=FIND_HUB)


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_with_a_code(raw: bytes) -> None:
    for read, find in ((verify_door_request, FIND_NODE), (verify_certificate, FIND_HUB)):
        with suppress(ProtocolError):
            read(raw, node=s.NODE, find_key=find)


@pytest.mark.parametrize("size", [0, 4_001])
def test_a_signing_request_has_a_size(size: int) -> None:
    raw = to_bytes(Mail(node=s.NODE, cursor=0, renewal=RenewalRequest(csr=bytes(size))))
    with pytest.raises(SchemaError):
        from_bytes(raw, Mail, max_bytes=60_000)
