"""Decisions about the fleet: presence, what is missing, what is not well. Values in, values out.

Rules of presence:
1. Birth, heartbeat and death are paired by the session number that the node draws at connect. A message of an older
   session says nothing about the present one: a late will never darkens a node that is back.
2. A death ends its session for good; only a newer session brings the node back. A heartbeat that overtook the will, or
   comes again after it, does not.
3. Within a session each message claims a later time than the one before, whatever the node's clock does; others change
   nothing. So a carrier that cut a village off cannot keep it alive with old heartbeats.
4. What is shown is derived when it is read: a node that was reported live and has been silent for ``STALE_AFTER`` is
   stale, after ``DEAD_AFTER`` dead. Nobody has to be awake to make it so.
5. A node that is not live while its office is closed, or an outage is planned, is shown so: it is excused, not well.
6. The hub's own clock may be set back: a node that was heard "in the future" is live for a minute, then stale until it
   is heard again.

Rules of gaps:
7. Counters begin at 1. Missing is what lies at or below the highest counter that the node reported and was neither
   accepted nor rejected. Up to ``waiting`` of it the node says that it is still sending; more is lost, which must
   not happen (promise P1).
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from protocol.health import Health, HealthKind

STALE_AFTER = timedelta(seconds=660)
"""Two heartbeats and a minute. A cut link is seen long before: the broker publishes the will 90 s (one and a half
keepalives) after the last sign of life; a keepalive costs a third of a heartbeat."""

DEAD_AFTER = timedelta(minutes=30)
"""Silence without a will: the broker itself was away, or the will was lost."""

CLOCK_SLIP = timedelta(minutes=1)
"""How far the clocks of the hub's machines may differ (rule 6)."""

SILENT_AFTER_ENROLMENT = timedelta(hours=1)
WAITING_LONG_S = 4 * 3600
"""The oldest bundle without a receipt: half a working day."""

DISK_LOW_MB = 500
"""Room for about 300 applications with scans."""

CERTIFICATE_ENDS_WITHIN = timedelta(days=14)
"""Renewal begins 30 days before the end; two weeks of failing is worth a look."""


class Reported(StrEnum):
    """What the node's own messages said last."""

    LIVE = "live"
    DEAD = "dead"


class State(StrEnum):
    """What is shown."""

    LIVE = "live"
    STALE = "stale"
    DEAD = "dead"
    NEVER = "never"  # enrolled, nothing heard yet
    CLOSED = "closed"  # silent, and nobody is expected in the office now
    MAINTENANCE = "maintenance"  # silent, and a planned outage says why
    SUSPENDED = "suspended"
    REVOKED = "revoked"


class Ailment(StrEnum):
    """Why a node is not well. Several may hold."""

    DEAD = "dead"
    STALE = "stale"
    NEVER = "never"
    LOST = "lost"
    WAITING_LONG = "waiting_long"
    DISK_LOW = "disk_low"
    CERTIFICATE_ENDS = "certificate_ends"
    REFUSALS = "refusals"


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """What is stored about a node's presence."""

    session: int
    reported: Reported
    born_at: datetime
    """When this session was first heard of."""
    seen_at: datetime
    claimed_ms: int
    """The node's time in the newest message of the session (rule 3)."""
    last_counter: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Gap:
    """Counters ``first`` to ``last`` that the hub does not have."""

    first: int
    last: int

    @property
    def size(self) -> int:
        """How many bundles are missing here."""
        return self.last - self.first + 1

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}–{self.last}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Vitals:
    """What ``ailments`` looks at."""

    state: State
    enrolled_at: datetime
    missing: int = 0
    waiting: int = 0
    oldest_waiting_s: int = 0
    disk_free_mb: int | None = None
    certificate_ends_at: datetime | None = None
    recent_refusals: int = 0


def hear(known: Known | None, health: Health, now: datetime) -> Known | None:
    """Return what is known after a message, or None when the message changes nothing (rules 1 to 3)."""
    if known is None or health.session > known.session:
        return Known(
            session=health.session,
            reported=_reported(health),
            born_at=now,
            # A will proves an end, not that the node was seen just now.
            seen_at=known.seen_at if known is not None and health.kind is HealthKind.DEATH else now,
            claimed_ms=health.claimed_at,
            last_counter=max(health.last_counter, 0 if known is None else known.last_counter),
        )
    if health.session < known.session or known.reported is Reported.DEAD:
        return None
    if health.kind is HealthKind.DEATH:
        # The will was written at connect: its figures are old.
        return replace(known, reported=Reported.DEAD)
    if health.claimed_at <= known.claimed_ms:
        return None
    return replace(
        known,
        seen_at=now,
        claimed_ms=health.claimed_at,
        last_counter=max(health.last_counter, known.last_counter),
    )


def _reported(health: Health) -> Reported:
    return Reported.DEAD if health.kind is HealthKind.DEATH else Reported.LIVE


def shown(
    reported: Reported | None,
    seen_at: datetime | None,
    now: datetime,
    *,
    is_active: bool,
    excuse: str | None = None,
    is_suspended: bool = False,
) -> State:
    """Return the state to show at this moment (rules 4 to 6); ``excuse`` is ``closed`` or ``maintenance``."""
    if is_suspended:
        return State.SUSPENDED
    if not is_active:
        return State.REVOKED
    state = _heard_state(reported, seen_at, now)
    return state if excuse is None or state is State.LIVE else State(excuse)


def _heard_state(reported: Reported | None, seen_at: datetime | None, now: datetime) -> State:
    if reported is None or seen_at is None:
        return State.NEVER
    silence = now - seen_at
    if reported is Reported.DEAD or silence >= DEAD_AFTER:
        return State.DEAD
    return State.STALE if silence >= STALE_AFTER or silence < -CLOCK_SLIP else State.LIVE


def find_gaps(jumps: Iterable[tuple[int, int]], highest: int, last_counter: int) -> list[Gap]:
    """Return the gaps up to the highest counter that the node reported (rule 7).

    ``jumps`` are the neighbouring counters that do not follow each other, ascending, with 0 before the first;
    ``highest`` is the highest counter that the hub has, 0 for none.
    """
    found = [Gap(first=left + 1, last=right - 1) for left, right in jumps]
    if last_counter > highest:
        found.append(Gap(first=highest + 1, last=last_counter))
    return found


def without(gaps: Iterable[Gap], counters: Iterable[int]) -> list[Gap]:
    """Return the gaps after these counters, which have another verdict, are taken out of them.

    Each gap walks over its own counters only: a node can have any number of rejections under any counter.
    """
    taken = sorted(set(counters))
    remaining: list[Gap] = []
    for gap in gaps:
        first = gap.first
        for counter in taken[bisect_left(taken, gap.first) : bisect_right(taken, gap.last)]:
            if counter > first:
                remaining.append(Gap(first=first, last=counter - 1))
            first = counter + 1
        if first <= gap.last:
            remaining.append(Gap(first=first, last=gap.last))
    return remaining


def count_missing(gaps: Sequence[Gap]) -> int:
    """Return how many bundles the gaps hold."""
    return sum(gap.size for gap in gaps)


def ailments(vitals: Vitals, now: datetime) -> tuple[Ailment, ...]:
    """Return why a node is not well, worst first; empty when it is well. A node out of service has no ailments."""
    if vitals.state in {State.REVOKED, State.SUSPENDED}:
        return ()
    ends = vitals.certificate_ends_at
    signs = {
        Ailment.LOST: vitals.missing > vitals.waiting,
        Ailment.DEAD: vitals.state is State.DEAD,
        Ailment.NEVER: vitals.state is State.NEVER and now - vitals.enrolled_at >= SILENT_AFTER_ENROLMENT,
        Ailment.STALE: vitals.state is State.STALE,
        Ailment.WAITING_LONG: vitals.waiting > 0
        and vitals.oldest_waiting_s >= WAITING_LONG_S
        and vitals.state not in {State.CLOSED, State.MAINTENANCE},
        Ailment.REFUSALS: vitals.recent_refusals > 0,
        Ailment.DISK_LOW: vitals.disk_free_mb is not None and vitals.disk_free_mb < DISK_LOW_MB,
        Ailment.CERTIFICATE_ENDS: ends is not None and ends - now < CERTIFICATE_ENDS_WITHIN,
    }
    return tuple(sign for sign, holds in signs.items() if holds)
