"""Cutting, sealing and joining attachments; which pieces are missing.

Each chunk is sealed on its own with AES-256-GCM: key = HKDF(content key, attachment index), nonce = chunk index,
associated data = bundle, attachment, index and count. A bad, foreign or misplaced chunk is refused alone.
A key never meets one nonce twice: the content key is fresh per bundle and every (attachment, index) is sealed once.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Annotated

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from protocol import codec
from protocol.errors import AttachmentDigestError, ChunkAuthError
from protocol.limits import (
    CHUNK_BYTES,
    MAX_ATTACHMENT_BYTES,
    MAX_ATTACHMENTS,
    MAX_CHUNK_MESSAGE_BYTES,
    MAX_NEED_RANGES,
    PROTOCOL_VERSION,
)
from protocol.sealing import Digest
from protocol.wire import Wire, from_bytes, to_bytes

MAX_CHUNKS = -(-MAX_ATTACHMENT_BYTES // CHUNK_BYTES)

AttachmentIndex = Annotated[int, msgspec.Meta(ge=0, lt=MAX_ATTACHMENTS)]
ChunkIndex = Annotated[int, msgspec.Meta(ge=0, le=MAX_CHUNKS)]


class Chunk(Wire, frozen=True, kw_only=True):
    """What travels on ``up/chunk``."""

    bundle: Digest
    attachment: AttachmentIndex
    index: ChunkIndex
    box: Annotated[bytes, msgspec.Meta(max_length=CHUNK_BYTES + 16)]


class MissingRange(msgspec.Struct, frozen=True, kw_only=True):
    """Chunks ``start`` up to but not including ``end`` of one attachment."""

    attachment: AttachmentIndex
    start: ChunkIndex
    end: ChunkIndex


class Need(Wire, frozen=True, kw_only=True):
    """Hub to node: these pieces of a bundle are missing. Signed with purpose NEED."""

    bundle: Digest
    ranges: Annotated[list[MissingRange], msgspec.Meta(max_length=MAX_NEED_RANGES)]


def chunk_count(size: int) -> int:
    """Return into how many chunks a file of ``size`` bytes is cut; an empty file has none."""
    return -(-size // CHUNK_BYTES)


def plain_chunk(index: int, content: bytes) -> bytes:
    """Return the plain bytes of one chunk of a file."""
    return content[index * CHUNK_BYTES : (index + 1) * CHUNK_BYTES]


class ChunkSealer:
    """Seals or opens the chunks of one attachment of one bundle."""

    def __init__(self, content_key: bytes, bundle: bytes, attachment: int, count: int) -> None:
        """Derive the attachment's key from the bundle's 32-byte content key."""
        info = b"simpul/v1/chunk\0" + attachment.to_bytes(2, "big")
        self._aead = AESGCM(HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(content_key))
        self._bundle = bundle
        self._attachment = attachment
        self._count = count

    def seal(self, index: int, plain: bytes) -> bytes:
        """Return the message for one chunk."""
        box = self._aead.encrypt(_nonce(index), plain, self._aad(index))
        return to_bytes(Chunk(bundle=self._bundle, attachment=self._attachment, index=index, box=box))

    def open(self, index: int, box: bytes) -> bytes:
        """Return the plain bytes of one chunk.

        Raises:
            ChunkAuthError: damaged, foreign or in the wrong place.
        """
        try:
            return self._aead.decrypt(_nonce(index), box, self._aad(index))
        except (InvalidTag, ValueError):
            raise ChunkAuthError from None

    def _aad(self, index: int) -> bytes:
        return codec.encode([PROTOCOL_VERSION, self._bundle, self._attachment, index, self._count])


def parse_chunk(raw: bytes) -> Chunk:
    """Parse a chunk message; its box is still sealed.

    Raises:
        ProtocolError: size, form, version or schema.
    """
    return from_bytes(raw, Chunk, max_bytes=MAX_CHUNK_MESSAGE_BYTES)


def join(parts: Sequence[bytes], sha256: bytes) -> bytes:
    """Return the file.

    Raises:
        AttachmentDigestError: the joined parts are not the file that the manifest names.
    """
    content = b"".join(parts)
    if hashlib.sha256(content).digest() != sha256:
        raise AttachmentDigestError
    return content


def missing_ranges(attachment: int, count: int, have: Iterable[int]) -> list[MissingRange]:
    """Return the gaps between the chunks that are there, in order."""
    ranges: list[MissingRange] = []
    start = 0
    for index in [*sorted({number for number in have if number < count}), count]:
        if index > start:
            ranges.append(MissingRange(attachment=attachment, start=start, end=index))
        start = index + 1
    return ranges


def _nonce(index: int) -> bytes:
    return index.to_bytes(12, "big")
