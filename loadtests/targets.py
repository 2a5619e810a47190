"""The targets S1 to S10 and how a run stands to them: one table, one JSON."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

RESULTS = Path(__file__).with_name("results")


@dataclass(frozen=True, kw_only=True)
class Line:
    """One figure beside its target. ``is_met`` None: no target, for comparison only."""

    number: str
    what: str
    value: str
    target: str
    is_met: bool | None
    because: str = ""
    """Why it is missed, when that is known: the profile of this run."""


QUIET_LOAD = 1.0
BUSY = "others used the machine at the same time"


def is_quiet(conditions: Mapping[str, object]) -> bool:
    """Say whether the machine was free when the run began."""
    load = conditions.get("load_before")
    return isinstance(load, float) and load <= QUIET_LOAD


def compared(number: str, what: str, value: str) -> Line:
    """Return a figure without a target."""
    return Line(number=number, what=what, value=value, target="", is_met=None)


def at_least(number: str, what: str, value: float, bound: float, because: str) -> Line:
    """Return a figure that must reach a bound; ``because`` stands there only when it does not."""
    return _line(number, what, value, f">= {bound:g}", because if value < bound else None)


def at_most(number: str, what: str, value: float, bound: float, because: str) -> Line:
    """Return a figure that must not pass a bound."""
    return _line(number, what, value, f"<= {bound:g}", because if value > bound else None)


def _line(number: str, what: str, value: float, target: str, missed: str | None) -> Line:
    return Line(
        number=number, what=what, value=f"{value:.2f}", target=target, is_met=missed is None, because=missed or ""
    )


ELSEWHERE = (
    ("S4", "goodput over 64 kbit/s, 700 ms, 5 % loss", "make link"),
    ("S5", "a week offline, 208 nodes come back at once", "make load SHAPE=reconnection"),
    ("S6", "list pages with 100,000 cases, 8,563 nodes", "python -m loadtests.pages (second half of make bench)"),
    ("S7", "1 to 2 intakes on PostgreSQL", "not measured yet: needs a free core for each (docs/adr/0026)"),
    ("S10", "2,000 nodes with heartbeats", "make load SHAPE=heartbeats"),
)
"""Targets that another command measures."""


def print_table(lines: Sequence[Line]) -> None:
    """Print every line, and where the other targets are measured."""
    for line in lines:
        word = {True: "met", False: "MISSED", None: ""}[line.is_met]
        print(f"{line.number:5} {line.what:46} {line.value:28} {line.target:24} {word}")
        if line.because:
            print(f"      {line.because}")
    for number, what, command in ELSEWHERE:
        print(f"{number:5} {what:46} {command}")


def keep(name: str, facts: Mapping[str, object], lines: Sequence[Line]) -> Path:
    """Write the result into ``loadtests/results``."""
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / f"{name}.json"
    taken = {"taken_at": datetime.now(UTC).isoformat(timespec="seconds")}
    content = {"bench": name, **taken, **facts, "lines": [asdict(line) for line in lines]}
    file.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return file
