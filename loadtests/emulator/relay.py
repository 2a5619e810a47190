"""Carries TCP streams through a bad link without being root: rate, delay and outages of pieces, loss as a pause.

A lost packet costs a real sender one retransmission; here the pieces behind it wait for a round trip (fast retransmit).
In an outage nothing moves and no connection is reset; what was on its way goes on afterwards.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping

from loadtests.emulator.shape import Lane

PIECE = 1_348
"""A full packet's worth of a stream."""
HEADERS = 52
"""IPv4 and TCP with timestamps: counted as if it were packets."""
LOOK_S = 0.02
BUFFER = 16_384


class Relay:
    """Listens on one port of loopback for each port of the far side."""

    def __init__(self, ports: Mapping[int, int], up: Lane, down: Lane) -> None:
        """Take which port stands for which."""
        self._ports, self._up, self._down = ports, up, down
        self._servers: list[asyncio.Server] = []

    async def start(self) -> None:
        """Begin to listen."""
        for near, far in self._ports.items():
            self._servers.append(await asyncio.start_server(self._on(far), "127.0.0.1", near, limit=BUFFER))

    def _on(self, far: int) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], "asyncio.Future[None]"]:
        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> "asyncio.Future[None]":
            return asyncio.ensure_future(self._serve(far, reader, writer))

        return accept

    async def _serve(self, far: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", far, limit=BUFFER)
            await asyncio.gather(
                _carry(reader, far_writer, self._up),
                _carry(far_reader, writer, self._down),
            )


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, lane: Lane) -> None:
    """Move one direction of one connection, piece by piece, until it ends."""
    on_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
    arriving = asyncio.ensure_future(_arrive(on_way, writer, lane))
    with contextlib.suppress(OSError):
        while piece := await reader.read(PIECE):
            on_way.put_nowait((await _send(len(piece) + HEADERS, lane), piece))
    on_way.put_nowait((0.0, b""))
    await arriving


async def _send(size: int, lane: Lane) -> float:
    """Put one piece on the link as soon as there is room, again when it is lost, and return when it arrives."""
    while True:
        now = time.monotonic()
        if not lane.is_up or lane.backlog(now) + size > lane.profile.queue_bytes:
            await asyncio.sleep(LOOK_S)
            continue
        arrives_at = lane.send(size, now)
        if arrives_at is not None:
            return arrives_at
        await asyncio.sleep(2 * lane.profile.delay_s)


async def _arrive(on_way: "asyncio.Queue[tuple[float, bytes]]", writer: asyncio.StreamWriter, lane: Lane) -> None:
    """Hand over what has arrived, in order; nothing while the link is down."""
    with contextlib.suppress(OSError):
        while True:
            arrives_at, piece = await on_way.get()
            if not piece:
                break
            await asyncio.sleep(max(0.0, arrives_at - time.monotonic()))
            while not lane.is_up:  # noqa: ASYNC110  # the lane is pure and knows no events
                await asyncio.sleep(LOOK_S)
            writer.write(piece)
            await writer.drain()
        writer.close()
