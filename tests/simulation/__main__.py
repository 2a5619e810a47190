"""``make sim``: a million steps, all promises, and every planted bug; prints a table, or one seed's story."""

import argparse
import itertools
import sys
import time

import msgspec
import structlog

from tests.simulation.hunt import hunt
from tests.simulation.mutants import MUTANTS
from tests.simulation.runs import run, run_beside, run_here, story


def main() -> int:
    """Do what the arguments say; 1 when a promise was broken or a planted bug not found."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    parser.add_argument("--steps", type=int, default=1_000_000)
    parser.add_argument("--first", type=int, default=0, help="first seed")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--stride", type=int, default=1)
    parser.add_argument("--worker", action="store_true", help="run seeds here and print JSON")
    parser.add_argument("--seed", type=int, help="run one seed and, when it fails, print its shortest story")
    parser.add_argument("--no-mutants", action="store_true")
    chosen = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    if chosen.worker:
        tally = run_here(itertools.count(chosen.first, chosen.stride), steps=chosen.steps)
        sys.stdout.write(msgspec.json.encode(tally).decode())
        return 0
    if chosen.seed is not None:
        return _tell(chosen.seed)
    is_kept = _run_all(chosen)
    are_found = chosen.no_mutants or _hunt_all()
    return 0 if is_kept and are_found else 1


def _run_all(chosen: argparse.Namespace) -> bool:
    began = time.monotonic()
    tally = run_beside(chosen.first, workers=chosen.workers, steps=chosen.steps)
    seconds = time.monotonic() - began
    print(f"simulation: {tally.steps:,} steps in {tally.runs:,} runs from seed {chosen.first}: {seconds:.0f} s")
    for number in range(1, 10):
        failed = [each for each in tally.failed if each.promise == f"P{number}"]
        print(f"  P{number}  {'kept' if not failed else 'BROKEN'}  {[each.seed for each in failed][:10] or ''}")
    for each in tally.failed[:3]:
        print(f"  seed {each.seed}, step {each.steps}: {each.broken}")
        print(f"    python -m tests.simulation --seed={each.seed}")
    return not tally.failed


def _hunt_all() -> bool:
    found = 0
    for mutant in MUTANTS:
        trophy = hunt(mutant)
        found += trophy is not None and trophy.promise in mutant.promises
        told = "NOT FOUND" if trophy is None else f"seed {trophy.seed}, step {trophy.steps}: {trophy.broken[:70]}"
        print(f"  {mutant.name:52s} {told}")
    print(f"planted bugs: {found} of {len(MUTANTS)} found")
    return found == len(MUTANTS)


def _tell(seed: int) -> int:
    result = run(seed)
    print(f"seed {seed}: {result.steps} steps, trace {result.trace[:16]}, {result.broken or 'all promises kept'}")
    if not result.promise:
        return 0
    for event in story(seed):
        print(f"  Event({event.word!r}, {event.a}, {event.b}),")
    return 1


if __name__ == "__main__":
    sys.exit(main())
