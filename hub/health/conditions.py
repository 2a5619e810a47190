"""Looks at the whole fleet: which conditions hold now. A handful of statements for any number of nodes.

To add one more condition: its kind in ``alarm_rules``, a line in ``_signs`` with the figures that show it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from hub.health.alarm_rules import AlarmKind, Evidence, Finding, Severity
from hub.health.gaps import gaps_of
from hub.health.rules import DISK_LOW_MB, WAITING_LONG_S, Gap, Reported, State, count_missing, shown
from hub.health.series_rules import Stretch, begin_of
from hub.health.tables import HealthSample, Presence
from hub.intake.tables import IntakeTally
from hub.registry.rules import NodeStatus
from hub.registry.tables import Node

RAM_LOW_MB = 150
"""Below, Windows begins to write memory to the disk and a photo takes a minute."""

BATTERY_LOW_PERCENT = 20
CLOCK_WRONG_MS = 600_000
"""Ten minutes, as the node itself judges its clock."""

RTT_POOR_MS = 3_000
LOST_POOR_PERCENT = 20
MANY_BIRTHS = 10
"""Connections in an hour: a link that breaks every six minutes carries no scan."""

FLAPPING_WITHIN = timedelta(hours=1)
BORN_WITHIN = timedelta(minutes=30)
DISK_FULL_MB = 100
MOST_NAMED_GAPS = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class _Vitals:
    """What the signs look at."""

    node: str
    state: State
    """Without any excuse."""
    presence: Presence | None
    gaps: Sequence[Gap]
    births: int


def find_conditions(session: Session, now: datetime) -> list[Finding]:
    """Return what is not well with the nodes in service now."""
    rows = session.execute(
        select(Node.node_id, Presence, IntakeTally.accepted)
        .outerjoin(Presence, Presence.node_id == Node.node_id)
        .outerjoin(IntakeTally, IntakeTally.node_id == Node.node_id)
        .where(Node.status == NodeStatus.ACTIVE.value)
        .order_by(Node.node_id)
    ).all()
    gaps = gaps_of(session, _behind(rows))
    births = _births(session, now, [name for name, presence, _ in rows if _is_newly_born(presence, now)])
    return [
        finding
        for name, presence, _ in rows
        for finding in _findings(
            _Vitals(
                node=name,
                state=_state(presence, now),
                presence=presence,
                gaps=gaps.get(name, ()),
                births=births.get(name, 0),
            )
        )
    ]


def _behind(rows: Iterable[Row[str, Presence | None, int | None]]) -> dict[str, int]:
    return {
        name: presence.last_counter
        for name, presence, accepted in rows
        if presence is not None and presence.last_counter > (accepted or 0)
    }


def _state(presence: Presence | None, now: datetime) -> State:
    if presence is None:
        return State.NEVER
    return shown(Reported(presence.state), presence.seen_at, now, is_active=True)


def _is_newly_born(presence: Presence | None, now: datetime) -> bool:
    return presence is not None and presence.born_at >= now - BORN_WITHIN


def _births(session: Session, now: datetime, names: Iterable[str]) -> dict[str, int]:
    """Return how often nodes connected within the hour; asked one by one, each by its key."""
    since = begin_of(now - FLAPPING_WITHIN, Stretch.SHORT)
    found = {}
    for name in names:
        here = (HealthSample.node_id == name, HealthSample.minutes == Stretch.SHORT.value, HealthSample.at >= since)
        found[name] = sum(session.scalars(select(HealthSample.births).where(*here)))
    return found


def _findings(vitals: _Vitals) -> Iterable[Finding]:
    if vitals.state is State.NEVER:
        yield Finding(kind=AlarmKind.NEVER, subject=vitals.node, node=vitals.node)
    if vitals.presence is None:
        return
    for kind, (holds, evidence) in _signs(vitals, vitals.presence).items():
        if holds:
            severity = _severity(kind, vitals.presence)
            yield Finding(kind=kind, subject=vitals.node, node=vitals.node, severity=severity, evidence=evidence)


def _signs(vitals: _Vitals, presence: Presence) -> Mapping[AlarmKind, tuple[bool, Evidence]]:
    """Return every condition: whether it holds, and by which figures."""
    is_live, missing = vitals.state is State.LIVE, count_missing(vitals.gaps)
    seen = presence.seen_at.isoformat(timespec="seconds")
    disk, ram, battery = presence.disk_free_mb, presence.ram_free_mb, presence.battery_percent
    offset, rtt, lost = presence.clock_offset_ms, presence.rtt_ms, presence.lost_percent
    named = ", ".join(map(str, vitals.gaps[:MOST_NAMED_GAPS]))
    return {
        AlarmKind.SILENT: (vitals.state in {State.STALE, State.DEAD}, {"seen_at": seen}),
        AlarmKind.LOST: (missing > presence.waiting, {"missing": named, "count": missing}),
        AlarmKind.WAITING_LONG: (
            is_live and presence.waiting > 0 and presence.oldest_waiting_s >= WAITING_LONG_S,
            {"waiting": presence.waiting, "hours": presence.oldest_waiting_s // 3_600},
        ),
        AlarmKind.DISK_LOW: (disk is not None and disk < DISK_LOW_MB, {"free_mb": disk or 0}),
        AlarmKind.RAM_LOW: (is_live and ram is not None and ram < RAM_LOW_MB, {"free_mb": ram or 0}),
        AlarmKind.BATTERY_LOW: (
            is_live and presence.on_mains is False and battery is not None and battery <= BATTERY_LOW_PERCENT,
            {"percent": battery or 0},
        ),
        AlarmKind.CLOCK_WRONG: (
            offset is not None and abs(offset) >= CLOCK_WRONG_MS,
            {"offset_s": (offset or 0) // 1_000},
        ),
        AlarmKind.LINK_POOR: (
            is_live and ((rtt or 0) >= RTT_POOR_MS or (lost or 0) >= LOST_POOR_PERCENT),
            {"rtt_ms": rtt or 0, "lost_percent": lost or 0},
        ),
        AlarmKind.FLAPPING: (vitals.births >= MANY_BIRTHS, {"connections": vitals.births}),
    }


def _severity(kind: AlarmKind, presence: Presence) -> Severity | None:
    is_full = kind is AlarmKind.DISK_LOW and (presence.disk_free_mb or 0) < DISK_FULL_MB
    return Severity.CRITICAL if is_full else None
