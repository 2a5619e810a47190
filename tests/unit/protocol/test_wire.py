"""From bytes to typed messages: versions, fields, kinds; and errors that repeat nothing."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import codec
from protocol.bundle import Manifest, parse_manifest
from protocol.errors import MalformedError, ProtocolError, SchemaError, TooLargeError, VersionError
from protocol.mailbox import NumberLease
from protocol.wire import from_bytes, from_value, to_bytes
from tests.unit.protocol.builders import A_MANIFEST, a_manifest

MANIFEST: dict[str, object] = {**codec.decode_map(to_bytes(A_MANIFEST), max_bytes=48_000)}


def refused(**changes: object) -> str:
    with pytest.raises(SchemaError) as refusal:
        parse_manifest(codec.encode({**MANIFEST, **changes}))
    return str(refusal.value)


def test_a_message_survives_the_wire() -> None:
    assert from_bytes(to_bytes(A_MANIFEST), Manifest, max_bytes=48_000) == A_MANIFEST
    assert type(from_bytes(to_bytes(A_MANIFEST), Manifest, max_bytes=48_000).node) is type(A_MANIFEST.node)


ADDED = {"corrects", "remarks"}
"""A hub that does not know them refuses the used number, or shows no remark: nothing wrong happens (ADR 0010)."""


@pytest.mark.parametrize("name", sorted(ADDED))
def test_what_was_added_may_be_left_out(name: str) -> None:
    kept = {key: value for key, value in MANIFEST.items() if key != name}
    assert from_bytes(codec.encode(kept), Manifest, max_bytes=48_000) == A_MANIFEST


@pytest.mark.parametrize("name", sorted(set(MANIFEST) - ADDED))
def test_no_field_may_be_missing(name: str) -> None:
    kept = {key: value for key, value in MANIFEST.items() if key != name}
    with pytest.raises(VersionError if name == "v" else SchemaError):
        from_bytes(codec.encode(kept), Manifest, max_bytes=48_000)


@pytest.mark.parametrize("name", sorted(MANIFEST))
@pytest.mark.parametrize("value", [True, -1, "", b"", [[]], {"x": [1]}], ids=repr)
def test_a_field_of_another_kind_is_refused(name: str, value: object) -> None:
    with pytest.raises(ProtocolError):
        from_bytes(codec.encode({**MANIFEST, name: value}), Manifest, max_bytes=48_000)


@pytest.mark.parametrize("version", [0, 2, -1, "1", None, 2**53])
def test_another_version_is_refused(version: object) -> None:
    with pytest.raises(VersionError):
        from_bytes(codec.encode({**MANIFEST, "v": version}), Manifest, max_bytes=48_000)


def test_true_is_no_version() -> None:
    assert refused(v=True) == "schema: $.v"


def test_a_field_that_we_do_not_know_is_ignored() -> None:
    raw = codec.encode({**MANIFEST, "zz_future": [1, {"deep": b"x"}]})
    assert from_bytes(raw, Manifest, max_bytes=48_000) == A_MANIFEST  # ADR 0010


def test_text_never_passes_for_bytes() -> None:
    assert refused(salt=base64.b64encode(bytes(32)).decode()) == "schema: $.salt"


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_digest_has_32_bytes(size: int) -> None:
    assert refused(salt=bytes(size)) == "schema: $.salt"


@pytest.mark.parametrize("nik", ["331499010190000", "33149901019000011", "33149901019000०१", "3314990101900001\n", ""])
def test_a_nik_is_sixteen_ascii_digits(nik: str) -> None:
    assert (
        refused(applicant={"name": "A", "nik": nik, "phone": None, "address": ""}) == "schema: $.applicant.nik"
    )  # E23


@pytest.mark.parametrize("phone", ["+628123456789\n", "12345", "0812 3456", "٠٨١٢٣٤٥٦٧"])
def test_a_phone_number_is_digits(phone: str) -> None:
    applicant = {"name": "A", "nik": None, "phone": phone, "address": ""}
    assert refused(applicant=applicant) == "schema: $.applicant.phone"


@pytest.mark.parametrize("name", ["A", "Ma'ruf", 'Siti "Iti" Aminah', "Ñandú", "x" * 120, "<script>", "Sukarno"])
def test_a_name_is_taken_unchanged(name: str) -> None:
    applicant = {"name": name, "nik": None, "phone": None, "address": ""}
    read = from_bytes(codec.encode({**MANIFEST, "applicant": applicant}), Manifest, max_bytes=48_000)
    assert read.applicant.name == name  # E24


@pytest.mark.parametrize("name", ["", "x" * 121])
def test_a_name_has_1_to_120_characters(name: str) -> None:
    applicant = {"name": name, "nik": None, "phone": None, "address": ""}
    assert refused(applicant=applicant) == "schema: $.applicant.name"


@pytest.mark.parametrize("key", ["Bad", "", "1", "a b", "a" * 41])
def test_answers_and_remarks_have_field_keys(key: str) -> None:
    refused(answers={key: 1})
    refused(remarks={key: "x"})


@pytest.mark.parametrize("value", [b"x", [], {}, None])
def test_answers_are_text_numbers_or_yes_and_no(value: object) -> None:
    assert refused(answers={"a": value}) == "schema: $.answers[...]"


def test_answers_have_a_limit() -> None:
    assert refused(answers={f"a{number}": 1 for number in range(81)}) == "schema: $.answers"


@pytest.mark.parametrize(
    "changes",
    [
        {"applicant": {"name": "SITI RAHAYU", "nik": "3314990101900001x", "phone": None, "address": ""}},
        {"registration_no": "SITI RAHAYU"},
        {"answers": {"SITI RAHAYU": 1}},
        {"answers": {"a": b"SITI RAHAYU"}},
        {"node": "SITI RAHAYU"},
    ],
)
def test_an_error_repeats_nothing_of_the_message(changes: dict[str, object]) -> None:
    text = refused(**changes)
    assert "SITI" not in text
    assert "3314" not in text


def test_size_is_checked_first() -> None:
    raw = to_bytes(A_MANIFEST)
    with pytest.raises(TooLargeError):
        from_bytes(raw, Manifest, max_bytes=len(raw) - 1)


def test_a_list_is_no_message() -> None:
    with pytest.raises(MalformedError):
        from_bytes(b"\x80", Manifest, max_bytes=10)
    values: list[object] = [[], None, 1, "v", {1: 1}]
    for value in values:
        with pytest.raises(ProtocolError):
            from_value(value, NumberLease)


@given(st.text(min_size=1, max_size=50), st.integers(0, 2**53))
def test_the_text_of_an_answer_is_kept(text: str, number: int) -> None:
    try:
        raw = to_bytes(a_manifest(answers={"a": text, "b": number, "c": True}))
    except MalformedError:
        return  # not NFC: the node normalises before it seals
    assert from_bytes(raw, Manifest, max_bytes=48_000).answers == {"a": text, "b": number, "c": True}
