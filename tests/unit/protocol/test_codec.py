"""The strict profile: what is refused, and that what is accepted has one form (A10–A13, E01–E09)."""

import time
import tracemalloc

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import codec
from protocol.errors import MalformedError, ProtocolError, TooLargeError
from protocol.limits import MAX_DEPTH, MAX_INTEGER, MAX_TEXT_BYTES

TEXT = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "Zs"], max_codepoint=0x2FF), max_size=40)
SCALARS = st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | st.binary(max_size=80) | TEXT
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXT, inner, max_size=5), max_leaves=20
)

HOSTILE = {
    "E01 nested arrays": "81" * 60_000 + "80",
    "E01 nested maps": "a16161" * 20_000 + "a0",
    "E02 half float": "f93c00",
    "E02 NaN": "f97e00",
    "E02 infinity": "f97c00",
    "E02 double 1e300": "fb7e37e43c8800759c",
    "E02 2^53 + 1": "1b0020000000000001",
    "E02 -2^53 - 1": "3b0020000000000000",
    "E02 2^64 - 1": "1bffffffffffffffff",
    "E02 bignum": "c249010000000000000000",
    "E02 negative bignum": "c349010000000000000000",
    "E02 bignum of 20 kB": "c2594e20" + "ff" * 20_000,
    "E02 decimal 10^(2^31)": "c4821a7fffffff01",
    "E02 bigfloat": "c5821a7fffffff01",
    "E03 duplicate keys": "a2616101616102",
    "E03 duplicate integer keys": "a2010101f6",
    "E05 overlong UTF-8": "62c080",
    "E05 UTF-16 bytes": "64fffe6100",
    "E05 not UTF-8": "61ff",
    "E05 lone surrogate": "63eda080",
    "E05 truncated sequence": "61c3",
    "E05 NUL": "63610062",
    "E05 NUL in a key": "a163610062f6",
    "E05 not NFC": "6361cc81",
    "E05 not NFC, Hangul": "66e18480e185a1",
    "E06 long form of 23": "1817",
    "E06 long form of 255": "1900ff",
    "E06 long length": "580161",
    "E06 keys out of order": "a2616201616101",
    "E06 longer key first": "a262616101616101",
    "E06 mixed keys": "a2010161610a",
    "E06 keys of both signs": "a2012020f6",
    "E06 boolean key": "a1f501",
    "E06 bytes key": "a1416101",
    "E06 null key": "a1f601",
    "E06 array key": "a1810101",
    "E06 map key": "a1a001",
    "E08 tag 0": "c074323032362d31312d32345430303a30303a30305a",
    "E08 tag 1": "c100",
    "E08 tag 28 shareable": "d81c80",
    "E08 tag 29 cycle": "d81c81d81d00",
    "E08 tag 35 regular expression": "d82362282b",
    "E08 tag 36 e-mail": "d8246161",
    "E08 tag 37 UUID": "d82550" + "00" * 16,
    "E08 tag 258 set": "d9010281f6",
    "E08 tag 256 string references": "d9010080",
    "E08 tag 55799 self-described": "d9d9f700",
    "E08 unknown tag": "d9ffff00",
    "E08 tag inside of an array": "81c100",
    "E08 tag as a key": "a1c10000",
    "E09 trailing byte": "0000",
    "E09 two items": "a0a0",
    "E09 indefinite bytes": "5f4161ff",
    "E09 indefinite text": "7f6161ff",
    "E09 indefinite array": "9f00ff",
    "E09 indefinite map": "bf616100ff",
    "E09 lone break": "ff",
    "undefined": "f7",
    "simple value": "f0",
    "simple value in two bytes": "f8ff",
    "reserved additional information": "1c",
    "nothing": "",
    "array cut short": "8201",
    "array of 2^40": "9b0000010000000000",
    "array of 2^64": "9bffffffffffffffff",
    "map of 2^40": "bb0000010000000000",
    "bytes of 2^40": "5b0000010000000000",
    "text of 2^40": "7b0000010000000000",
}


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE)
def test_hostile_bytes_are_refused(raw: str) -> None:
    data = bytes.fromhex(raw)
    with pytest.raises(MalformedError):
        codec.decode(data, max_bytes=len(data))


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE)
def test_hostile_bytes_cost_neither_memory_nor_time(raw: str) -> None:
    data = bytes.fromhex(raw)
    tracemalloc.start()
    started = time.perf_counter()
    with pytest.raises(MalformedError):
        codec.decode(data, max_bytes=len(data))
    took, (_, peak) = time.perf_counter() - started, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert took < 0.5
    assert peak < 2_000_000


def test_size_is_looked_at_before_anything_else() -> None:
    with pytest.raises(TooLargeError):
        codec.decode(b"\x81" * 50_000_000, max_bytes=1_000)  # E07


def test_depth_has_a_limit() -> None:
    deepest = b"\x81" * MAX_DEPTH + b"\x00"
    assert codec.encode(codec.decode(deepest, max_bytes=100)) == deepest
    with pytest.raises(MalformedError):
        codec.decode(b"\x81" + deepest, max_bytes=100)


@pytest.mark.parametrize("letter", ["a", "é", "あ"])
def test_a_long_text_is_refused(letter: str) -> None:
    text = letter * (MAX_TEXT_BYTES // len(letter.encode()))
    assert codec.decode(codec.encode(text), max_bytes=20_000) == text
    with pytest.raises(TooLargeError):
        codec.encode(text + "aaa")
    with pytest.raises(TooLargeError):
        codec.decode(cbor2.dumps(text + "aaa"), max_bytes=20_000)


@pytest.mark.parametrize("number", [0, 23, 24, 255, 256, 65_535, 65_536, 2**32, MAX_INTEGER, -1, -24, -MAX_INTEGER])
def test_integers_within_the_range_survive(number: int) -> None:
    assert codec.decode(codec.encode(number), max_bytes=9) == number


@pytest.mark.parametrize(
    "value",
    [1.0, float("nan"), MAX_INTEGER + 1, {1, 2}, (1, 2), {1: 1, "a": 1}, {True: 1}, {-1: 1, 1: 1}, "\ud800", "a\u0301"],
    ids=repr,
)
def test_values_outside_of_the_profile_are_not_encoded(value: object) -> None:
    with pytest.raises(MalformedError):
        codec.encode(value)


def test_a_map_is_asked_for() -> None:
    for raw in (b"\x80", b"\xa1\x01\x01", b"\x00"):
        with pytest.raises(MalformedError):
            codec.decode_map(raw, max_bytes=10)
    assert codec.decode_map(b"\xa0", max_bytes=10) == {}


@given(VALUES)
def test_encoding_and_decoding_agree(value: object) -> None:
    raw = codec.encode(value)
    assert codec.decode(raw, max_bytes=len(raw)) == value
    assert codec.encode(codec.decode(raw, max_bytes=len(raw))) == raw


@given(st.binary(max_size=200))
def test_random_bytes_are_read_in_one_way_or_refused(raw: bytes) -> None:
    try:
        value = codec.decode(raw, max_bytes=200)
    except ProtocolError:
        return
    assert codec.encode(value) == raw  # E06


@given(VALUES, st.data())
def test_changed_bytes_are_read_in_one_way_or_refused(value: object, data: st.DataObject) -> None:
    raw = bytearray(codec.encode(value))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        read = codec.decode(bytes(raw), max_bytes=len(raw))
    except ProtocolError:
        return
    assert codec.encode(read) == bytes(raw)
