"""Failing runs, shrunk and kept: the shipped code survives them, the planted bug that they were made from does not."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.simulation.world import Event


@dataclass(frozen=True, kw_only=True)
class Story:
    """A short run."""

    name: str
    mutant: str
    seed: int
    events: Sequence[Event]


STORIES: Sequence[Story] = ()
