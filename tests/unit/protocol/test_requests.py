"""Outages, broadcasts and remote requests: the golden files, and what is not taken."""

import json
from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import requests
from protocol.errors import ProtocolError, SchemaError
from protocol.mailbox import Mail
from protocol.vectors import make
from protocol.vectors import requests as vectors
from protocol.vectors.samples import NODE
from protocol.wire import from_bytes, to_bytes

READERS = {
    "maintenance": (requests.read_maintenance, vectors.MAINTENANCE),
    "broadcast": (requests.read_broadcast, vectors.BROADCAST),
    "request": (requests.read_request, vectors.REQUEST),
}


@pytest.mark.parametrize("name", READERS)
def test_the_golden_bytes_read_as_what_they_were_made_of(name: str) -> None:
    read, expected = READERS[name]
    assert read(bytes.fromhex(json.loads(make.read("requests.json"))[name])) == expected


@pytest.mark.parametrize("name", READERS)
@given(raw=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_with_a_code(name: str, raw: bytes) -> None:
    with suppress(ProtocolError):
        READERS[name][0](raw)


def test_an_outage_ends_after_it_begins() -> None:
    turned = msgspec.structs.replace(vectors.MAINTENANCE, ends_at=vectors.MAINTENANCE.starts_at)
    with pytest.raises(SchemaError):
        requests.read_maintenance(to_bytes(turned))


def test_an_answer_travels_in_mail_and_a_sixth_is_refused() -> None:
    mail = Mail(node=NODE, cursor=0, answers=[vectors.ANSWER] * 5)
    assert from_bytes(to_bytes(mail), Mail, max_bytes=60_000) == mail
    crowded = msgspec.structs.replace(mail, answers=[vectors.ANSWER] * 6)
    with pytest.raises(SchemaError):
        from_bytes(to_bytes(crowded), Mail, max_bytes=60_000)


@pytest.mark.parametrize("name", ["01KB0000", "01kb000000000000000000000a", "../../../../../../../../x"])
def test_a_name_that_is_no_ulid_is_refused(name: str) -> None:
    with pytest.raises(SchemaError):
        requests.read_request(to_bytes(msgspec.structs.replace(vectors.REQUEST, request=name)))
