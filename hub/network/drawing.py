"""Pictures as SVG, drawn here: the small map of a subdistrict, heartbeat bars, a line of a figure. Values in, text out.

Rules:
1. A state is told by colour, by shape and, in the text beside the picture, by its word.
2. Colours are the page's own (``currentColor`` of a class), so that they hold in dark mode and on paper.
3. A picture is an image with one description; what it shows stands in a table beside it.
4. What is returned may stand in a page as it is: numbers, constants, and the description escaped.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

from hub.health.rules import State

CELL = 14
"""Pixels of one village on the small map."""
PER_ROW = 12

TONES: Mapping[str, str] = {
    "live": "success",
    "stale": "warning",
    "dead": "danger",
    "never": "info",
    "closed": "secondary",
    "maintenance": "primary",
    "suspended": "danger",
    "revoked": "secondary",
    "none": "secondary",
}

_SHAPES: Mapping[str, str] = {
    "live": "M{x} {y}h10v10h-10z",
    "stale": "M{x} {y}h10l-5 10z",
    "dead": "M{x} {y}l10 10M{r} {y}l-10 10",
    "never": "M{x} {y}h10v10h-10zM{i} {j}v4h4v-4z",
    "closed": "M{x} {m}h10",
    "maintenance": "M{x} {m}h10M{c} {y}v10",
    "suspended": "M{x} {y}h10v10h-10zM{i} {j}l4 4",
    "none": "M{c} {m}h1",
}
_FILLED = frozenset({"live", "stale"})


def small_map(states: Sequence[State | None], label: str) -> str:
    """Return the map of one subdistrict: a mark per village, in the order of the codes."""
    places: dict[str, list[str]] = {}
    for number, state in enumerate(states):
        name = "none" if state is None else state.value
        x, y = number % PER_ROW * CELL + 2, number // PER_ROW * CELL + 2
        shape = _SHAPES[name].format(x=x, y=y, r=x + 10, m=y + 5, c=x + 5, i=x + 3, j=y + 3)
        places.setdefault(name, []).append(shape)
    rows = -(-len(states) // PER_ROW)
    width, height = min(len(states), PER_ROW) * CELL, rows * CELL
    paths = "".join(
        f'<path class="text-{TONES[name]}-emphasis" d="{"".join(shapes)}" stroke="currentColor" stroke-width="2" '
        f'fill="{"currentColor" if name in _FILLED else "none"}"/>'
        for name, shapes in places.items()
    )
    return (
        f'<svg role="img" aria-label="{escape(label)}" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}">{paths}</svg>'
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """One stretch of time of a node: heard how often, of how often expected."""

    at: datetime
    kind: str
    """``live``, ``stale`` (heard too rarely), ``dead``, or ``none`` (before its time, or in the future)."""


BAR_WIDTH, BAR_GAP, BAR_HEIGHT = 8, 2, 34
_BAR_TOPS: Mapping[str, int] = {"live": 2, "stale": 14, "dead": 26, "none": 31}
"""A bar is lower the worse it is: colour is not the only sign."""


def heartbeat_bars(bars: Sequence[Bar], label: str) -> str:
    """Return the heartbeat bars of a window, oldest first."""
    drawn = []
    for number, bar in enumerate(bars):
        top = _BAR_TOPS[bar.kind]
        drawn.append(
            f'<rect x="{number * (BAR_WIDTH + BAR_GAP)}" y="{top}" width="{BAR_WIDTH}" height="{BAR_HEIGHT - top}" '
            f'rx="1" fill="currentColor" class="text-{TONES[bar.kind]}-emphasis"/>'
        )
    width = len(bars) * (BAR_WIDTH + BAR_GAP)
    return (
        f'<svg role="img" aria-label="{escape(label)}" class="w-100" height="{BAR_HEIGHT}" '
        f'viewBox="0 0 {width} {BAR_HEIGHT}" preserveAspectRatio="none">{"".join(drawn)}</svg>'
    )


LINE_WIDTH, LINE_HEIGHT = 600, 90


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """The time that a picture shows."""

    since: datetime
    until: datetime
    stretch_s: float
    """Points further apart than two of these are not joined: a gap is a gap."""


def figure_line(points: Iterable[tuple[datetime, float]], window: Window, label: str) -> str:
    """Return a line of one figure over a window; stretches without a report stay empty."""
    known = list(points)
    low, high = min((value for _, value in known), default=0.0), max((value for _, value in known), default=0.0)
    low = min(low, 0.0)
    span, length = (high - low) or 1.0, (window.until - window.since).total_seconds() or 1.0
    parts: list[str] = []
    before: datetime | None = None
    for at, value in known:
        x = (at - window.since).total_seconds() / length * LINE_WIDTH
        y = LINE_HEIGHT - 4 - (value - low) / span * (LINE_HEIGHT - 8)
        is_joined = before is not None and (at - before).total_seconds() <= 2 * window.stretch_s
        parts.append(f"{'L' if is_joined else 'M'}{x:.1f} {y:.1f}" + ("" if is_joined else "h1"))
        before = at
    return (
        f'<svg role="img" aria-label="{escape(label)}" class="w-100 text-primary-emphasis" height="{LINE_HEIGHT}" '
        f'viewBox="0 0 {LINE_WIDTH} {LINE_HEIGHT}" preserveAspectRatio="none">'
        f'<path d="M0 {LINE_HEIGHT - 4}h{LINE_WIDTH}" stroke="currentColor" stroke-opacity=".25"/>'
        f'<path d="{"".join(parts)}" fill="none" stroke="currentColor" stroke-width="2" '
        'vector-effect="non-scaling-stroke"/></svg>'
    )
