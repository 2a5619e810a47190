"""Runs seeds, in this process or in several, and tells what came of them."""

import os
import subprocess  # our own program, our own arguments
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import msgspec
import structlog

from tests.simulation.hub import the_hub
from tests.simulation.judge import BrokenPromiseError
from tests.simulation.shrink import shrink
from tests.simulation.world import Event, World, draw


@dataclass
class Result:
    """What came of one run."""

    seed: int
    steps: int
    trace: str
    broken: str = ""
    promise: str = ""


@dataclass
class Tally:
    """What came of many."""

    runs: int = 0
    steps: int = 0
    failed: list[Result] = field(default_factory=list)


def run(seed: int, events: Sequence[Event] | None = None) -> Result:
    """Run one seed from its beginning."""
    world = World(the_hub(), seed)
    try:
        world.run(draw(seed) if events is None else events)
    except BrokenPromiseError as error:
        return Result(seed, world.steps, world.trace, str(error), error.promise)
    return Result(seed, world.steps, world.trace)


def story(seed: int) -> list[Event]:
    """Return the shortest part of a failing seed's events that was found to break the same promise."""
    return shrink(draw(seed), lambda events: run(seed, events).promise or None)


def run_here(seeds: Iterable[int], *, steps: int) -> Tally:
    """Run seeds one after the other until there are enough steps or none are left."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))  # thousands of planned power cuts
    tally = Tally()
    for seed in seeds:
        if tally.steps >= steps:
            break
        result = run(seed)
        tally.runs, tally.steps = tally.runs + 1, tally.steps + result.steps
        if result.promise:
            tally.failed.append(result)
    return tally


def run_beside(first: int, *, workers: int, steps: int) -> Tally:
    """Share the steps among processes: worker ``k`` takes every ``workers``-th seed."""
    command = [sys.executable, "-m", "tests.simulation", "--worker"]
    started = [
        subprocess.Popen(  # the same
            [*command, f"--first={first + number}", f"--stride={workers}", f"--steps={-(-steps // workers)}"],
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONHASHSEED": "0"},
        )
        for number in range(workers)
    ]
    whole = Tally()
    for process in started:
        out, _ = process.communicate()
        if process.returncode:
            message = f"a worker ended with {process.returncode}"
            raise RuntimeError(message)
        part = msgspec.json.decode(out, type=Tally)
        whole.runs, whole.steps = whole.runs + part.runs, whole.steps + part.steps
        whole.failed += part.failed
    return whole
