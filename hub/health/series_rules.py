"""How figures become stretches of time, and short stretches long ones. Values in, values out.

Rules:
1. A stretch keeps of each figure what an administrator asks about: the worst (least free memory, longest wait), a sum
   (how often heard), or a mean as sum and count, so that long stretches are made from short ones without the reports.
2. Stretches of 5 minutes are kept two weeks, hours half a year, days three years: 9,500 rows per node.
3. Time is the hub's. A clock that was set back fills an older stretch further; nothing is lost by it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum, StrEnum

from protocol.health import Figures, Health, HealthKind

Value = int | None


class Stretch(IntEnum):
    """Lengths, in minutes."""

    SHORT = 5
    HOUR = 60
    DAY = 1_440

    @property
    def length(self) -> timedelta:
        """The same as a duration."""
        return timedelta(minutes=self.value)


KEPT: Mapping[Stretch, timedelta] = {
    Stretch.SHORT: timedelta(days=14),
    Stretch.HOUR: timedelta(days=183),
    Stretch.DAY: timedelta(days=3 * 366),
}
MADE_FROM: Mapping[Stretch, Stretch] = {Stretch.HOUR: Stretch.SHORT, Stretch.DAY: Stretch.HOUR}
MOST_POINTS = 1_000
"""A picture with more points than this shows no more."""


class Join(StrEnum):
    """How two values of a figure become one (rule 1)."""

    SUM = "sum"
    MOST = "max"
    LEAST = "min"


JOINS: Mapping[str, Join] = {
    "beats": Join.SUM,
    "births": Join.SUM,
    "deaths": Join.SUM,
    "waiting": Join.MOST,
    "waiting_bytes": Join.MOST,
    "oldest_waiting_s": Join.MOST,
    "disk_free_mb": Join.LEAST,
    "ram_free_mb": Join.LEAST,
    "battery_percent": Join.LEAST,
    "off_mains": Join.SUM,
    "offset_sum": Join.SUM,
    "offset_count": Join.SUM,
    "rtt_sum": Join.SUM,
    "rtt_count": Join.SUM,
    "lost_percent": Join.MOST,
    "sign_ins": Join.MOST,
    "failed_sign_ins": Join.MOST,
    "accepted": Join.SUM,
    "rejected": Join.SUM,
    "quarantined": Join.SUM,
    "night": Join.SUM,
}
COUNTED = frozenset(name for name, join in JOINS.items() if join is Join.SUM and not name.endswith("_sum"))
"""Figures that are 0 when nothing came; the others are not known then."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sums:
    """What a window holds in all."""

    accepted: int = 0
    rejected: int = 0
    quarantined: int = 0
    night: int = 0


def begin_of(moment: datetime, stretch: Stretch) -> datetime:
    """Return the beginning of the stretch that holds a moment (in UTC, also of days)."""
    length = stretch.value * 60
    return datetime.fromtimestamp(int(moment.timestamp()) // length * length, tz=UTC)


def sample_of(health: Health) -> dict[str, Value]:
    """Return what one report adds; a will has no figures, since it was written at connect."""
    if health.kind is HealthKind.DEATH:
        return {"deaths": 1}
    figures = health.figures or Figures()
    counted = "births" if health.kind is HealthKind.BIRTH else "beats"
    return {
        counted: 1,
        "waiting": health.waiting,
        "waiting_bytes": health.waiting_bytes,
        "oldest_waiting_s": health.oldest_waiting_s,
        "disk_free_mb": health.disk_free_mb,
        "ram_free_mb": figures.ram_free_mb,
        "battery_percent": figures.battery_percent,
        "off_mains": int(figures.on_mains is False),
        "offset_sum": figures.clock_offset_ms,
        "offset_count": int(figures.clock_offset_ms is not None),
        "rtt_sum": figures.rtt_ms,
        "rtt_count": int(figures.rtt_ms is not None),
        "lost_percent": figures.lost_percent,
        "sign_ins": figures.sign_ins,
        "failed_sign_ins": figures.failed_sign_ins,
    }


def joined(name: str, left: Value, right: Value) -> Value:
    """Return what two values of a figure are together; one that is not known adds nothing."""
    if left is None or right is None:
        return right if left is None else left
    how = JOINS[name]
    if how is Join.SUM:
        return left + right
    return max(left, right) if how is Join.MOST else min(left, right)


def merge(into: dict[str, Value], sample: Mapping[str, Value]) -> None:
    """Add a sample to another one."""
    for name, value in sample.items():
        into[name] = joined(name, into.get(name), value)


def stretch_for(since: datetime, until: datetime, now: datetime) -> Stretch:
    """Return the shortest stretches that are still kept for a window and draw at most ``MOST_POINTS`` points."""
    for stretch in Stretch:
        is_kept = since >= now - KEPT[stretch]
        if is_kept and (until - since) / stretch.length <= MOST_POINTS:
            return stretch
    return Stretch.DAY


def drift_ms_per_day(points: list[tuple[datetime, int]]) -> int | None:
    """Return the trend of a clock's offset by least squares; None with fewer than three points, or all at once."""
    if len(points) < 3:  # noqa: PLR2004  # two points always lie on a line
        return None
    days = [(at - points[0][0]) / timedelta(days=1) for at, _ in points]
    mean_day, mean = sum(days) / len(days), sum(value for _, value in points) / len(points)
    spread = sum((day - mean_day) ** 2 for day in days)
    if not spread:
        return None
    slope = sum((day - mean_day) * (value - mean) for day, (_, value) in zip(days, points, strict=True)) / spread
    return round(slope)
