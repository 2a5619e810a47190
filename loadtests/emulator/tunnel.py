"""Two network namespaces and a TUN device in each; this process carries the packets between them, badly. Linux, root.

The far side's programs listen on their own loopback (the embedded broker listens nowhere else): packets for the far
address are handed to 127.0.0.1 there, and the answers come back from the far
address. So the village's TCP talks to the broker's TCP.
"""

import contextlib
import ctypes
import fcntl
import heapq
import itertools
import os
import selectors
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from loadtests.emulator.packets import DESTINATION, SOURCE, with_address
from loadtests.emulator.shape import Lane

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
CLONE_NEWNET = 0x40000000
MTU = 1_400
LOOPBACK = "127.0.0.1"
LONGEST_SLEEP_S = 0.2
READ_BYTES = 65_536

_libc = ctypes.CDLL(None, use_errno=True)


def is_possible() -> str:
    """Return why there can be no tunnel on this machine; empty when there can."""
    if os.geteuid() != 0:
        return "not root"
    if not Path("/dev/net/tun").exists():
        return "no /dev/net/tun"
    name = f"simpul-try-{os.getpid()}"
    try:
        _ip("netns", "add", name)
        _ip("netns", "del", name)
    except (OSError, subprocess.CalledProcessError):
        return "no network namespaces"
    return ""


@contextlib.contextmanager
def namespaces(names: tuple[str, ...]) -> Iterator[None]:
    """Make namespaces, and remove them at the end; empty names stand for where we are."""
    made = []
    try:
        for name in filter(None, names):
            _ip("netns", "add", name)
            made.append(name)
            _ip("-n", name, "link", "set", "lo", "up")
        yield
    finally:
        for name in made:
            _ip("netns", "del", name)


@dataclass(frozen=True, kw_only=True)
class Ends:
    """Names and addresses of one tunnel; several may stand on one machine."""

    namespaces: tuple[str, str]
    """Near and far; an empty name: where this process is."""
    device: str
    near: str
    far: str

    @classmethod
    def numbered(cls, number: int, *, own_near: bool) -> "Ends":
        """Return the ends that belong to a number, such as a process id."""
        place = number % 16_000
        base = f"10.77.{place // 64}"
        return cls(
            namespaces=(f"desa-{number}" if own_near else "", f"kab-{number}"),
            device=f"sat{number}",
            near=f"{base}.{place % 64 * 4 + 1}",
            far=f"{base}.{place % 64 * 4 + 2}",
        )


class Tunnel:
    """The devices of both sides; ``run`` moves packets until told to stop."""

    def __init__(self, ends: Ends, up: Lane, down: Lane) -> None:
        """Open a device in each namespace."""
        self._lanes, self._far = (up, down), ends.far
        near, far = ends.namespaces
        self._devices = (
            _open_device(near, ends.device, ends.near, ends.far),
            _open_device(far, ends.device, ends.far, ends.near),
        )
        self._waiting: list[tuple[float, int, int, bytes]] = []
        self._order = itertools.count()

    def run(self, control: int, on_control: Callable[[], bool]) -> None:
        """Carry packets; call ``on_control`` when that file can be read, until it says False."""
        with selectors.DefaultSelector() as selector:
            for side, device in enumerate(self._devices):
                selector.register(device, selectors.EVENT_READ, side)
            selector.register(control, selectors.EVENT_READ, None)
            while True:
                now = time.monotonic()
                wait = min(LONGEST_SLEEP_S, max(0.0, self._waiting[0][0] - now)) if self._waiting else LONGEST_SLEEP_S
                for key, _ in selector.select(wait):
                    if key.data is not None:
                        self._take(key.data)
                    elif not on_control():
                        return
                self._deliver(time.monotonic())

    def _take(self, side: int) -> None:
        with contextlib.suppress(BlockingIOError):
            while packet := os.read(self._devices[side], READ_BYTES):
                arrives_at = self._lanes[side].send(len(packet), time.monotonic())
                if arrives_at is not None:
                    heapq.heappush(self._waiting, (arrives_at, next(self._order), side, packet))

    def _deliver(self, now: float) -> None:
        while self._waiting and self._waiting[0][0] <= now:
            _, _, side, packet = heapq.heappop(self._waiting)
            if not self._lanes[side].is_up:
                continue  # it was on its way when the link was cut
            if side == 0:
                packet = with_address(packet, DESTINATION, self._far, LOOPBACK)
            else:
                packet = with_address(packet, SOURCE, LOOPBACK, self._far)
            with contextlib.suppress(OSError):
                os.write(self._devices[1 - side], packet)


def _open_device(namespace: str, name: str, address: str, peer: str) -> int:
    """Open a TUN device inside a namespace; this process stays where it is."""
    home = os.open("/proc/self/ns/net", os.O_RDONLY)
    try:
        if namespace:
            _enter(os.open(f"/run/netns/{namespace}", os.O_RDONLY))
        device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TUN | IFF_NO_PI))
        _ip("addr", "add", address, "peer", peer, "dev", name)
        _ip("link", "set", name, "up", "mtu", str(MTU))
        Path(f"/proc/sys/net/ipv4/conf/{name}/route_localnet").write_text("1")
    finally:
        _enter(home)
    return device


def _enter(namespace: int) -> None:
    try:
        if _libc.setns(namespace, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")
    finally:
        os.close(namespace)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)  # the machine's own iproute2
