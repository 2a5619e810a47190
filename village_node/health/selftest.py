"""The self-test: from the disk of this PC to the hub's answer, each step with a stable code when it fails.

Rules:
1. Every step is told, also behind one that failed: what the broken road did not reach is ``unreached``, not well.
2. Nothing is sent and nothing is changed; it ends within half a minute (``road`` has the times), and may run always.
3. The result holds steps and codes: no name, no path, no word that anybody typed. It may go to the hub as it is.
4. Each code has a sentence for an administrator here (``CAUSES``) and one for officers in ``web.roadmap``.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from sqlalchemy.orm import Session

from village_node.health.clock import ClockState
from village_node.health.place import Place, Sight, look_at
from village_node.health.road import RoadStep, StepResult, walk
from village_node.identity.hub import Enrolled, find_enrolled
from village_node.identity.keys import TlsFiles
from village_node.outbox import queries
from village_node.outbox.doctor import is_beacon_heard
from village_node.store.space import SpaceState

WAITING_LONG = timedelta(hours=4)
FEW_NUMBERS = 20

Walk = Callable[[str, int, TlsFiles], Iterable[StepResult]]


class Step(StrEnum):
    """The steps, in their order."""

    DISK = "disk"
    STORE = "store"
    CLOCK = "clock"
    ENROLLED = "enrolled"
    CERTIFICATE = "certificate"
    NAME = "name"
    PORT = "port"
    TLS = "tls"
    LINK = "link"
    ANSWER = "answer"
    OUTBOX = "outbox"
    NUMBERS = "numbers"


class Result(StrEnum):
    """How a step went."""

    WELL = "well"
    BAD = "bad"
    UNREACHED = "unreached"


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked:
    """One step."""

    step: Step
    result: Result
    code: str = ""
    """Why it is bad."""


_BEFORE_CONNECT = {RoadStep.NAME: Step.NAME, RoadStep.PORT: Step.PORT, RoadStep.TLS: Step.TLS}


def self_test(place: Place, walk_road: Walk = walk) -> tuple[Checked, ...]:
    """Test this PC and its road to the hub.

    Raises:
        StorageError: the store cannot be read.
    """
    faults = place.database.check()
    with place.database.reading() as session:
        sight, enrolled = look_at(session, place), find_enrolled(session)
        behind = list(_behind_the_road(session, sight))
    return (
        _tested(Step.DISK, _disk_code(sight)),
        _tested(Step.STORE, "store_damaged" if faults else ""),
        _tested(Step.CLOCK, _clock_code(sight)),
        _tested(Step.ENROLLED, "" if enrolled else "not_enrolled"),
        _tested(Step.CERTIFICATE, sight.road.certificate) if enrolled else _unreached(Step.CERTIFICATE),
        *_road(place, enrolled, walk_road),
        *behind,
    )


def result_bytes(tested: Sequence[Checked]) -> bytes:
    """Return the result as JSON, for the hub."""
    lines = [{"step": each.step, "result": each.result, "code": each.code} for each in tested]
    return json.dumps(lines, separators=(",", ":")).encode()


def _road(place: Place, enrolled: Enrolled | None, walk_road: Walk) -> Iterator[Checked]:
    made: dict[RoadStep, StepResult] = {}
    if enrolled is not None:
        settings = place.settings
        hosts = (settings.broker_host or enrolled.broker_host).split(",")
        port = settings.broker_port or enrolled.broker_port
        made = {each.step: each for each in walk_road(hosts[0].strip(), port, place.tls)}
    for step, name in _BEFORE_CONNECT.items():
        yield _tested(name, made[step].code) if step in made else _unreached(name)


def _behind_the_road(session: Session, sight: Sight) -> Iterator[Checked]:
    """Tell what the running program knows: its link, the hub's answer, what waits."""
    road, home = sight.road, queries.home(session)
    is_silent = road.reason == "hub_silent"
    yield _tested(Step.LINK, "" if road.is_connected else road.reason or "starting")
    if road.is_connected:
        silence = "uplink_dropped" if is_beacon_heard(road) else "hub_silent"
        yield _tested(Step.ANSWER, silence if is_silent else "")
    else:
        yield _unreached(Step.ANSWER)
    oldest = home.oldest_waiting_at
    yield _tested(Step.OUTBOX, "waiting_long" if oldest and road.now - oldest >= WAITING_LONG else "")
    yield _tested(Step.NUMBERS, "numbers_low" if home.free_numbers < FEW_NUMBERS else "")


def _disk_code(sight: Sight) -> str:
    return {SpaceState.FULL: "disk_full", SpaceState.BROKEN: "disk_broken"}.get(sight.space.state, "")


def _clock_code(sight: Sight) -> str:
    return {ClockState.BEHIND: "clock_behind", ClockState.AHEAD: "clock_ahead"}.get(sight.clock.state, "")


def _tested(step: Step, code: str) -> Checked:
    return Checked(step=step, result=Result.BAD if code else Result.WELL, code=code)


def _unreached(step: Step) -> Checked:
    return Checked(step=step, result=Result.UNREACHED)


CAUSES: Mapping[str, str] = {
    "disk_full": "The disk has no room for one more application. Free some; the program goes on by itself.",
    "disk_broken": "The disk cannot be written: read-only, failing, or held by another program.",
    "store_damaged": "The database does not pass SQLite's check. Stop the program, keep a copy, restore the backup.",
    "clock_behind": "The clock is behind the newest time that the hub signed. Set date and time.",
    "clock_ahead": "The clock is ahead of the hub. Set date and time.",
    "not_enrolled": "This PC has no certificate yet. Ask for a one-time code and run `simpul-node enrol`.",
    "our_certificate_expired": "This node's certificate has ended; the program renews it at the hub's web address.",
    "our_certificate_not_yet": "This node's certificate is not valid yet: the clock is behind.",
    "our_certificate_refused": "The broker refuses this node's certificate: revoked, suspended, or its list has ended.",
    "certificate_missing": "A certificate file is missing from the keys folder.",
    "hub_certificate_expired": "The broker's certificate has ended.",
    "hub_certificate_not_yet": "The broker's certificate is not valid yet, or this clock is behind.",
    "wrong_authority": "Whoever answers is not certified by the regency's authority. Nothing was sent.",
    "wrong_name": "The broker's certificate is for another name. Nothing was sent.",
    "tls": "The secure connection cannot be agreed on; something on the way may change it.",
    "name": "The broker's name cannot be found: no internet, or a wrong name server.",
    "refused": "The machine answers, but nothing listens on the broker's port.",
    "no_network": "There is no network.",
    "network": "The network does not reach the broker.",
    "timeout": "No answer in time: a very slow link, or a firewall that swallows.",
    "cut_early": "The connection is closed before anything is said.",
    "lost": "The connection broke; the program connects again.",
    "keepalive": "The link swallowed everything for one and a half keepalives.",
    "no_ack": "The broker took messages and acknowledged none; the program connects again.",
    "not_authorised": "The broker does not let this node in. Ask the administrator of the network.",
    "broker_refused": "The broker refuses the connection for a reason of its own.",
    "starting": "The program is starting.",
    "stopped": "The program does not run.",
    "thread_died": "A part of the program ended; it begins again by itself.",
    "program": "The program failed; its log has the place.",
    "hub_silent": "The broker answers, the hub does not.",
    "uplink_dropped": "The hub is heard, but does not hear this node: something drops what goes up.",
    "waiting_long": "An application has waited for its receipt for more than four hours.",
    "numbers_low": "Few registration numbers are left; a new block comes with the next link.",
}


def cause_of(tested: Checked) -> str:
    """Return why a step is as it is, in one sentence."""
    if tested.result is Result.UNREACHED:
        return "Not reached."
    return "Well." if not tested.code else CAUSES.get(tested.code, "Unknown; the code says more to the makers.")
