"""Documents down: pieces that authenticate alone, and nothing that is not the document that was named."""

import hashlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import codec
from protocol.chunks import plain_chunk
from protocol.documents import MAX_PIECES, DocumentRef, DocumentSealer, parse_piece
from protocol.errors import AttachmentsInvalidError, ChunkAuthError, ProtocolError, SchemaError, TooLargeError
from protocol.limits import CHUNK_BYTES, MAX_CHUNK_MESSAGE_BYTES, MAX_DOCUMENT_BYTES
from protocol.wire import from_bytes, to_bytes

CONTENT = bytes(place % 251 for place in range(CHUNK_BYTES + 10))


def a_ref(content: bytes = CONTENT) -> DocumentRef:
    return DocumentRef(
        document=hashlib.sha256(b"name").digest(),
        title="Surat Izin",
        media_type="application/pdf",
        size=len(content),
        sha256=hashlib.sha256(content).digest(),
        pieces=-(-len(content) // CHUNK_BYTES),
        content_key=hashlib.sha256(b"key").digest(),
    )


SEALER = DocumentSealer(a_ref())
PIECES = [SEALER.seal(index, plain_chunk(index, CONTENT)) for index in range(2)]


def test_pieces_join_to_the_document() -> None:
    opened = b"".join(SEALER.open(index, parse_piece(raw).box) for index, raw in enumerate(PIECES))
    assert opened == CONTENT
    assert SEALER.is_whole(opened)


def test_the_same_piece_is_the_same_bytes() -> None:
    assert DocumentSealer(a_ref()).seal(1, plain_chunk(1, CONTENT)) == PIECES[1]


@pytest.mark.parametrize(
    "changes",
    [{"document": bytes(32)}, {"content_key": bytes(32)}, {"size": 3 * CHUNK_BYTES, "pieces": 3}],
    ids=["name", "key", "count"],
)
def test_a_piece_of_another_document_does_not_open(changes: dict[str, object]) -> None:
    with pytest.raises(ChunkAuthError):
        DocumentSealer(msgspec.structs.replace(a_ref(), **changes)).open(0, parse_piece(PIECES[0]).box)


def test_a_piece_in_another_place_does_not_open() -> None:
    with pytest.raises(ChunkAuthError):
        SEALER.open(1, parse_piece(PIECES[0]).box)


@pytest.mark.parametrize("content", [CONTENT[:-1], CONTENT + b"\0", CONTENT[:-1] + b"\xff", b""])
def test_another_content_is_not_the_document(content: bytes) -> None:
    assert not SEALER.is_whole(content)


@pytest.mark.parametrize(("size", "pieces"), [(1, 2), (CHUNK_BYTES + 1, 1), (MAX_DOCUMENT_BYTES, 1)])
def test_size_and_pieces_must_agree(size: int, pieces: int) -> None:
    with pytest.raises(AttachmentsInvalidError):
        DocumentSealer(msgspec.structs.replace(a_ref(), size=size, pieces=pieces))


@pytest.mark.parametrize(
    "changes",
    [
        {"size": 0},
        {"size": MAX_DOCUMENT_BYTES + 1},
        {"pieces": 0},
        {"pieces": MAX_PIECES + 1},
        {"title": ""},
        {"media_type": "PDF"},
        {"document": bytes(31)},
    ],
    ids=str,
)
def test_a_ref_has_a_schema(changes: dict[str, object]) -> None:
    raw = to_bytes(msgspec.structs.replace(a_ref(), **changes))
    with pytest.raises(SchemaError):
        from_bytes(raw, DocumentRef, max_bytes=len(raw))


def test_the_largest_piece_is_within_its_limit() -> None:
    whole = a_ref(content=bytes(MAX_DOCUMENT_BYTES))
    raw = DocumentSealer(whole).seal(MAX_PIECES - 1, bytes(CHUNK_BYTES))
    assert len(raw) <= MAX_CHUNK_MESSAGE_BYTES
    assert whole.pieces == MAX_PIECES
    with pytest.raises(TooLargeError):
        parse_piece(bytes(MAX_CHUNK_MESSAGE_BYTES + 1))


@given(st.binary(max_size=200))
def test_random_bytes_raise_only_protocol_errors(raw: bytes) -> None:
    with pytest.raises(ProtocolError):
        parse_piece(raw)
    with pytest.raises(ProtocolError):
        SEALER.open(0, raw)


@given(st.integers(0, len(PIECES[1]) - 1), st.integers(1, 255))
def test_no_changed_byte_of_a_piece_passes(place: int, change: int) -> None:
    raw = bytearray(PIECES[1])
    raw[place] ^= change
    with pytest.raises(ProtocolError):
        take(bytes(raw))


def take(raw: bytes) -> bytes:
    """Do as a reader does, who refuses a piece of a document that he did not ask for."""
    piece = parse_piece(raw)
    if piece.document != a_ref().document:
        raise ChunkAuthError
    return SEALER.open(piece.index, piece.box)


@given(st.dictionaries(st.sampled_from(["v", "document", "index", "box"]), st.integers() | st.binary() | st.none()))
def test_other_fields_raise_only_protocol_errors(fields: dict[str, object]) -> None:
    try:
        raw = codec.encode(fields)
    except ProtocolError:
        return
    with pytest.raises(ProtocolError):
        parse_piece(raw)
