"""``make bench``: the intake beside its floor and its rivals, interleaved in one run: a table, and JSON that is kept.

Intake: a real hub (embedded broker, SQLite) to which villages send over mutual TLS; the clock runs from the first
publish to the last receipt. Floor: ``loadtests/floor.py`` over the same bundles. Rivals: ``loadtests/rivals.py``.

A machine that others use at the same time bends the share of wall time: the processor time of each process per bundle
is measured too, and says what two free cores would give. Exit code 1: a target is missed and the run cannot say why.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from loadtests.administrators import Administrators
from loadtests.enrol import enrol
from loadtests.floor import Floor
from loadtests.link import VillageLink
from loadtests.machine import cpu_of, facts, family, memory_mb
from loadtests.processes import LocalHub, ProcessError, Program, answers, free_port, wait_for
from loadtests.rivals import FlaskRival, commit_each, sign_all
from loadtests.targets import BUSY, Line, at_least, at_most, compared, is_quiet, keep, print_table
from loadtests.village import Made
from protocol.checkpoint import LogKey
from protocol.envelope import KeyFinder
from protocol.ids import key_id
from protocol.receipt import verify_receipt

VILLAGES = 16
"""So many that none has more on its way than a node's line at the hub holds (128): a real node has at most 32."""
SERVICE = "REKLAME"
RIVAL_MESSAGES = 400
SINGLES = 100
NODE_REST_S = 3.0
CORES = 2
PARTS = {"hub.programs intake": "intake", "checker_process": "checker", "nats-server": "broker"}
ODK_CENTRAL = 143.0
"""Submissions of 4 KB a second on a machine of this kind (quality targets); it checks no signature."""


@dataclass(frozen=True, kw_only=True)
class Round:
    """One set of measurements."""

    intake: float
    floor: float
    flask: float
    commit_each: float
    generator_cpu: float
    """Share of one core that this process used while the intake was measured."""
    floor_us: float
    """Processor time of the floor per bundle, in microseconds."""
    parts_us: dict[str, float]
    """The same for each process of the hub."""

    @property
    def share(self) -> float:
        """The intake's part of the floor by the clock on the wall."""
        return self.intake / self.floor

    @property
    def free_share(self) -> float:
        """The part that two free cores would give: the busiest process sets the pace, or all of them on both cores."""
        return self.floor_us / max(*self.parts_us.values(), sum(self.parts_us.values()) / CORES)


@dataclass(frozen=True, kw_only=True)
class Bench:
    """A running hub, its villages, and what they are compared with."""

    hub: LocalHub
    links: Sequence[VillageLink]
    floor: Floor
    flask: FlaskRival
    directory: Path
    signed: tuple[bytes, list[bytes]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print and keep the result."""
    parser = argparse.ArgumentParser(description="The intake beside its floor and its rivals.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--bundles", type=int, default=2_000, help="bundles in each round")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="simpul-bench-") as name:
        directory = Path(name)
        conditions = facts(directory) | {
            "conditions": "embedded broker, mutual TLS, SQLite WAL FULL, one intake, generator on the same cores",
            "bundles_per_round": given.bundles,
        }
        because = "" if is_quiet(conditions) else BUSY
        lines = node_lines(directory, because)
        hub = LocalHub(directory=directory, settings={"SIMPUL_HUB_NODE_BURST": "1000000"})
        try:
            hub.ask("init")
            hub.start()
            lines += measure(hub, directory, (given.rounds, given.bundles), because)
        finally:
            hub.stop()
    print(*(f"{name}: {value}" for name, value in conditions.items()), sep="\n")
    print_table(lines)
    keep("bench", conditions, lines)
    return 1 if any(line.is_met is False and not line.because for line in lines) else 0


def measure(hub: LocalHub, directory: Path, amount: tuple[int, int], because: str) -> list[Line]:
    """Return the lines that need a hub: so many rounds of so many bundles. ``because`` explains what is missed.

    Raises:
        ProcessError: the hub does not answer.
    """
    administrators = Administrators.employ(hub)
    links = [
        VillageLink(
            enrol(hub, code, directory / code, administrators=administrators, random=Random(code)), hub.broker_port
        )
        for code in administrators.villages()[:VILLAGES]
    ]
    rounds, each = amount[0], amount[1] // len(links)
    signed = sign_all([made.message for made in _seal(links[:1], RIVAL_MESSAGES, RIVAL_MESSAGES)[0]])
    bench = Bench(
        hub=hub,
        links=links,
        floor=_floor(hub, directory, links),
        flask=FlaskRival(directory, signed[0]),
        directory=directory,
        signed=signed,
    )
    wanted = RIVAL_MESSAGES + 2 * SINGLES
    try:
        done = [
            _one_round(bench, _seal(links, each, wanted + each * number), number) for number in range(1, rounds + 1)
        ]
        lines = [*_intake_lines(done, is_quiet=not because), *_latency_lines(links[0], because)]
        return [*lines, *_memory_lines(hub), _start_line(hub, links[0], because)]
    finally:
        bench.flask.stop()
        bench.floor.close()
        for link in links:
            link.close()


def _seal(links: Sequence[VillageLink], count: int, numbers: int) -> list[list[Made]]:
    """Seal the bundles of one round, after each village leased as many numbers in all."""
    made = []
    for link in links:
        link.lease_numbers(numbers)
        service = next(item for item in link.enrolled.services if item.code == SERVICE)
        made.append([link.enrolled.village.seal_application(service) for _ in range(count)])
    return made


def _floor(hub: LocalHub, directory: Path, links: Sequence[VillageLink]) -> Floor:
    pem = (hub.directory / "data" / "keys" / "sealing.key").read_bytes()
    sealing_key = load_pem_private_key(pem, None)
    if not isinstance(sealing_key, X25519PrivateKey):
        message = "sealing key of another kind"
        raise ProcessError(message)
    villages = [link.enrolled.village for link in links]
    return Floor(
        directory / "floor.db",
        sealing_key,
        _finder([village.node_key.public_key() for village in villages]),
        _finder([village.officer_key.public_key() for village in villages]),
    )


def _finder(keys: Sequence[Ed25519PublicKey]) -> KeyFinder:
    known = {key_id(key.public_bytes_raw()): key for key in keys}
    return known.get


def _one_round(bench: Bench, batch: Sequence[Sequence[Made]], number: int) -> Round:
    expected, root = sum(map(len, batch)), bench.hub.program.process
    if root is None:
        raise ProcessError("the hub does not run")
    for link in bench.links:
        link.receipts.clear()
    processes = family(root.pid)
    before, start, cpu = cpu_of(processes), time.perf_counter(), time.process_time()
    for link, made in zip(bench.links, batch, strict=True):
        link.send([item.message for item in made])
    wait_for(lambda: sum(len(link.receipts) for link in bench.links) >= expected, "receipts are missing", 120)
    end = max(link.receipts[-1][0] for link in bench.links)
    used = (time.process_time() - cpu) / (end - start)
    processes = family(root.pid)
    parts = _parts_us(processes, before, expected)
    _check(bench.links, batch)
    cpu = time.process_time()
    floor = bench.floor.rate([item.message for made in batch for item in made])
    floor_us = (time.process_time() - cpu) / expected * 1e6
    public_key, signed = bench.signed
    return Round(
        intake=expected / (end - start),
        floor=floor,
        flask=bench.flask.rate(signed),
        commit_each=commit_each(bench.directory / f"rival-{number}.db", public_key, signed),
        generator_cpu=used,
        floor_us=floor_us,
        parts_us=parts,
    )


def _parts_us(processes: dict[int, str], before: dict[int, float], bundles: int) -> dict[str, float]:
    """Return the microseconds per bundle of each part of the hub; web and worker are one part."""
    found: dict[str, float] = {}
    for pid, after in cpu_of(processes).items():
        name = next((part for text, part in PARTS.items() if text in processes[pid]), "others")
        found[name] = found.get(name, 0.0) + (after - before.get(pid, 0.0)) / bundles * 1e6
    return found


def _check(links: Sequence[VillageLink], batch: Sequence[Sequence[Made]]) -> None:
    """Verify every receipt: each bundle has exactly one, and it is accepted."""
    for link, made in zip(links, batch, strict=True):
        log = LogKey.parse(link.enrolled.village.hub.log)
        subjects = [verify_receipt(raw, log=log).subject for _, raw in link.receipts]
        if sorted(item.bundle for item in made) != sorted(subject.bundle for subject in subjects):
            message = "receipts and bundles differ"
            raise ProcessError(message)
        if any(subject.kind != "arrived" for subject in subjects):
            message = "a bundle of the bench was rejected"
            raise ProcessError(message)


def _intake_lines(rounds: Sequence[Round], *, is_quiet: bool) -> list[Line]:
    names = sorted({name for item in rounds for name in item.parts_us})
    parts = {name: round(statistics.median(item.parts_us.get(name, 0.0) for item in rounds)) for name in names}
    floor_us = round(statistics.median(item.floor_us for item in rounds))
    profile = f"processor time per bundle in us: {parts}, floor {floor_us}"
    busy = profile if is_quiet else f"{profile}; {BUSY}"
    rate = [item.intake for item in rounds]
    share = statistics.median(item.share for item in rounds)
    free = statistics.median(item.free_share for item in rounds)
    flask = statistics.median(item.intake / item.flask for item in rounds)
    return [
        compared("S1", "floor, bundles/s", _spread([item.floor for item in rounds])),
        compared("S1", "intake, bundles/s", _spread(rate)),
        at_least("S1", "intake / floor, by the clock", share, 0.6, busy),
        at_least("S1", "intake / floor, two free cores (by CPU)", free, 0.6, profile),
        at_least("S1", "intake / ODK Central (143/s)", statistics.median(rate) / ODK_CENTRAL, 15, busy),
        compared("S1", "Flask rival, messages/s", _spread([item.flask for item in rounds])),
        at_least("S1", "intake / Flask rival", flask, 2, busy),
        compared("S1", "commit each message, no MQTT, messages/s", _spread([item.commit_each for item in rounds])),
        compared("S1", "generator, share of a core", _spread([item.generator_cpu for item in rounds], 2)),
    ]


def _latency_lines(link: VillageLink, because: str) -> list[Line]:
    """Send one bundle after another and time each from publish to verified receipt."""
    log, times = LogKey.parse(link.enrolled.village.hub.log), []
    for made in _seal([link], SINGLES, 0)[0]:
        link.receipts.clear()
        start = time.perf_counter()
        link.send([made.message])
        wait_for(lambda: bool(link.receipts), "no receipt", every_s=0.0005)
        verify_receipt(link.receipts[0][1], log=log)
        times.append((time.perf_counter() - start) * 1e3)
    middle, late = statistics.median(times), statistics.quantiles(times, n=100)[98]
    return [
        at_most("S2", "publish to verified receipt, p50, ms", middle, 25, because),
        at_most("S2", "publish to verified receipt, p99, ms", late, 100, because),
    ]


def _memory_lines(hub: LocalHub) -> list[Line]:
    root = hub.program.process
    processes = {} if root is None else family(root.pid)
    lines = []
    for text, part in PARTS.items():
        size = max((memory_mb(pid) for pid, name in processes.items() if text in name), default=0.0)
        lines.append(compared("", f"memory of {part}, MB", f"{size:.0f}"))
    return lines


def _start_line(hub: LocalHub, link: VillageLink, because: str) -> Line:
    """Stop the hub, start it, and time until the receipt of a bundle that its village sent meanwhile."""
    made = _seal([link], 1, 0)[0][0]
    hub.stop()
    link.receipts.clear()
    start = time.perf_counter()
    hub.start()
    link.send([made.message])
    wait_for(lambda: bool(link.receipts), "no receipt after a start", 60)
    reason = "; ".join(filter(None, ("the village's own reconnect, 1 to 3 s, is in it", because)))
    return at_most("S9", "hub start to first receipt, s", link.receipts[0][0] - start, 3, reason)


def node_lines(directory: Path, because: str) -> list[Line]:
    """Start a village node's program and measure time to its first page, and its memory at rest."""
    port, folder = free_port(), directory / "node"
    folder.mkdir()
    settings = {"SIMPUL_NODE_DATA_DIR": str(folder), "SIMPUL_NODE_UI_PORT": str(port)}
    program = Program(module="village_node", environment=settings, log_file=directory / "node.log")
    start = time.perf_counter()
    program.start("run")
    try:
        wait_for(lambda: answers(f"http://127.0.0.1:{port}/"), "the node did not start")
        took = time.perf_counter() - start
        time.sleep(NODE_REST_S)
        size = memory_mb(0 if program.process is None else program.process.pid)
    finally:
        program.stop()
    return [
        at_most("S8", "village node, start to first page, s", took, 3, because),
        at_most("S8", "village node before enrolment, memory, MB", size, 90, ""),
    ]


def _spread(values: Sequence[float], digits: int = 0) -> str:
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


if __name__ == "__main__":
    sys.exit(main())
