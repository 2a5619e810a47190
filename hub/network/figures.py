"""What the page of a node shows of the past: a window out of the address, heartbeat bars, one line per figure.

Rules:
1. The window stands in the address: its length by a word, or its two ends; nothing else is read.
2. A bar is a sixtieth of the window. It is full when the node was heard as often as it should be, half when more
   rarely, low when not at all; before the node was enrolled, and in the future, there is none.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from hub.health.series import Point, Series
from hub.health.series_rules import Stretch
from hub.network import labels
from hub.network.drawing import Bar, Window, figure_line

BARS = 60
LENGTHS: Mapping[str, timedelta] = {
    "day": timedelta(days=1),
    "week": timedelta(days=7),
    "month": timedelta(days=30),
    "year": timedelta(days=365),
}
HEARTBEAT_S = 300
"""What nodes are set to; a node that is set to less often shows half bars."""
LONGEST = timedelta(days=3 * 366)
WIB = timezone(timedelta(hours=7))

FIGURES: Mapping[str, tuple[str, Callable[[Point], float | None]]] = {
    "waiting": ("", lambda point: point.waiting),
    "oldest": (labels.MINUTES, lambda point: _scaled(point.oldest_waiting_s, 60)),
    "disk": ("MB", lambda point: point.disk_free_mb),
    "memory": ("MB", lambda point: point.ram_free_mb),
    "clock": ("ms", lambda point: point.clock_offset_ms),
    "rtt": ("ms", lambda point: point.rtt_ms),
    "lost": ("%", lambda point: point.lost_percent),
    "battery": ("%", lambda point: point.battery_percent),
    "accepted": ("", lambda point: point.accepted),
    "rejected": ("", lambda point: point.rejected),
}
"""Unit (a msgid where it is a word) and value of each line of ``labels.FIGURES``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Period:
    """The window that a page shows."""

    since: datetime
    until: datetime
    name: str
    """A word of ``LENGTHS``; empty: two ends of the reader's own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FigureLine:
    """One figure of a window."""

    name: str
    label: str
    unit: str
    picture: str
    """SVG."""
    low: float
    high: float
    last: float
    rows: tuple[tuple[datetime, float], ...]


def read_period(given: Mapping[str, str], now: datetime) -> Period:
    """Read the window out of an address (rule 1); what cannot be read is the last day."""
    since, until = _day(given.get("since", "")), _day(given.get("until", ""))
    if since is not None and until is not None and since <= until and until - since <= LONGEST:
        return Period(since=since, until=until + timedelta(days=1), name="")
    name = given.get("window", "")
    name = name if name in LENGTHS else "day"
    return Period(since=now - LENGTHS[name], until=now, name=name)


def bars_of(series: Series, period: Period, enrolled_at: datetime, now: datetime) -> list[Bar]:
    """Return the heartbeat bars of a window (rule 2)."""
    length = (period.until - period.since) / BARS
    heard = [0] * BARS
    for point in series.points:
        place = int((point.at + series.stretch.length / 2 - period.since) / length)
        if 0 <= place < BARS:
            heard[place] += point.beats + point.births
    # A bar that is shorter than a stretch shows the stretch that it lies in.
    expected = max(length, Stretch(series.stretch).length).total_seconds() / HEARTBEAT_S
    found = []
    for number, count in enumerate(heard):
        at = period.since + number * length
        if at + length <= enrolled_at or at > now:
            kind = "none"
        else:
            kind = "dead" if count == 0 else "live" if count >= expected * 0.8 - 1 else "stale"
        found.append(Bar(at=at, kind=kind))
    return found


def lines_of(series: Series, period: Period, translate: Callable[[str], str]) -> list[FigureLine]:
    """Return a line for each figure that was reported at all."""
    window = Window(since=period.since, until=period.until, stretch_s=series.stretch.length.total_seconds())
    found = []
    for name, (unit, value_of) in FIGURES.items():
        rows = _rows(series.points, value_of)
        if not rows or not any(value for _, value in rows):
            continue
        values, title = [value for _, value in rows], translate(labels.FIGURES[name])
        words = f"{title}: {min(values):g} – {max(values):g} {translate(unit) if unit else ''}".strip()
        found.append(
            FigureLine(
                name=name,
                label=title,
                unit=translate(unit) if unit else "",
                picture=figure_line(rows, window, words),
                low=min(values),
                high=max(values),
                last=values[-1],
                rows=rows[-BARS:],
            )
        )
    return found


def _rows(points: Sequence[Point], value_of: Callable[[Point], float | None]) -> tuple[tuple[datetime, float], ...]:
    known = ((point.at, value_of(point)) for point in points)
    return tuple((at, value) for at, value in known if value is not None)


def _scaled(value: int | None, by: int) -> float | None:
    return None if value is None else round(value / by, 1)


def _day(text: str) -> datetime | None:
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=WIB)
    except ValueError:
        return None
    return day.astimezone(UTC)
