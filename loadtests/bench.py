"""``make bench``: the intake against its floor, interleaved in one run, as a table and as JSON.

Intake: a real hub (embedded broker, SQLite, one intake process) to which several villages send over mutual TLS;
the clock runs from the first publish to the last receipt. Floor: ``loadtests/floor.py`` over the same bundles.
"""

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from loadtests.administrators import Administrators
from loadtests.enrol import enrol
from loadtests.floor import Floor
from loadtests.link import VillageLink
from loadtests.processes import LocalHub, ProcessError, wait_for
from loadtests.village import Made
from protocol.checkpoint import LogKey
from protocol.envelope import KeyFinder
from protocol.ids import key_id
from protocol.receipt import verify_receipt

VILLAGES = ("33.14.01.2001", "33.14.02.2001", "33.14.05.2003", "33.14.10.1003")
SERVICE = "REKLAME"
RESULTS = Path(__file__).with_name("results")


@dataclass(frozen=True, kw_only=True)
class Round:
    """One pair of measurements."""

    intake: float
    floor: float
    generator_cpu: float
    """Share of one core that this process used while the intake was measured."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print and keep the result; 1 when the intake does not reach the wanted share of its floor."""
    parser = argparse.ArgumentParser(description="Intake against floor, bundles per second.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--bundles", type=int, default=2_000, help="bundles in each round")
    parser.add_argument("--least", type=float, default=0.5, help="wanted share of the floor")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="simpul-bench-") as name:
        hub = LocalHub(directory=Path(name), settings={"SIMPUL_HUB_NODE_BURST": "1000000"})
        try:
            hub.ask("init")
            hub.start()
            rounds = measure(hub, Path(name), given.rounds, given.bundles)
        finally:
            hub.stop()
    result = _result(rounds, given.bundles)
    _print(result)
    _keep(result)
    return 0 if result["share_median"] >= given.least else 1


def measure(hub: LocalHub, directory: Path, rounds: int, bundles: int) -> list[Round]:
    """Return the interleaved measurements.

    Raises:
        ProcessError: the hub does not answer.
    """
    administrators = Administrators.employ(hub)
    links = [
        VillageLink(
            enrol(hub, code, directory / code, administrators=administrators, random=Random(code)), hub.broker_port
        )
        for code in VILLAGES
    ]
    each = bundles // len(links)
    floor = _floor(hub, directory, links)
    try:
        return [_one_round(links, _seal(links, each, each * number), floor) for number in range(1, rounds + 1)]
    finally:
        floor.close()
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


def _one_round(links: Sequence[VillageLink], batch: Sequence[Sequence[Made]], floor: Floor) -> Round:
    expected = sum(map(len, batch))
    for link in links:
        link.receipts.clear()
    start, cpu = time.perf_counter(), time.process_time()
    for link, made in zip(links, batch, strict=True):
        link.send([item.message for item in made])
    wait_for(lambda: sum(len(link.receipts) for link in links) >= expected, "receipts are missing", within_s=120)
    end = max(link.receipts[-1][0] for link in links)
    used = (time.process_time() - cpu) / (end - start)
    _check(links, batch)
    rate = floor.rate([item.message for made in batch for item in made])
    return Round(intake=expected / (end - start), floor=rate, generator_cpu=used)


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


def _result(rounds: Sequence[Round], bundles: int) -> dict[str, object]:
    shares = [item.intake / item.floor for item in rounds]
    return {
        "bench": "intake against floor",
        "taken_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "conditions": "embedded broker, mutual TLS, SQLite WAL FULL, one intake process, generator on the same cores",
        "bundles_per_round": bundles,
        "intake_per_s": [round(item.intake) for item in rounds],
        "floor_per_s": [round(item.floor) for item in rounds],
        "generator_cpu": [round(item.generator_cpu, 2) for item in rounds],
        "share_of_floor": [round(share, 3) for share in shares],
        "share_median": round(statistics.median(shares), 3),
    }


def _print(result: dict[str, object]) -> None:
    for name, value in result.items():
        print(f"{name:18} {value}")


def _keep(result: dict[str, object]) -> None:
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "intake.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
