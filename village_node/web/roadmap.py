"""The self-test of the road to the hub, as milestones with words: from the disk of this PC to the hub's answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from village_node.health.clock import ClockFinding
from village_node.health.road import RoadStep, StepResult
from village_node.outbox.doctor import Road, is_beacon_heard
from village_node.store.space import Space
from village_node.web.diagnosis import clock_words, outcome_words, space_words
from village_node.web.language import Lazy, later, say

NAMES: Mapping[RoadStep, Lazy] = {
    RoadStep.NAME: later("Nama server ditemukan"),
    RoadStep.PORT: later("Server menerima sambungan"),
    RoadStep.TLS: later("Sambungan aman, kedua sertifikat diterima"),
}


@dataclass(frozen=True, kw_only=True)
class Milestone:
    """One step: reached, not reached, or not known because one before it was not."""

    name: str
    kind: str
    """``ok``, ``bad`` or ``calm``."""
    text: str


def milestones(steps: Sequence[StepResult], road: Road, space: Space, clock: ClockFinding) -> tuple[Milestone, ...]:
    """Return the whole road; what the test itself did not reach is told from the running link."""
    made = {each.step: each for each in steps}
    return (
        _of(say("Cakram dapat ditulisi"), "" if space.may_begin else space_words(space)),
        _of(say("Jam komputer"), clock_words(clock)),
        _of(say("Sertifikat komputer ini berlaku"), outcome_words(road.certificate) if road.certificate else ""),
        *(_step(name, made.get(step)) for step, name in NAMES.items()),
        _of(say("Masuk ke server"), "" if road.is_connected else outcome_words(road.reason)),
        _answer(road),
    )


def _step(name: Lazy, made: StepResult | None) -> Milestone:
    if made is None:
        return Milestone(name=str(name), kind="calm", text=say("belum sampai"))
    return _of(str(name), outcome_words(made.code) if made.code else "")


def _of(name: str, problem: str) -> Milestone:
    return Milestone(name=name, kind="bad" if problem else "ok", text=problem or say("baik"))


def _answer(road: Road) -> Milestone:
    name = say("Pusat menjawab")
    if not road.is_connected:
        return Milestone(name=name, kind="calm", text=say("belum sampai"))
    if road.reason != "hub_silent":
        return _of(name, "")
    return _of(name, say("pusat terdengar, tetapi tidak mendengar") if is_beacon_heard(road) else say("pusat diam"))
