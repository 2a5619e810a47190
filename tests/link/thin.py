"""Over 64 kbit/s, 700 ms and 5 % loss: how soon the manifest's receipt is there, how much of the link the scans use."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from loadtests.emulator.control import Emulator, emulated_link
from loadtests.processes import free_port
from tests.link.site import THIN, Site, open_site, wait
from tests.link.table import Row, at_least, at_most, told

SCANS = 1_000_000
RECEIPT_S = 12.0
SHARE = 0.85
MTU, HEADERS = 1_400, 52
"""IPv4 and TCP with timestamps."""

_LISTENER = """
import socket, sys
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("ready", flush=True)
opened, _ = server.accept()
while opened.recv(65536):
    pass
opened.sendall(b"!")
"""


def measure(directory: Path, kind: str | None = None) -> list[Row]:
    """Return the rows of the thin line."""
    with open_site(directory, kind=kind) as site:
        name, capacity, fill = f"[{site.link.place.kind}] ", THIN.rate_bps * (1 - THIN.loss), (MTU - HEADERS) / MTU
        receipt_s, after_s, scans_s, sealed = _hand_in(site)
    bare = bare_transfer(SCANS, kind)
    rate = sealed * 8 / scans_s
    return [
        at_most(name + "manifest receipt after the connect began", receipt_s, RECEIPT_S, "s"),
        told(name + "manifest receipt after the session stood", after_s, "s"),
        at_least(
            name + f"{sealed / 1e6:.2f} MB of scans, of what 5 % loss leaves (60.8 kbit/s)", rate / capacity, SHARE, "%"
        ),
        told(name + "  of the raw 64 kbit/s, headers not counted", rate / THIN.rate_bps, "%"),
        told(
            name + "  of the raw 64 kbit/s, with headers and lost packets",
            rate / fill / (1 - THIN.loss) / THIN.rate_bps,
            "%",
        ),
        told(name + "  a bare TCP transfer of the same size, of 60.8 kbit/s", bare / capacity, "%"),
    ]


def _hand_in(site: Site) -> tuple[float, float, float, int]:
    """Fill in and sign without a link, then connect; return the times of receipt and scans, and the sealed bytes."""
    site.link.cut()
    site.pc.program.stop()
    site.pc.start()
    officer = site.pc.officer()
    officer.sign_in()
    officer.submit(site.application(scans=SCANS))
    site.pc.program.stop()
    site.link.restore()
    site.link.shape(THIN)
    site.pc.start()
    wait(lambda: site.receipt_times("arrived"), "no receipt for the manifest", 60)
    wait(lambda: site.receipt_times("whole"), "the scans do not arrive", 600)
    arrived, whole = (next(iter(site.receipt_times(kind).values())) for kind in ("arrived", "whole"))
    trying, up = site.events("mqtt.trying")[-1], site.events("mqtt.up")[-1]
    return (
        (arrived - trying).total_seconds(),
        (arrived - up).total_seconds(),
        (whole - arrived).total_seconds(),
        site.sealed_bytes(),
    )


def bare_transfer(size: int, kind: str | None = None) -> float:
    """Return the bits per second of one TCP connection that does nothing but send, with this machine's default."""
    port = free_port()
    with emulated_link([port], kind=kind) as link, _listener(link, port):
        link.shape(THIN)
        with socket.create_connection((link.place.host, link.place.ports[port]), timeout=300) as sender:
            began = time.monotonic()
            sender.sendall(bytes(size))
            sender.shutdown(socket.SHUT_WR)
            sender.recv(1)
            return size * 8 / (time.monotonic() - began)


@contextmanager
def _listener(link: Emulator, port: int) -> Iterator[None]:
    command = [*link.place.run_far, sys.executable, "-c", _LISTENER, str(port)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        if process.stdout is not None:
            process.stdout.readline()
        yield
    finally:
        process.kill()
        process.wait()
