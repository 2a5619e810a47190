"""``make proof``: run what the promises P1 to P9 and P13 rest on, print a table and write it to ``docs/proof.md``.

A promise is kept when every test named for it passed and every figure reached its target; a figure that is short of
its target is printed as it is. 1 when a promise is broken.
"""

import argparse
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from tests.architecture.source import ROOT
from tests.faults.proof.results import keep, totals

RESULTS = ROOT / "build" / "proof"
PAGE = ROOT / "docs" / "proof.md"
FAULTS = "tests/faults"
INTAKE = "tests/integration/intake"
BACKLOG = "tests/unit/village_node/sync/test_backlog.py"


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A number that a check leaves, and how large it has to be."""

    check: str
    name: str
    least: int


@dataclass(frozen=True, kw_only=True)
class Promise:
    """What is promised and what it rests on."""

    name: str
    words: str
    tests: Sequence[str]
    figures: Sequence[Figure] = ()
    has_simulation: bool = False
    """Rests on ``make sim`` as well, which must end with 0."""


PROMISES = (
    Promise(
        name="P1",
        words="a receipt is a commit",
        tests=[f"{FAULTS}/test_crash_points.py", f"{FAULTS}/test_power_cut.py", f"{FAULTS}/test_verify_world.py"],
        figures=[
            Figure(check="simulation", name="steps", least=1_000_000),
            Figure(check="kills", name="kills", least=600),
            Figure(check="power", name="states", least=5_000),
            Figure(check="power mutants", name="found", least=3),
            Figure(check="judge", name="broken worlds", least=20),
        ],
        has_simulation=True,
    ),
    Promise(
        name="P2",
        words="nothing is lost before the receipt",
        tests=[f"{FAULTS}/test_kills.py", f"{FAULTS}/test_wiped_brokers.py", f"{FAULTS}/test_node_kills.py"],
        figures=[Figure(check="wipes", name="wipes", least=100)],
    ),
    Promise(
        name="P3",
        words="exactly one effect",
        tests=[f"{INTAKE}/test_acceptance.py", f"{FAULTS}/test_nth_insert.py"],
        figures=[Figure(check="inserts", name="inserts failed", least=50)],
    ),
    Promise(name="P4", words="a conflict is evidence", tests=[f"{INTAKE}/test_rejections.py"]),
    Promise(
        name="P5",
        words="a receipt convinces a stranger (10,000 mutations refused)",
        tests=["tests/unit/deploy/test_simpul_verify.py"],
    ),
    Promise(
        name="P6",
        words="history cannot be rewritten unseen (520 crimes found and located)",
        tests=[f"{FAULTS}/test_tamper.py"],
    ),
    Promise(name="P7", words="time is sandwiched", tests=["tests/integration/test_node_clock.py", INTAKE]),
    Promise(name="P8", words="no silence", tests=[f"{INTAKE}/test_turns.py", f"{INTAKE}/test_hostile_carrier.py"]),
    Promise(name="P9", words="the village never stops", tests=[BACKLOG, f"{INTAKE}/test_fair_share.py"]),
    Promise(name="P13", words="bounded harm per input", tests=["tests/fuzz"]),
)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of one promise."""

    promise: Promise
    passed: int
    is_green: bool
    figures: Mapping[str, int]
    """By name, as far as they were left."""
    seconds: float

    @property
    def is_kept(self) -> bool:
        return self.is_green and not self.short

    @property
    def short(self) -> list[str]:
        """The figures that did not reach their targets."""
        return [each.name for each in self.promise.figures if self.figures.get(each.name, 0) < each.least]

    @property
    def row(self) -> str:
        said = [f"{each.name} {self.figures.get(each.name, 0):,} of {each.least:,}" for each in self.promise.figures]
        verdict = "kept" if self.is_kept else "BROKEN" if not self.is_green else f"short: {', '.join(self.short)}"
        figure = "; ".join([f"{self.passed} tests", *said])
        return f"| {self.promise.name} | {self.promise.words} | {figure} | {self.seconds:.0f} s | {verdict} |"


def prove(promise: Promise, environment: Mapping[str, str]) -> Outcome:
    """Run the tests and programs of one promise."""
    began = time.monotonic()
    known = [each for each in promise.tests if (ROOT / each).exists()]
    line = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *known]
    made = subprocess.run(line, cwd=ROOT, env=dict(environment), capture_output=True, text=True, check=False)
    counted = re.search(r"(\d+) passed", made.stdout)
    if made.returncode:
        print(made.stdout[-3_000:])
    is_simulated = not promise.has_simulation or simulate(environment)
    figures = {each.name: totals(RESULTS, each.check).get(each.name, 0) for each in promise.figures}
    return Outcome(
        promise=promise,
        passed=int(counted[1]) if counted else 0,
        is_green=made.returncode == 0 and is_simulated and known == list(promise.tests),
        figures=figures,
        seconds=time.monotonic() - began,
    )


def simulate(environment: Mapping[str, str]) -> bool:
    """Run the simulator, keep how many steps it took, and say whether all promises held and all planted bugs fell."""
    slice_of_it = () if environment.get("SIMPUL_DEEP") else ("--steps=50000", "--no-mutants")
    line = [sys.executable, "-m", "tests.simulation", *slice_of_it]
    made = subprocess.run(line, cwd=ROOT, env=dict(environment), capture_output=True, text=True, check=False)
    print(made.stdout[-3_000:] + made.stderr[-1_000:])
    steps = re.search(r"simulation: ([\d,]+) steps", made.stdout)
    if steps is not None:
        keep("simulation", "sim", {"steps": int(steps[1].replace(",", ""))}, folder=str(RESULTS))
    return made.returncode == 0


def page_of(outcomes: Sequence[Outcome], seed: str, *, is_quick: bool) -> str:
    """Return the page: table, date, seed and machine."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    depth = "a slice (`make proof ARGS=--quick`)" if is_quick else "`make proof`"
    head = [
        "# Proof of the promises",
        "",
        "Written by `make proof`; do not edit. What each check does stands at its head; `tests/faults/verify_world.py`",
        "judges without any code of the programs.",
        "",
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC · commit {commit.stdout.strip()} · seed {seed} · {depth} ·",
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {platform.release()}",
        "",
        "| promise | words | figure | time | verdict |",
        "|---|---|---|---|---|",
    ]
    return "\n".join([*head, *(each.row for each in outcomes), ""])


def main(arguments: Sequence[str] | None = None) -> int:
    """Prove all promises, or those that are named; only the whole is written down."""
    parser = argparse.ArgumentParser(description="Which promises hold?")
    parser.add_argument("--only", nargs="+", default=[each.name for each in PROMISES])
    parser.add_argument("--quick", action="store_true", help="a slice of each check, as in CI")
    parser.add_argument("--seed", default="20261125")
    given = parser.parse_args(arguments)
    RESULTS.mkdir(parents=True, exist_ok=True)
    for old in RESULTS.glob("*.json"):
        old.unlink()
    environment = {**os.environ, "SIMPUL_PROOF": str(RESULTS), "SIMPUL_SEED": given.seed}
    environment |= {} if given.quick else {"SIMPUL_DEEP": "1"}
    outcomes = []
    for promise in PROMISES:
        if promise.name in given.only:
            outcomes.append(prove(promise, environment))
            print(outcomes[-1].row, flush=True)
    if len(outcomes) == len(PROMISES):
        PAGE.write_text(page_of(outcomes, given.seed, is_quick=given.quick), encoding="utf-8")
    return 0 if all(each.is_kept for each in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
