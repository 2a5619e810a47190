"""Rewrites the addresses of IPv4 packets, with their checksums, so that a program on loopback can be reached by tunnel.

Source: RFC 1624 (incremental update of the Internet checksum).
"""

import socket
import struct

TCP, UDP = 6, 17
SOURCE, DESTINATION = 12, 16
"""Where the addresses stand in an IPv4 header."""

_CHECKSUM_AT = {TCP: 16, UDP: 6}
_SHORTEST = 20


def with_address(packet: bytes, field: int, old: str, new: str) -> bytes:
    """Return the packet with one address replaced, when it is the old one; other packets unchanged."""
    was, now = socket.inet_aton(old), socket.inet_aton(new)
    if len(packet) < _SHORTEST or packet[0] >> 4 != 4 or packet[field : field + 4] != was:  # noqa: PLR2004  # IPv4
        return packet
    changed = bytearray(packet)
    changed[field : field + 4] = now
    _adjust(changed, 10, was, now)
    place = _CHECKSUM_AT.get(packet[9])
    header = (packet[0] & 15) * 4
    is_first_part = not struct.unpack_from("!H", packet, 6)[0] & 0x1FFF
    if place is not None and is_first_part and len(packet) >= header + place + 2:
        _adjust(changed, header + place, was, now)
    return bytes(changed)


def _adjust(packet: bytearray, place: int, was: bytes, now: bytes) -> None:
    """Update a checksum for four bytes that changed (RFC 1624, equation 3)."""
    total = ~struct.unpack_from("!H", packet, place)[0] & 0xFFFF
    for old, new in zip(struct.unpack("!2H", was), struct.unpack("!2H", now), strict=True):
        total += (~old & 0xFFFF) + new
    total = (total & 0xFFFF) + (total >> 16)
    total = (total & 0xFFFF) + (total >> 16)
    struct.pack_into("!H", packet, place, ~total & 0xFFFF)
