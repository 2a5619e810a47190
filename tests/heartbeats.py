"""``make load SHAPE=heartbeats``: what a quiet fleet costs the hub.

2,000 nodes on mutual TLS, a heartbeat a minute each.

Real Mosquitto, the hub's intake and worker as processes on SQLite; the nodes are sockets of this process. Prints the
processor time of the hub's programs as a share of one core (S10: at most 5 %), and whether every heartbeat was taken.
"""

import argparse
import asyncio
import json
import os
import platform
import resource
import ssl
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from random import Random

import psutil
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import update

from deploy.brokers.mosquitto import MosquittoBroker, TlsFiles, find_mosquitto
from deploy.demo.evidence import sqlite_rows
from hub.catalogue.catalogue import Catalogue
from hub.permits.tables import RevocationSent
from hub.registry import service as registry
from hub.registry.tables import Node
from hub.storage.engine import Database
from hub.storage.ports import SystemRandomness
from loadtests.processes import LocalHub, Program, wait_for
from protocol.envelope import Purpose, sign
from protocol.health import Figures, Health, HealthKind
from protocol.ids import NodeId, VillageCode
from protocol.topics import Up, down_filter, up
from protocol.wire import to_bytes
from tests.brokers import HUB, NetworkPki

EVERY_S = 60.0
ARRIVE_S = 30.0
REST_S = 8.0
"""Heartbeats may wait five seconds for each other."""
MOST_SHARE = 5.0
"""Percent of one core (S10)."""
AT_ONCE = 50
ALL_READ = 1_000_000
"""A cursor beyond every notice of such a short life."""
RESULT = Path(__file__).parent.parent / "loadtests/results/load-heartbeats.json"
CONNECT, PUBACK, PUBLISH, SUBSCRIBE = 0x10, 0x40, 0x30, 0x82


def packet(kind: int, body: bytes) -> bytes:
    """Return an MQTT packet of less than 2 MB."""
    length, size = b"", len(body)
    while True:
        size, low = divmod(size, 128)
        length += bytes([low | (0x80 if size else 0)])
        if not size:
            return bytes([kind]) + length + body


def text(words: str) -> bytes:
    """Return a string as MQTT writes it."""
    return len(words).to_bytes(2) + words.encode()


@dataclass
class Counts:
    """What happened."""

    sent: int = 0
    acknowledged: int = 0
    failures: list[str] = field(default_factory=list)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def wait_for_births(self, count: int) -> None:
        """Wait until so many messages were acknowledged, or one node failed."""
        async with self.changed:
            await self.changed.wait_for(lambda: self.acknowledged >= count or self.failures)

    async def note(self, failure: str = "") -> None:
        """Count an acknowledgement, or a failure."""
        async with self.changed:
            self.acknowledged += not failure
            self.failures += [failure] if failure else []
            self.changed.notify_all()


@dataclass(frozen=True, kw_only=True)
class QuietNode:
    """One node that has nothing to do but to say that it is there."""

    node: NodeId
    key: Ed25519PrivateKey
    files: tuple[Path, Path]
    ca_file: Path
    phase_s: float

    async def live(self, port: int, counts: Counts, over: asyncio.Event, door: asyncio.Semaphore) -> None:
        """Connect in turn, then a heartbeat a minute until it is over."""
        try:
            async with door:
                reader, writer = await self._connect(port)
            reading = asyncio.create_task(self._read(reader, writer, counts))
            session = time.time_ns() // 1_000_000
            self._say(writer, HealthKind.BIRTH, session, 1)
            number, wait_s = 1, self.phase_s
            while not await _is_set(over, wait_s):
                number, wait_s = number % 60_000 + 1, EVERY_S
                self._say(writer, HealthKind.HEARTBEAT, session, number)
                counts.sent += 1
            writer.write(b"\xe0\x00")
            reading.cancel()
            writer.close()
        except OSError as error:
            await counts.note(type(error).__name__)

    async def _connect(self, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        context = ssl.create_default_context(cafile=self.ca_file)
        context.load_cert_chain(*self.files)
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
        writer.write(packet(CONNECT, text("MQTT") + b"\x04\x00" + (90).to_bytes(2) + text(str(self.node))))
        if (await reader.readexactly(4))[3]:
            raise ConnectionRefusedError
        writer.write(packet(SUBSCRIBE, (1).to_bytes(2) + text(down_filter(self.node)) + b"\x01"))
        return reader, writer

    def _say(self, writer: asyncio.StreamWriter, kind: HealthKind, session: int, number: int) -> None:
        health = Health(
            kind=kind,
            node=self.node,
            session=session,
            claimed_at=time.time_ns() // 1_000_000,
            program="heartbeats",
            disk_free_mb=100_000 - number,
            run=self.node[-8:].encode(),
            figures=Figures(
                ram_free_mb=1_500 + number % 50, disk_total_mb=240_000, battery_percent=90, on_mains=True, rtt_ms=640
            ),
        )
        payload = sign(to_bytes(health), key=self.key, purpose=Purpose.HEALTH)
        topic = up(self.node, Up.BIRTH if kind is HealthKind.BIRTH else Up.HEALTH)
        writer.write(packet(PUBLISH | 0x02, text(topic) + number.to_bytes(2) + payload))

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, counts: Counts) -> None:
        try:
            while True:
                kind, body = await _next_packet(reader)
                if kind & 0xF0 == PUBACK:
                    await counts.note()
                elif kind & 0xF0 == PUBLISH and kind & 0x06:
                    size = int.from_bytes(body[:2])
                    writer.write(bytes([PUBACK, 2]) + body[2 + size : 4 + size])
        except (OSError, asyncio.IncompleteReadError) as error:
            await counts.note(type(error).__name__)


async def _next_packet(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    kind = (await reader.readexactly(1))[0]
    size = shift = 0
    while True:
        digit = (await reader.readexactly(1))[0]
        size |= (digit & 0x7F) << shift
        if digit < 0x80:  # the highest bit says that there is more
            return kind, await reader.readexactly(size)
        shift += 7


async def _is_set(event: asyncio.Event, within_s: float) -> bool:
    try:
        await asyncio.wait_for(event.wait(), within_s)
    except TimeoutError:
        return False
    return True


@dataclass(kw_only=True)
class Fleet:
    """The hub without pages, its broker, and the nodes."""

    directory: Path
    hub: LocalHub
    broker: MosquittoBroker
    pki: NetworkPki

    def __post_init__(self) -> None:
        port = str(self.broker.config.programs.port)
        self.programs = {
            name: Program(
                module="hub.cli",
                environment={**self.hub.program.environment, "SIMPUL_HUB_BROKER_PORT": port},
                log_file=self.directory / f"{name}.log",
            )
            for name in ("intake", "worker")
        }

    def start(self) -> None:
        """Start broker and programs."""
        self.broker.start()
        for name, program in self.programs.items():
            program.start(name)
        for name, said in (("intake", "broker.connected"), ("worker", "catalogue.told")):
            log = self.programs[name].log_file
            wait_for(partial(_says, log, said), f"{name} is not ready, see {log}")

    def stop(self) -> None:
        """End everything."""
        for program in self.programs.values():
            program.stop()
        self.broker.stop()

    def cpu_s(self, name: str) -> float:
        """Return the processor time that a program and its children used so far."""
        process = self.programs[name].process
        assert process is not None
        found = psutil.Process(process.pid)
        return sum(sum(each.cpu_times()[:2]) for each in (found, *found.children(recursive=True)))


def _says(log: Path, words: str) -> bool:
    return words in log.read_text(encoding="utf-8", errors="replace")


def make_fleet(directory: Path) -> Fleet:
    """Make a hub and a broker; nobody is enrolled yet."""
    hub = LocalHub(directory=directory / "hub", settings={"SIMPUL_HUB_BEACON_S": "300"})
    hub.ask("init")
    data = directory / "hub/data"
    tls = TlsFiles.of(data / "pki")
    broker = MosquittoBroker(directory / "broker", hub=HUB, tls=tls, program=find_mosquitto())
    broker.directory.mkdir()
    return Fleet(directory=directory, hub=hub, broker=broker, pki=NetworkPki(data / "pki"))


def enter(fleet: Fleet, count: int) -> list[QuietNode]:
    """Enter nodes as they are after some days: enrolled, told everything, and everything acknowledged.

    Not through the pages, which would take an hour.
    """
    random = Random(1)
    villages = islice(cycle(VillageCode(each.code) for each in Catalogue.load().regions.villages), count)
    decision = registry.Decision(now=datetime.now(UTC), by="load", randomness=SystemRandomness())
    entered = []
    with Database(f"sqlite:///{fleet.directory / 'hub/data/hub.db'}").session() as session:
        for village in villages:
            key, sealing = Ed25519PrivateKey.generate(), X25519PrivateKey.generate()
            new = registry.NewNode(
                village=village,
                signing_key=key.public_key().public_bytes_raw(),
                sealing_key=sealing.public_key().public_bytes_raw(),
                program="heartbeats",
            )
            node = registry.enrol_node(session, new, decision).node_id
            session.add(RevocationSent(node_id=str(node), number=1))
            entered.append((node, key))
        session.execute(update(Node).values(mail_cursor=ALL_READ))
    return [
        QuietNode(
            node=node,
            key=key,
            files=fleet.pki.files_of(str(node)),
            ca_file=fleet.pki.files.ca_file,
            phase_s=random.random() * EVERY_S,
        )
        for node, key in entered
    ]


@dataclass(kw_only=True)
class Figure:
    """What was measured; shares are percent of one core."""

    nodes: int
    seconds: float
    heartbeats: int
    intake_share: float
    worker_share: float
    all_seen: bool
    failures: int

    @property
    def holds(self) -> bool:
        """Whether the bound of S10 holds and nothing was lost."""
        return self.intake_share + self.worker_share <= MOST_SHARE and self.all_seen and not self.failures


async def measure(fleet: Fleet, nodes: Sequence[QuietNode], seconds: float) -> Figure:
    """Let the nodes live, and measure once all of them are there."""
    counts, over, door = Counts(), asyncio.Event(), asyncio.Semaphore(AT_ONCE)
    port = fleet.broker.config.nodes.port
    lives = [asyncio.create_task(node.live(port, counts, over, door)) for node in nodes]
    await counts.wait_for_births(len(lives))
    await asyncio.sleep(ARRIVE_S)
    before, sent, began = {name: fleet.cpu_s(name) for name in fleet.programs}, counts.sent, time.monotonic()
    await asyncio.sleep(seconds)
    took = time.monotonic() - began
    share = {name: 100 * (fleet.cpu_s(name) - before[name]) / took for name in fleet.programs}
    heartbeats = counts.sent - sent
    await asyncio.sleep(REST_S)
    seen = _seen_within(fleet, EVERY_S + 2 * REST_S)
    over.set()
    await asyncio.gather(*lives)
    return Figure(
        nodes=len(lives),
        seconds=round(took, 1),
        heartbeats=heartbeats,
        intake_share=round(share["intake"], 2),
        worker_share=round(share["worker"], 2),
        all_seen=seen == len(lives),
        failures=len(counts.failures),
    )


def _seen_within(fleet: Fleet, seconds: float) -> int:
    """Return how many nodes the hub heard of in the last so many seconds."""
    rows = sqlite_rows(fleet.directory / "hub/data/hub.db")
    since = (datetime.now(UTC).timestamp() - seconds) * 1_000
    found = rows("SELECT max(claimed_ms) FROM presence GROUP BY node_id")
    return sum(int(str(row[0])) >= since for row in found)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, keep; 1 when the bound is broken or a heartbeat was not taken."""
    parser = argparse.ArgumentParser(prog="make load SHAPE=heartbeats")
    parser.add_argument("--nodes", type=int, default=2_000)
    parser.add_argument("--duration", type=float, default=120.0, help="seconds that are measured")
    given = parser.parse_args(arguments)
    resource.setrlimit(resource.RLIMIT_NOFILE, (16_384, max(16_384, resource.getrlimit(resource.RLIMIT_NOFILE)[1])))
    with tempfile.TemporaryDirectory(prefix="simpul-heartbeats-") as name:
        fleet = make_fleet(Path(name))
        try:
            fleet.start()
            figure = asyncio.run(measure(fleet, enter(fleet, given.nodes), given.duration))
        finally:
            fleet.stop()
    whole = figure.intake_share + figure.worker_share
    sys.stdout.write(
        f"{figure.nodes} nodes, {figure.heartbeats} heartbeats in {figure.seconds:.0f} s: intake "
        f"{figure.intake_share:.2f} %, worker {figure.worker_share:.2f} %, together {whole:.2f} % of a core "
        f"(at most {MOST_SHARE:.0f} %); {'all' if figure.all_seen else 'NOT all'} seen, {figure.failures} failures\n"
        f"{'holds' if figure.holds else 'DOES NOT HOLD'}\n"
    )
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    result = {"load": "heartbeats", "taken_at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine}
    conditions = {"conditions": "Mosquitto, mutual TLS, SQLite WAL FULL, nodes on the same cores", **asdict(figure)}
    RESULT.write_text(json.dumps({**result, **conditions, "holds": figure.holds}, indent=2) + "\n", encoding="utf-8")
    return 0 if figure.holds else 1


if __name__ == "__main__":
    sys.exit(main())
