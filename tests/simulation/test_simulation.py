"""A slice of the simulation; the whole is ``make sim``. Each planted bug is found, so each promise can be broken."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
import structlog

from tests.simulation.hunt import hunt
from tests.simulation.mutants import MUTANTS, Mutant
from tests.simulation.ports import Fuse, PowerCutError
from tests.simulation.runs import run, run_here
from tests.simulation.shrink import shrink
from tests.simulation.stories import STORIES, Story
from tests.simulation.world import WEIGHTS, draw

SLICE = 12_000


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Thousands of planned power cuts need no log."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    yield
    structlog.configure(**before)


def test_a_slice_of_the_simulation_keeps_every_promise() -> None:
    tally = run_here(range(5_000, 6_000), steps=SLICE)

    assert [each.broken for each in tally.failed] == []
    assert tally.steps >= SLICE


def test_every_kind_of_event_is_in_the_slice() -> None:
    words = {event.word for seed in range(5_000, 5_008) for event in draw(seed)}

    assert words == set(WEIGHTS)


def test_the_power_fails_at_many_places_of_the_hub_and_of_the_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    places: set[tuple[str, int]] = set()
    cut = Fuse.point

    def point(self: Fuse) -> None:
        try:
            cut(self)
        except PowerCutError:
            frame = sys._getframe(1)
            places.add((frame.f_code.co_name, frame.f_lineno))
            raise

    monkeypatch.setattr(Fuse, "point", point)
    for seed in range(5_000, 5_005):
        run(seed)

    assert {name for name, _ in places} >= {"keep", "publish", "<lambda>"}


def test_one_seed_is_one_run_in_any_process() -> None:
    def told(hash_seed: str) -> bytes:
        command = [sys.executable, "-m", "tests.simulation", "--seed=7"]
        return subprocess.run(
            command, env=os.environ | {"PYTHONHASHSEED": hash_seed}, capture_output=True, check=True, timeout=120
        ).stdout

    assert told("1") == told("2")


def test_another_seed_is_another_run() -> None:
    assert run(7).trace != run(8).trace


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_planted_bug_is_found(mutant: Mutant) -> None:
    trophy = hunt(mutant)

    assert trophy is not None
    assert trophy.promise in mutant.promises, trophy.broken


def test_a_failing_run_shrinks_to_a_short_story_of_the_same_promise() -> None:
    mutant = next(each for each in MUTANTS if "PUBACK counts" in each.name)
    trophy = hunt(mutant)
    assert trophy is not None
    with mutant.planted():
        short = shrink(draw(trophy.seed), lambda events: run(trophy.seed, events).promise or None, most_runs=150)

        assert run(trophy.seed, short).promise == trophy.promise
    assert len(short) < 8


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_a_kept_story_breaks_nothing_any_more(story: Story) -> None:
    assert run(story.seed, story.events).broken == ""


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_a_kept_story_still_finds_the_bug_that_it_was_made_from(story: Story) -> None:
    mutant = next(each for each in MUTANTS if each.name == story.mutant)
    with mutant.planted():
        assert run(story.seed, story.events).promise in mutant.promises
