"""Heartbeats wait for each other; nothing else waits."""

from hub.intake.beats import HELD_S, MOST_HELD, Beats
from hub.intake.carrier import Incoming

NODE = "simpul/v1/3314/331405/3314052003/3314052003-01"
BEAT, BIRTH, WILL, FORM = (Incoming(f"{NODE}/up/{kind}", b"") for kind in ("health", "birth", "death", "bundle"))


def test_a_heartbeat_waits_its_time_and_no_longer() -> None:
    beats = Beats()
    assert beats.sift([BEAT], 100.0) == []
    assert beats.sift([BEAT], 100.0 + HELD_S - 0.1) == []
    assert beats.sift([], 100.0 + HELD_S) == [BEAT, BEAT]
    assert beats.sift([], 100.0 + 2 * HELD_S) == []


def test_births_wills_and_forms_are_not_held() -> None:
    assert Beats().sift([BIRTH, BEAT, WILL, FORM], 100.0) == [BIRTH, WILL, FORM]


def test_many_heartbeats_go_at_once() -> None:
    assert len(Beats().sift([BEAT] * MOST_HELD, 100.0)) == MOST_HELD


def test_a_clock_that_is_set_back_holds_nothing() -> None:
    beats = Beats()
    beats.sift([BEAT], 100.0)
    assert beats.sift([], 50.0) == [BEAT]


def test_what_was_held_goes_behind_the_rest() -> None:
    beats = Beats()
    beats.sift([BEAT], 100.0)
    assert beats.sift([FORM], 100.0 + HELD_S) == [FORM, BEAT]
