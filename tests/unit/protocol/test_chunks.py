"""Pieces of files: cut, sealed, joined; a piece that is spoilt, foreign or misplaced is refused alone."""

import hashlib
from itertools import pairwise

import msgspec
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from protocol import chunks, codec
from protocol.chunks import ChunkSealer, MissingRange, chunk_count, join, missing_ranges, parse_chunk, plain_chunk
from protocol.errors import AttachmentDigestError, ChunkAuthError, ProtocolError, SchemaError, TooLargeError
from protocol.limits import CHUNK_BYTES, MAX_ATTACHMENT_BYTES, MAX_CHUNK_MESSAGE_BYTES
from tests.unit.protocol.builders import CONTENT_KEY
from tests.unit.protocol.cose_by_hand import item

BUNDLE = hashlib.sha256(b"bundle").digest()
SEALER = ChunkSealer(CONTENT_KEY, BUNDLE, 1, 3)
RAW = SEALER.seal(2, b"plain")
CHUNK = parse_chunk(RAW)


@pytest.mark.parametrize(
    ("size", "count"),
    [
        (0, 0),
        (1, 1),
        (CHUNK_BYTES - 1, 1),
        (CHUNK_BYTES, 1),
        (CHUNK_BYTES + 1, 2),
        (7 * CHUNK_BYTES - 1, 7),
        (7 * CHUNK_BYTES, 7),
        (7 * CHUNK_BYTES + 1, 8),
        (MAX_ATTACHMENT_BYTES, chunks.MAX_CHUNKS),
        (2**53, -(-(2**53) // CHUNK_BYTES)),
    ],
)
def test_into_how_many_pieces_a_file_is_cut(size: int, count: int) -> None:
    assert chunk_count(size) == count  # E20


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES + 5])
def test_a_file_survives_cutting_sealing_and_joining(size: int) -> None:
    content = bytes(number % 251 for number in range(size))
    sealer = ChunkSealer(CONTENT_KEY, BUNDLE, 0, chunk_count(size))
    messages = [sealer.seal(index, plain_chunk(index, content)) for index in range(chunk_count(size))]
    assert all(len(raw) <= MAX_CHUNK_MESSAGE_BYTES for raw in messages)
    parts = [sealer.open(chunk.index, chunk.box) for chunk in map(parse_chunk, messages)]
    assert join(parts, hashlib.sha256(content).digest()) == content


def test_a_chunk_is_what_the_specification_says() -> None:
    info = b"simpul/v1/chunk\0" + b"\x00\x01"
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(CONTENT_KEY)
    box = AESGCM(key).encrypt(bytes(11) + b"\x02", b"plain", item([1, BUNDLE, 1, 2, 3]))
    assert item({"v": 1, "box": box, "index": 2, "bundle": BUNDLE, "attachment": 1}) == RAW


@pytest.mark.parametrize(
    ("key", "bundle", "attachment", "count", "index"),
    [
        (bytes(32), BUNDLE, 1, 3, 2),
        (CONTENT_KEY, bytes(32), 1, 3, 2),
        (CONTENT_KEY, BUNDLE, 0, 3, 2),
        (CONTENT_KEY, BUNDLE, 1, 4, 2),
        (CONTENT_KEY, BUNDLE, 1, 3, 1),
    ],
    ids=["key", "bundle", "attachment", "count", "index"],
)
def test_a_foreign_or_misplaced_chunk_is_refused(
    key: bytes, bundle: bytes, attachment: int, count: int, index: int
) -> None:
    with pytest.raises(ChunkAuthError):
        ChunkSealer(key, bundle, attachment, count).open(index, CHUNK.box)


def test_two_chunks_do_not_change_places() -> None:
    first, second = (parse_chunk(SEALER.seal(index, b"plain %d" % index)) for index in (0, 1))
    for index, chunk in ((0, second), (1, first)):
        with pytest.raises(ChunkAuthError):
            SEALER.open(index, chunk.box)


@pytest.mark.parametrize("box", [b"", b"x", CHUNK.box[:-1], CHUNK.box + b"\0", CHUNK.box[::-1]])
def test_a_spoilt_box_stays_closed(box: bytes) -> None:
    with pytest.raises(ChunkAuthError):
        SEALER.open(2, box)


@pytest.mark.parametrize(
    "changes",
    [
        {"index": -1},
        {"index": chunks.MAX_CHUNKS + 1},
        {"index": 2**40},
        {"index": "0"},
        {"attachment": -1},
        {"attachment": 24},
        {"bundle": bytes(31)},
        {"box": bytes(CHUNK_BYTES + 17)},
        {"box": "text"},
    ],
    ids=lambda changes: "-".join(map(str, changes)),
)
def test_a_chunk_has_a_schema(changes: dict[str, object]) -> None:
    with pytest.raises(SchemaError):
        parse_chunk(codec.encode({**codec.decode_map(RAW, max_bytes=1_000), **changes}))


def test_a_message_beyond_the_limit_is_refused_unread() -> None:
    with pytest.raises(TooLargeError):
        parse_chunk(b"\xff" * (MAX_CHUNK_MESSAGE_BYTES + 1))


def test_the_joined_file_is_the_one_that_was_named() -> None:
    with pytest.raises(AttachmentDigestError):
        join([b"a", b"c"], hashlib.sha256(b"ab").digest())


def test_gaps_are_named_in_order() -> None:
    ranges = [(gap.start, gap.end) for gap in missing_ranges(3, 10, [9, 2, 3, 3, 6, 99])]
    assert ranges == [(0, 2), (4, 6), (7, 9)]
    assert missing_ranges(0, 0, []) == []
    assert missing_ranges(0, 2, [0, 1]) == []
    assert missing_ranges(0, 2, []) == [MissingRange(attachment=0, start=0, end=2)]


@given(st.integers(0, 60), st.sets(st.integers(0, 70)))
def test_gaps_and_what_is_there_make_the_whole(count: int, have: set[int]) -> None:
    gaps = missing_ranges(0, count, have)
    missing = {index for gap in gaps for index in range(gap.start, gap.end)}
    assert missing == set(range(count)) - have
    assert all(one.end < other.start for one, other in pairwise(gaps))


@given(st.binary(max_size=200))
def test_random_bytes_raise_only_protocol_errors(raw: bytes) -> None:
    with pytest.raises(ProtocolError):
        parse_chunk(raw)
    with pytest.raises(ProtocolError):
        SEALER.open(0, raw)


@given(st.integers(0, len(RAW) - 1), st.integers(1, 255))
def test_no_changed_byte_passes(place: int, change: int) -> None:
    raw = bytearray(RAW)
    raw[place] ^= change
    try:
        chunk = parse_chunk(bytes(raw))
    except ProtocolError:
        return
    if (chunk.bundle, chunk.attachment, chunk.index) == (BUNDLE, 1, 2):
        with pytest.raises(ChunkAuthError):
            SEALER.open(chunk.index, chunk.box)
    else:
        assert msgspec.structs.replace(chunk, bundle=BUNDLE, attachment=1, index=2) == CHUNK
