"""Documents from hub to village: named in a sealed notice, fetched piece by piece, small pieces behind small messages.

A document is sealed once, with a content key of its own that only the sealed notice tells; the same bytes are sent
whenever a piece is asked for again. The node asks, a few pieces at a time: what the link can carry is its decision, and
receipts and notices overtake a large document. A bad, foreign or misplaced piece is refused alone.
"""

import hashlib
from typing import Annotated

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from protocol import codec
from protocol.chunks import chunk_count
from protocol.errors import AttachmentsInvalidError, ChunkAuthError
from protocol.limits import CHUNK_BYTES, MAX_CHUNK_MESSAGE_BYTES, MAX_DOCUMENT_BYTES, PROTOCOL_VERSION
from protocol.sealing import Digest
from protocol.wire import Wire, from_bytes, to_bytes

MAX_PIECES = -(-MAX_DOCUMENT_BYTES // CHUNK_BYTES)
PieceIndex = Annotated[int, msgspec.Meta(ge=0, le=MAX_PIECES)]


class PieceRange(msgspec.Struct, frozen=True, kw_only=True):
    """Pieces ``start`` up to but not including ``end``."""

    start: PieceIndex
    end: PieceIndex


class DocumentRef(msgspec.Struct, frozen=True, kw_only=True):
    """A document as a sealed notice names it."""

    document: Digest
    """Its random name."""
    title: Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
    media_type: Annotated[str, msgspec.Meta(pattern=r"\A[a-z]+/[a-z0-9.+-]{1,60}\Z")]
    size: Annotated[int, msgspec.Meta(ge=1, le=MAX_DOCUMENT_BYTES)]
    sha256: Digest
    pieces: Annotated[int, msgspec.Meta(ge=1, le=MAX_PIECES)]
    content_key: Digest


class DocumentOffer(Wire, frozen=True, kw_only=True):
    """Body of the open notice ``document``: enough to fetch a document, nothing about what is in it or for whom.

    So that it is there when the officer signs in: the sealed notice that has its key can be opened only then.
    """

    document: Digest
    pieces: Annotated[int, msgspec.Meta(ge=1, le=MAX_PIECES)]


class DocumentPiece(Wire, frozen=True, kw_only=True):
    """What travels on ``down/part``."""

    document: Digest
    index: PieceIndex
    box: Annotated[bytes, msgspec.Meta(max_length=CHUNK_BYTES + 16)]


class DocumentSealer:
    """Seals or opens the pieces of one document."""

    def __init__(self, ref: DocumentRef) -> None:
        """Derive the key of the pieces from the content key.

        Raises:
            AttachmentsInvalidError: size and number of pieces do not agree.
        """
        if ref.pieces != chunk_count(ref.size):
            reason = "piece count"
            raise AttachmentsInvalidError(reason)
        derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"simpul/v1/document")
        self._aead = AESGCM(derived.derive(ref.content_key))
        self._ref = ref

    def seal(self, index: int, plain: bytes) -> bytes:
        """Return the message for one piece."""
        box = self._aead.encrypt(index.to_bytes(12, "big"), plain, self._aad(index))
        return to_bytes(DocumentPiece(document=self._ref.document, index=index, box=box))

    def open(self, index: int, box: bytes) -> bytes:
        """Return the plain bytes of one piece.

        Raises:
            ChunkAuthError: damaged, foreign or in the wrong place.
        """
        try:
            return self._aead.decrypt(index.to_bytes(12, "big"), box, self._aad(index))
        except (InvalidTag, ValueError):
            raise ChunkAuthError from None

    def is_whole(self, content: bytes) -> bool:
        """Tell whether the joined pieces are the document that the notice named."""
        return len(content) == self._ref.size and hashlib.sha256(content).digest() == self._ref.sha256

    def _aad(self, index: int) -> bytes:
        return codec.encode([PROTOCOL_VERSION, self._ref.document, index, self._ref.pieces])


def parse_piece(raw: bytes) -> DocumentPiece:
    """Parse a piece; its box is still sealed.

    Raises:
        ProtocolError: size, form, version or schema.
    """
    return from_bytes(raw, DocumentPiece, max_bytes=MAX_CHUNK_MESSAGE_BYTES)
