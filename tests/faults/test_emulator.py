"""The link emulator itself, in both forms: what it says that it does to a link really happens to TCP."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from loadtests.emulator.control import Emulator, emulated_link
from loadtests.emulator.shape import Profile
from loadtests.emulator.tunnel import is_possible
from loadtests.processes import free_port
from tests.requirements import leave

ECHO = """
import socket, sys
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("ready", flush=True)
opened, _ = server.accept()
while data := opened.recv(65536):
    opened.sendall(data)
"""
ROUND_TRIP = Profile(rate_bps=1e6, delay_s=0.15)


@pytest.fixture(params=["tunnel", "relay"])
def link_and_port(request: pytest.FixtureRequest) -> Iterator[tuple[Emulator, int]]:
    kind = str(request.param)
    if kind == "tunnel" and (why := is_possible()):
        leave(f"no tunnel: {why}")
    port = free_port()
    with emulated_link([port], kind=kind if kind == "relay" else None) as link, echo(link, port):
        yield link, port


@contextmanager
def echo(link: Emulator, port: int) -> Iterator[None]:
    command = [*link.place.run_far, sys.executable, "-c", ECHO, str(port)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        yield
    finally:
        process.kill()
        process.wait()


def opened(link: Emulator, port: int) -> socket.socket:
    return socket.create_connection((link.place.host, link.place.ports[port]), timeout=20)


def echo_s(connection: socket.socket, content: bytes) -> float:
    began, came = time.monotonic(), 0
    connection.sendall(content)
    while came < len(content):
        came += len(connection.recv(65_536))
    return time.monotonic() - began


def test_delay_and_rate_are_felt(link_and_port: tuple[Emulator, int]) -> None:
    link, port = link_and_port
    link.shape(ROUND_TRIP)
    with opened(link, port) as connection:
        assert 0.3 <= echo_s(connection, b"x") <= 0.6
        assert echo_s(connection, bytes(50_000)) >= 0.3 + 0.4


def test_a_cut_link_carries_nothing_and_tells_nobody(link_and_port: tuple[Emulator, int]) -> None:
    link, port = link_and_port
    with opened(link, port) as connection:
        echo_s(connection, b"x")
        link.cut()
        connection.sendall(b"y")
        connection.settimeout(0.5)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        link.restore()
        connection.settimeout(10)
        assert connection.recv(1) == b"y"


def test_what_was_carried_is_counted(link_and_port: tuple[Emulator, int]) -> None:
    link, port = link_and_port
    with opened(link, port) as connection:
        echo_s(connection, bytes(20_000))
    figures = link.figures()
    assert 20_000 <= figures.up.arrived <= 23_000
    assert 20_000 <= figures.down.arrived <= 23_000
