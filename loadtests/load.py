"""``make load``: a hub of its own on loopback, villages enrolled at its pages, Locust against it, then the judgement.

Prints Locust's figures per step, and from the hub's own books what was lost or doubled. Ends with 1 when anything was,
or when a step failed. ``--ui`` shows Locust's own pages; ``--processes`` spreads the players over several processes.
"""

import argparse
import csv
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from loadtests.administrators import add_person
from loadtests.books import Verdict, judge
from loadtests.processes import LocalHub, free_port
from loadtests.shapes import ShapeName
from loadtests.world import make_world

LOCUSTFILE = Path(__file__).with_name("locustfile.py")
RESULTS = Path(__file__).with_name("results")
STOP_S = 150
REST_S = 3.0
COLUMNS = ("Name", "Request Count", "Failure Count", "50%", "95%", "99%", "Max Response Time")


def main(arguments: Sequence[str] | None = None) -> int:
    """Play a day and judge it; 1 when something was lost, doubled or failed."""
    given = _parse(arguments)
    with tempfile.TemporaryDirectory(prefix="simpul-load-") as name:
        directory = Path(name)
        hub = LocalHub(directory=directory / "hub", settings={"SIMPUL_HUB_BEACON_S": "60"})
        try:
            hub.ask("init")
            hub.start()
            begun = time.monotonic()
            world = make_world(hub, directory, given.nodes + 2)
            add_person(hub, "load-desk", "front_office", "one-stop")
            print(f"{given.nodes} villages enrolled in {time.monotonic() - begun:.0f} s", flush=True)
            code = _run_locust(given, directory)
            time.sleep(REST_S)
            verdict = judge(world)
        finally:
            hub.stop()
        lines = _statistics(directory)
    _print(given, lines, verdict)
    _keep(given, lines, verdict)
    return 0 if code == 0 and verdict.holds and verdict.submitted else 1


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Locust against a hub on this machine.")
    parser.add_argument("--nodes", type=int, default=208, help="village PCs")
    parser.add_argument("--people", type=int, default=6, help="people at the hub's pages")
    parser.add_argument("--shape", choices=[str(name) for name in ShapeName], default=str(ShapeName.NORMAL_DAY))
    parser.add_argument("--duration", type=float, default=90.0, help="seconds")
    parser.add_argument("--rate", type=float, default=10.0, help="applications per second at the peak of a usual day")
    parser.add_argument("--processes", type=int, default=1, help="Locust processes that play")
    parser.add_argument("--ui", action="store_true", help="show Locust's own pages and wait for a person")
    return parser.parse_args(arguments)


def _run_locust(given: argparse.Namespace, directory: Path) -> int:
    """Run Locust, alone or as master with workers; return its exit code."""
    environment = {
        **os.environ,
        "SIMPUL_LOAD_WORLD": str(directory),
        "SIMPUL_LOAD_SHAPE": given.shape,
        "SIMPUL_LOAD_DURATION_S": str(given.duration),
        "SIMPUL_LOAD_RATE": str(given.rate),
        "SIMPUL_LOAD_PEOPLE": str(given.people),
        "SIMPUL_LOAD_WORKERS": str(given.processes),
    }
    command = [sys.executable, "-m", "locust", "--locustfile", str(LOCUSTFILE), "--loglevel", "WARNING"]
    show = ["--web-host", "127.0.0.1"] if given.ui else ["--headless", "--only-summary"]
    keep = ["--csv", str(directory / "locust"), "--stop-timeout", str(STOP_S), "--exit-code-on-error", "1"]
    if given.processes == 1:
        return subprocess.run([*command, *show, *keep], env=environment, check=False).returncode
    port = str(free_port())
    workers = [
        subprocess.Popen([*command, "--worker", "--master-host", "127.0.0.1", "--master-port", port], env=environment)
        for _ in range(given.processes)
    ]
    master = ["--master", "--master-bind-host", "127.0.0.1", "--master-bind-port", port]
    expect = ["--expect-workers", str(given.processes)]
    try:
        return subprocess.run([*command, *show, *keep, *master, *expect], env=environment, check=False).returncode
    finally:
        for worker in workers:
            worker.send_signal(signal.SIGTERM)
            worker.wait()


def _statistics(directory: Path) -> list[dict[str, str]]:
    path = directory / "locust_stats.csv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [{name: row[name] for name in COLUMNS} for row in csv.DictReader(file)]


def _print(given: argparse.Namespace, lines: Sequence[dict[str, str]], verdict: Verdict) -> None:
    out = sys.stdout.write
    out(f"\n{given.shape}: {given.nodes} villages, {given.people} people, {given.duration:.0f} s\n")
    out(f"{'step':26}{'count':>9}{'failed':>9}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}{'max ms':>9}\n")
    for line in lines:
        values = [line[name] for name in COLUMNS[1:]]
        out(f"{line['Name']:26}" + "".join(f"{value.partition('.')[0]:>9}" for value in values) + "\n")
    out("\nfrom the hub's own books and the villages' journals\n")
    for name, value in asdict(verdict).items():
        out(f"  {name.replace('_', ' '):20}{value:>8}\n")
    out("holds\n" if verdict.holds else "DOES NOT HOLD\n")


def _keep(given: argparse.Namespace, lines: Sequence[dict[str, str]], verdict: Verdict) -> None:
    RESULTS.mkdir(exist_ok=True)
    result = {
        "load": given.shape,
        "taken_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "conditions": "embedded broker, mutual TLS, SQLite WAL FULL, one intake process, players on the same cores",
        "nodes": given.nodes,
        "people": given.people,
        "duration_s": given.duration,
        "wanted_rate_per_s": given.rate,
        "steps": list(lines),
        "verdict": asdict(verdict),
    }
    path = RESULTS / f"load-{given.shape}.json"
    path.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
