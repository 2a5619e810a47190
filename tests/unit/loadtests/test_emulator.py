"""How the emulated link treats packets: rate, delay, loss, queue, outages; and that rewritten packets stay whole."""

import socket
import struct
from random import Random

import pytest

from loadtests.emulator.packets import DESTINATION, SOURCE, with_address
from loadtests.emulator.shape import Lane, Profile

SLOW = Profile(rate_bps=64_000, delay_s=0.35)
NEAR, FAR, HOME = "10.77.0.1", "10.77.0.2", "127.0.0.1"


def lane(profile: Profile, seed: int = 1) -> Lane:
    return Lane(profile, Random(seed).random)


def test_a_packet_takes_its_time_on_the_link_and_half_a_round_trip() -> None:
    assert lane(SLOW).send(800, now=10.0) == pytest.approx(10.0 + 0.1 + 0.35)


def test_packets_queue_behind_one_another() -> None:
    link = lane(SLOW)
    arrivals = [link.send(800, now=0.0) for _ in range(3)]
    assert arrivals == pytest.approx([0.45, 0.55, 0.65])


def test_a_full_queue_drops() -> None:
    link = lane(SLOW)
    arrived = [link.send(1_000, now=0.0) is not None for _ in range(40)]
    assert sum(arrived) == SLOW.queue_bytes // 1_000
    assert link.traffic.overflowed == 8_000


def test_loss_takes_its_share_and_uses_the_link_all_the_same() -> None:
    link = lane(Profile(rate_bps=1e6, loss=0.05, queue_bytes=10**9))
    lost = sum(link.send(100, now=0.0) is None for _ in range(10_000))
    assert 400 < lost < 600
    assert link.backlog(0.0) == pytest.approx(100 * 10_000)


def test_nothing_passes_a_link_that_is_down() -> None:
    link = lane(SLOW)
    link.cut()
    assert link.send(100, now=0.0) is None
    link.restore()
    assert link.send(100, now=0.0) is not None
    assert (link.traffic.sent, link.traffic.lost, link.traffic.arrived) == (200, 100, 100)


def checksum(data: bytes) -> int:
    padded = data + b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def tcp_packet(source: str, destination: str, payload: bytes) -> bytes:
    """Build a packet with right checksums, from the definition and not by the code under test."""
    addresses = socket.inet_aton(source) + socket.inet_aton(destination)
    segment = struct.pack("!HHIIBBHHH", 4_000, 8_883, 7, 9, 5 << 4, 24, 512, 0, 0) + payload
    pseudo = addresses + struct.pack("!BBH", 0, 6, len(segment))
    segment = segment[:16] + struct.pack("!H", checksum(pseudo + segment)) + segment[18:]
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(segment), 1, 0, 64, 6, 0) + addresses
    return header[:10] + struct.pack("!H", checksum(header)) + header[12:] + segment


@pytest.mark.parametrize("payload", [b"", b"x", b"a scan" * 99, b"\xff" * 1_000, bytes(7)])
def test_an_address_is_rewritten_with_both_checksums(payload: bytes) -> None:
    there = with_address(tcp_packet(NEAR, FAR, payload), DESTINATION, FAR, HOME)
    assert there == tcp_packet(NEAR, HOME, payload)
    assert with_address(tcp_packet(HOME, NEAR, payload), SOURCE, HOME, FAR) == tcp_packet(FAR, NEAR, payload)


@pytest.mark.parametrize("packet", [b"", b"\x60" + bytes(60), tcp_packet(NEAR, "10.0.0.9", b"x")])
def test_other_packets_stay_as_they_are(packet: bytes) -> None:
    assert with_address(packet, DESTINATION, FAR, HOME) == packet
