"""A parcel: the same sealed messages in a file, for a village without a link. USB stick up, USB stick down.

Form: the magic line, the length-prefixed header (``ParcelHeader``), then length-prefixed frames (``Frame``). Lengths
are 4 bytes, big-endian. The file adds no trust and takes none away: every message inside is verified as if it had come
over the broker, so a stick used twice, cut short or carried on two roads at once changes nothing.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Protocol

import msgspec

from protocol.errors import ParcelError, ProtocolError
from protocol.ids import HubId, NodeId
from protocol.limits import BROKER_MAX_PACKET_BYTES
from protocol.wire import Wire, from_bytes, to_bytes

MAGIC = b"simpul parcel 1\n"
LENGTH_BYTES = 4
MAX_FRAME_BYTES = BROKER_MAX_PACKET_BYTES + 200


class Direction(StrEnum):
    """Which way a parcel goes."""

    UP = "up"  # from a node to the hub
    DOWN = "down"  # from the hub to a node


class ParcelHeader(Wire, frozen=True, kw_only=True):
    """Whose parcel it is. A claim: the messages prove who made them."""

    hub: HubId
    node: NodeId
    direction: Direction
    made_at: Annotated[int, msgspec.Meta(ge=0)]


class Frame(Wire, frozen=True, kw_only=True):
    """One message as it would travel on ``…/{up|down}/{kind}``."""

    kind: Annotated[str, msgspec.Meta(pattern=r"\A[a-z]{1,20}\Z")]
    payload: Annotated[bytes, msgspec.Meta(max_length=BROKER_MAX_PACKET_BYTES)]


class Reader(Protocol):
    """What a parcel is read from: an open binary file."""

    def read(self, size: int, /) -> bytes:
        """Return up to ``size`` bytes, fewer only at the end."""


def header_bytes(header: ParcelHeader) -> bytes:
    """Return the beginning of a parcel file."""
    return MAGIC + _prefixed(to_bytes(header))


def frame_bytes(frame: Frame) -> bytes:
    """Return one message as it is appended to the file."""
    return _prefixed(to_bytes(frame))


def read_header(source: Reader) -> ParcelHeader:
    """Read the beginning of a parcel file.

    Raises:
        ParcelError: not a parcel.
    """
    if source.read(len(MAGIC)) != MAGIC:
        raise ParcelError("magic")
    raw = _read_block(source)
    if raw is None:
        raise ParcelError("header")
    try:
        return from_bytes(raw, ParcelHeader, max_bytes=MAX_FRAME_BYTES)
    except ProtocolError:
        raise ParcelError("header") from None


def read_frames(source: Reader) -> Iterator[Frame]:
    """Yield the messages one by one. What was yielded before an error is good: a cut file loses its tail alone.

    Raises:
        ParcelError: cut short, or a frame that is none.
    """
    while (raw := _read_block(source)) is not None:
        try:
            yield from_bytes(raw, Frame, max_bytes=MAX_FRAME_BYTES)
        except ProtocolError:
            raise ParcelError("frame") from None


def _prefixed(block: bytes) -> bytes:
    return len(block).to_bytes(LENGTH_BYTES, "big") + block


def _read_block(source: Reader) -> bytes | None:
    prefix = source.read(LENGTH_BYTES)
    if not prefix:
        return None
    length = int.from_bytes(prefix, "big")
    if len(prefix) < LENGTH_BYTES or length > MAX_FRAME_BYTES:
        raise ParcelError("length")
    block = source.read(length)
    if len(block) < length:
        raise ParcelError("cut short")
    return block
