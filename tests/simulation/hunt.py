"""Looks for a planted bug, seed after seed."""

from tests.simulation.mutants import Mutant
from tests.simulation.runs import Result, run

MOST_SEEDS = 80


def hunt(mutant: Mutant) -> Result | None:
    """Return the first run that breaks a promise with this bug planted."""
    with mutant.planted():
        for seed in range(mutant.seed, mutant.seed + MOST_SEEDS):
            result = run(seed)
            if result.promise:
                return result
    return None
