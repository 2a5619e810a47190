"""Pictures of the console: shape and colour per state, bars that are low when it is bad, lines with gaps, windows."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hub.health.rules import State
from hub.health.series import Point, Series
from hub.health.series_rules import Stretch
from hub.network.drawing import TONES, Bar, Window, figure_line, heartbeat_bars, small_map
from hub.network.figures import BARS, bars_of, read_period

NOW = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)
POINT = Point(
    at=NOW, beats=0, births=0, deaths=0, off_mains=0, accepted=0, rejected=0, quarantined=0, night=0, waiting=None,
    waiting_bytes=None, oldest_waiting_s=None, disk_free_mb=None, ram_free_mb=None, battery_percent=None,
    clock_offset_ms=None, rtt_ms=None, lost_percent=None, sign_ins=None, failed_sign_ins=None,
)  # fmt: skip


def series(*beats: tuple[int, int]) -> Series:
    """Return the last day of a node: minutes before now, and how often it was heard."""
    points = tuple(replace(POINT, at=NOW - timedelta(minutes=minutes), beats=count) for minutes, count in beats)
    return Series(stretch=Stretch.SHORT, since=NOW - timedelta(days=1), until=NOW, points=points)


def kinds(found: list[Bar]) -> str:
    return "".join({"none": ".", "dead": "x", "stale": "~", "live": "#"}[bar.kind] for bar in found)


def test_every_state_has_a_tone_and_a_mark_of_its_own() -> None:
    states = [state for state in State if state is not State.REVOKED]
    marks = {mark for state in states for mark in re.findall(r' d="([^"]+)"', small_map([state], "x"))}
    assert {state.value for state in State} <= set(TONES)
    assert len(marks) == len(states)


def test_a_map_says_in_words_what_it_shows_and_escapes_them() -> None:
    assert 'aria-label="&lt;X&gt;: 1 &quot;senyap&quot;"' in small_map([State.STALE], '<X>: 1 "senyap"')
    assert 'width="168" height="28"' in small_map([State.LIVE] * 13, "x")


def test_bars_are_full_when_heard_as_often_as_it_should_be() -> None:
    period = read_period({}, NOW)
    whole = [(minutes, 1) for minutes in range(5, 1_441, 5)]
    assert kinds(bars_of(series(*whole), period, NOW - timedelta(days=9), NOW)) == "#" * BARS
    assert kinds(bars_of(series(), period, NOW - timedelta(hours=12), NOW)) == "." * 30 + "x" * 30
    assert kinds(bars_of(series((30, 1)), period, NOW - timedelta(days=9), NOW))[-2:] == "~x"


def test_a_lower_bar_is_worse() -> None:
    bars = [Bar(at=NOW, kind=kind) for kind in ("live", "stale", "dead")]
    heights = [int(top) for top in re.findall(r' y="(\d+)"', heartbeat_bars(bars, "x"))]
    assert heights == sorted(heights)
    assert len(set(heights)) == 3


def test_a_line_breaks_where_nothing_was_reported() -> None:
    window = Window(since=NOW, until=NOW + timedelta(hours=1), stretch_s=300)
    points = [(NOW + timedelta(minutes=minutes), 1.0) for minutes in (0, 5, 40, 45)]
    path = re.findall(r' d="(M[^"]+)"', figure_line(points, window, "x"))[-1]
    assert (path.count("M"), path.count("L")) == (2, 2)


@pytest.mark.parametrize(
    ("given", "hours", "name"),
    [
        ({}, 24, "day"),
        ({"window": "week"}, 168, "week"),
        ({"window": "<b>"}, 24, "day"),
        ({"since": "2026-11-01", "until": "2026-11-02"}, 48, ""),
        ({"since": "2026-11-02", "until": "2026-11-01"}, 24, "day"),
        ({"since": "1026-11-02", "until": "2026-11-01"}, 24, "day"),
        ({"since": "x", "until": "2026-13-01"}, 24, "day"),
    ],
)
def test_the_window_is_read_out_of_the_address(given: dict[str, str], hours: int, name: str) -> None:
    period = read_period(given, NOW)
    assert ((period.until - period.since) / timedelta(hours=1), period.name) == (hours, name)
