"""What is too odd to be chance. Values in, values out; each answer carries its evidence.

Rules:
1. Two programs work with one key when a run of the program comes back in a newer session after another run: a run is
   drawn at random at each start and never comes again by itself. Twice within a day puts the node aside; once may be a
   virtual machine that was set back.
2. One counter with two contents is a restored or a copied disk. Two such counters within a day put the node aside.
3. Night is 22 to 5 o'clock by the node's own clock: three bundles of a night are asked about.
4. One bundle in five rejected, and at least five within a day.
5. Five times what a usual day has, and at least twenty; a village with fewer than five usual days has none yet.
6. What a person has looked at and cleared is not counted again: windows begin behind the last clearing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from hub.health.alarm_rules import AlarmKind, Evidence, Finding
from hub.health.series_rules import Sums

WINDOW = timedelta(days=1)
USUAL_DAYS = timedelta(days=28)
WIB = timezone(timedelta(hours=7), "WIB")
NIGHT_BEGINS, NIGHT_ENDS = 22, 5
NIGHT_BUNDLES = 3
RETURNS_THAT_SUSPEND = 2
CONFLICTS_THAT_SUSPEND = 2
LEAST_REJECTED, REJECTED_SHARE = 5, 5
LEAST_VOLUME, TIMES_USUAL, LEAST_DAYS = 20, 5, 5
FLOOD_MESSAGES = 100
WRONG_PINS_A_DAY = 20
MOST_NAMED = 10
_LATEST_MS = 4_102_444_800_000
"""The year 2100: a claim beyond it is no time of day."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Returned:
    """A run of a node's program that came back after another one."""

    run: bytes
    times: int
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Conflict:
    """A counter that came with a second content."""

    bundle: bytes
    at: datetime


def is_night(claimed_ms: int) -> bool:
    """Say whether a bundle was sealed at night, by the node's clock (rule 3)."""
    if not 0 < claimed_ms < _LATEST_MS:
        return False
    hour = datetime.fromtimestamp(claimed_ms / 1_000, tz=UTC).astimezone(WIB).hour
    return hour >= NIGHT_BEGINS or hour < NIGHT_ENDS


def two_programs(node: str, returned: Sequence[Returned]) -> Finding | None:
    """Return the finding of rule 1."""
    if not returned:
        return None
    times = sum(each.times for each in returned)
    evidence: Evidence = {
        "returned": times,
        "runs": [each.run.hex() for each in returned[:MOST_NAMED]],
        "last_at": _time(max(each.at for each in returned)),
    }
    return _about(node, AlarmKind.TWO_PROGRAMS, evidence, suspends=times >= RETURNS_THAT_SUSPEND)


def counter_reuse(node: str, conflicts: Sequence[Conflict]) -> Finding | None:
    """Return the finding of rule 2."""
    bundles = sorted({each.bundle for each in conflicts})
    if not bundles:
        return None
    evidence: Evidence = {
        "contents": len(bundles),
        "bundles": [bundle.hex()[:16] for bundle in bundles[:MOST_NAMED]],
        "last_at": _time(max(each.at for each in conflicts)),
    }
    return _about(node, AlarmKind.COUNTER_REUSE, evidence, suspends=len(bundles) >= CONFLICTS_THAT_SUSPEND)


def night_work(node: str, day: Sums) -> Finding | None:
    """Return the finding of rule 3."""
    return _about(node, AlarmKind.NIGHT_WORK, {"bundles": day.night}) if day.night >= NIGHT_BUNDLES else None


def rejects(node: str, day: Sums) -> Finding | None:
    """Return the finding of rule 4."""
    decided = day.accepted + day.rejected
    if day.rejected < LEAST_REJECTED or day.rejected * REJECTED_SHARE < decided:
        return None
    return _about(node, AlarmKind.REJECTS, {"rejected": day.rejected, "of": decided})


def volume(node: str, day: Sums, usual: Sequence[int]) -> Finding | None:
    """Return the finding of rule 5; ``usual`` are the accepted bundles of each earlier day that had any."""
    if len(usual) < LEAST_DAYS or day.accepted < LEAST_VOLUME:
        return None
    mean = sum(usual) / len(usual)
    if day.accepted < TIMES_USUAL * mean:
        return None
    return _about(node, AlarmKind.VOLUME, {"bundles": day.accepted, "usual": round(mean)})


def flood(node: str, messages: int) -> Finding | None:
    """Return the finding about messages that were refused unread because there were too many within an hour."""
    return _about(node, AlarmKind.FLOOD, {"refused": messages}) if messages >= FLOOD_MESSAGES else None


def wrong_pins(node: str, failed: int) -> Finding | None:
    """Return the finding about wrong PINs of one day."""
    return _about(node, AlarmKind.WRONG_PINS, {"failed": failed}) if failed >= WRONG_PINS_A_DAY else None


def total(parts: Sequence[Sums]) -> Sums:
    """Return the sum of several stretches."""
    return Sums(
        accepted=sum(each.accepted for each in parts),
        rejected=sum(each.rejected for each in parts),
        quarantined=sum(each.quarantined for each in parts),
        night=sum(each.night for each in parts),
    )


def _about(node: str, kind: AlarmKind, evidence: Evidence, *, suspends: bool = False) -> Finding:
    return Finding(kind=kind, subject=node, node=node, evidence=evidence, suspends=suspends)


def _time(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
