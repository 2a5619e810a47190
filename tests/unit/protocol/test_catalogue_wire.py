"""A service travels as deterministic bytes and is sound when it arrives."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import codec
from protocol.catalogue import (
    OfficeCode,
    Text,
    catalogue_digest,
    service_bytes,
    service_digest,
    to_wire,
)
from protocol.catalogue_check import from_wire, parse_service
from protocol.errors import ProtocolError, SchemaError
from protocol.ids import ServiceCode
from tests.unit.protocol.catalogue_samples import SERVICE, a_service


def test_a_service_survives_the_wire() -> None:
    assert parse_service(service_bytes(SERVICE)) == SERVICE


def test_the_bytes_are_the_strict_profile() -> None:
    raw = service_bytes(SERVICE)
    assert codec.encode(codec.decode(raw, max_bytes=len(raw))) == raw


def test_a_decoded_value_is_read_too() -> None:
    assert from_wire(to_wire(SERVICE)) == SERVICE


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(SchemaError):
        from_wire(to_wire(SERVICE) | {"surcharge": 1})


def test_an_unsound_service_is_refused_with_its_place() -> None:
    broken = a_service(stages=SERVICE.stages[1:])
    with pytest.raises(SchemaError, match=r"\$\.stages\[0\]\.after: completeness is not an earlier stage"):
        parse_service(service_bytes(broken))


@given(st.binary(max_size=200))
def test_random_bytes_raise_only_protocol_errors(raw: bytes) -> None:
    with pytest.raises(ProtocolError):
        parse_service(raw)


@given(st.data())
def test_a_changed_byte_raises_only_protocol_errors(data: st.DataObject) -> None:
    raw = bytearray(service_bytes(SERVICE))
    raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        parse_service(bytes(raw))
    except ProtocolError:
        return


def test_the_catalogue_digest_does_not_depend_on_order() -> None:
    one, two = service_bytes(SERVICE), service_bytes(a_service(code=ServiceCode("OTHER")))
    assert catalogue_digest((one, two)) == catalogue_digest((two, one)) != catalogue_digest((one,))
    assert len(service_digest(one)) == 32


@pytest.mark.parametrize(
    "code",
    ["one-stop", "civil-registry", "inspectorate", "agency.dinkes", "subdistrict.33.14.01", "village.33.14.01.2001"],
)
def test_office_codes(code: str) -> None:
    assert OfficeCode(code) == code


@pytest.mark.parametrize(
    "code",
    ["", "one_stop", "agency.", "agency.DINKES", "subdistrict.33.14", "village.33.14.01", "village.33.14.01.4001"],
)
def test_wrong_office_codes_are_refused(code: str) -> None:
    with pytest.raises(SchemaError):
        OfficeCode(code)


def test_a_text_speaks_indonesian_unless_asked_for_english() -> None:
    text = Text(id="izin", en="permit")
    assert (text.in_language("id"), text.in_language("en"), text.in_language("jv")) == ("izin", "permit", "izin")


def test_fields_and_requirements_are_found_by_key() -> None:
    assert SERVICE.field("length") is SERVICE.fields[3]
    assert SERVICE.requirement("lease") is SERVICE.requirements[1]
    assert (SERVICE.field("x"), SERVICE.requirement("x")) == (None, None)
