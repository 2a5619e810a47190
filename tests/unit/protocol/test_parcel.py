"""The parcel file: what was read before a spoilt place is good, and nothing raises but ParcelError."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import ParcelError
from protocol.limits import BROKER_MAX_PACKET_BYTES
from protocol.parcel import (
    LENGTH_BYTES,
    MAGIC,
    MAX_FRAME_BYTES,
    Direction,
    Frame,
    ParcelHeader,
    frame_bytes,
    header_bytes,
    read_frames,
    read_header,
)
from tests.unit.protocol.builders import HUB, NODE

HEADER = ParcelHeader(hub=HUB, node=NODE, direction=Direction.UP, made_at=1_795_000_000_000)
FRAMES = [Frame(kind="mail", payload=b"one"), Frame(kind="bundle", payload=b"two"), Frame(kind="chunk", payload=b"")]
WHOLE = header_bytes(HEADER) + b"".join(map(frame_bytes, FRAMES))


def read_all(raw: bytes) -> tuple[list[Frame], bool]:
    """Return the frames before the first spoilt place, and whether there was none."""
    source = io.BytesIO(raw)
    read_header(source)
    found: list[Frame] = []
    try:
        for frame in read_frames(source):
            found.append(frame)  # noqa: PERF402  # what came before an error counts
    except ParcelError:
        return found, False
    return found, True


def test_a_parcel_is_read_as_it_was_written() -> None:
    assert read_header(io.BytesIO(WHOLE)) == HEADER
    assert read_all(WHOLE) == (FRAMES, True)
    assert read_all(header_bytes(HEADER)) == ([], True)


@pytest.mark.parametrize("cut", range(len(header_bytes(HEADER)), len(WHOLE)))
def test_a_cut_file_loses_its_tail_alone(cut: int) -> None:
    found, is_whole = read_all(WHOLE[:cut])
    assert found == FRAMES[: len(found)]
    ends = [len(header_bytes(HEADER)) + sum(len(frame_bytes(frame)) for frame in FRAMES[:count]) for count in range(4)]
    assert is_whole == (cut in ends)


@pytest.mark.parametrize("cut", range(len(header_bytes(HEADER))))
def test_a_cut_header_is_no_parcel(cut: int) -> None:
    with pytest.raises(ParcelError):
        read_header(io.BytesIO(WHOLE[:cut]))


@pytest.mark.parametrize("length", [MAX_FRAME_BYTES + 1, 2**32 - 1])
def test_a_length_beyond_the_limit_is_refused_unread(length: int) -> None:
    source = io.BytesIO(header_bytes(HEADER) + length.to_bytes(LENGTH_BYTES, "big") + b"x")
    read_header(source)
    with pytest.raises(ParcelError):
        next(read_frames(source))
    assert source.tell() == len(header_bytes(HEADER)) + LENGTH_BYTES


def test_the_largest_message_fits_a_frame() -> None:
    frame = Frame(kind="bundle", payload=bytes(BROKER_MAX_PACKET_BYTES))
    assert read_all(header_bytes(HEADER) + frame_bytes(frame)) == ([frame], True)


@given(st.binary(max_size=400))
def test_random_bytes_raise_only_parcel_errors(raw: bytes) -> None:
    with pytest.raises(ParcelError):
        read_header(io.BytesIO(raw))
    with pytest.raises(ParcelError):
        read_header(io.BytesIO(MAGIC + raw))
    found, is_whole = read_all(header_bytes(HEADER) + raw)
    assert (found, is_whole) == ([], not raw) or found


@given(st.integers(len(header_bytes(HEADER)), len(WHOLE) - 1), st.integers(1, 255))
def test_a_spoilt_frame_costs_what_follows_at_most(place: int, change: int) -> None:
    raw = bytearray(WHOLE)
    raw[place] ^= change
    found, _ = read_all(bytes(raw))
    assert len(found) <= len(FRAMES)
