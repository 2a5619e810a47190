"""Data at rest opens with its key, at its place, unchanged; else not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.storage.errors import KeyringError
from hub.storage.keyring import DataKey, Keyring
from hub.storage.ports import SystemRandomness
from tests.ledgers import flipped

CHANCE = SystemRandomness()
OLD, NEW = bytes(32), bytes([1] * 32)
PLACE = "case.applicant:1"


@pytest.fixture
def key() -> DataKey:
    return Keyring([OLD]).new_data_key(CHANCE)


@given(plain=st.binary(max_size=2_000), place=st.text(max_size=40))
def test_what_was_sealed_opens_at_its_place(plain: bytes, place: str) -> None:
    ring = Keyring([OLD])
    key = ring.new_data_key(CHANCE)
    assert ring.unwrap(key.wrapped).open(key.seal(plain, place, CHANCE), place) == plain


def test_a_value_that_was_moved_does_not_open(key: DataKey) -> None:
    sealed = key.seal(b"Sutrisno", PLACE, CHANCE)
    with pytest.raises(KeyringError):
        key.open(sealed, "case.applicant:2")


def test_a_value_of_another_case_does_not_open(key: DataKey) -> None:
    other = Keyring([OLD]).new_data_key(CHANCE)
    with pytest.raises(KeyringError):
        other.open(key.seal(b"Sutrisno", PLACE, CHANCE), PLACE)


def test_no_changed_bit_passes(key: DataKey) -> None:
    sealed = key.seal(b"Sutrisno", PLACE, CHANCE)
    for place in range(len(sealed)):
        with pytest.raises(KeyringError):
            key.open(flipped(sealed, place), PLACE)


@pytest.mark.parametrize("sealed", [b"", b"\x01", b"\x01" + bytes(11), b"\x01" + bytes(13)])
def test_what_is_too_short_does_not_open(key: DataKey, sealed: bytes) -> None:
    with pytest.raises(KeyringError):
        key.open(sealed, PLACE)


def test_no_changed_bit_of_a_wrapped_key_passes(key: DataKey) -> None:
    for place in range(len(key.wrapped)):
        with pytest.raises(KeyringError):
            Keyring([OLD]).unwrap(flipped(key.wrapped, place))


def test_the_same_value_is_never_sealed_alike(key: DataKey) -> None:
    assert key.seal(b"x", PLACE, CHANCE) != key.seal(b"x", PLACE, CHANCE)


def test_after_a_new_wrapping_key_the_old_values_still_open(key: DataKey) -> None:
    ring = Keyring([NEW, OLD])
    assert ring.unwrap(key.wrapped).open(key.seal(b"x", PLACE, CHANCE), PLACE) == b"x"
    with pytest.raises(KeyringError, match="not here"):
        Keyring([OLD]).unwrap(ring.new_data_key(CHANCE).wrapped)


@pytest.mark.parametrize("keys", [[], [b"short"]])
def test_a_ring_needs_whole_keys(keys: list[bytes]) -> None:
    with pytest.raises(KeyringError):
        Keyring(keys)


def test_a_key_does_not_show_itself(key: DataKey) -> None:
    assert "AESGCM" not in repr(key)


@given(value=st.binary(max_size=40), other=st.binary(max_size=40))
def test_a_mark_tells_equal_values_and_nothing_else(value: bytes, other: bytes) -> None:
    ring = Keyring([OLD], NEW)
    assert (ring.blind(value, "nik") == ring.blind(other, "nik")) is (value == other)
    assert ring.blind(value, "nik") != ring.blind(value, "address")
    assert ring.blind(value, "nik") != Keyring([OLD], bytes([2] * 32)).blind(value, "nik")


def test_a_mark_of_one_purpose_cannot_be_made_under_another() -> None:
    ring = Keyring([OLD], NEW)
    assert ring.blind(b"x", "a") != ring.blind(b"\0x", "a")
    assert ring.blind(b"b\0x", "a") != ring.blind(b"x", "a\0b")


def test_without_its_key_nothing_is_marked() -> None:
    with pytest.raises(KeyringError, match="blind-index"):
        Keyring([OLD]).blind(b"3314990101900001", "nik")


@given(parts=st.lists(st.binary(max_size=200), max_size=6), place=st.text(max_size=40))
def test_parts_are_sealed_as_one_value(parts: list[bytes], place: str) -> None:
    key = Keyring([OLD]).new_data_key(CHANCE)
    assert key.open(b"".join(key.seal_parts(parts, place, CHANCE)), place) == b"".join(parts)
