"""How reports become stretches of time: the cases behind hub/health/series_rules.py."""

from datetime import UTC, datetime, timedelta

import pytest

from hub.health.series_rules import (
    COUNTED,
    JOINS,
    KEPT,
    Stretch,
    Value,
    begin_of,
    drift_ms_per_day,
    joined,
    merge,
    sample_of,
    stretch_for,
)
from protocol.health import Figures, Health, HealthKind
from protocol.ids import NodeId

NOW = datetime(2026, 3, 2, 3, 7, 41, tzinfo=UTC)


def report(kind: HealthKind, figures: Figures | None = None, waiting: int = 0) -> Health:
    return Health(
        kind=kind, node=NodeId("3314052003-01"), session=1, claimed_at=1, program="t", waiting=waiting, figures=figures
    )


@pytest.mark.parametrize(("stretch", "begin"), [(Stretch.SHORT, (3, 5)), (Stretch.HOUR, (3, 0)), (Stretch.DAY, (0, 0))])
def test_where_a_stretch_begins(stretch: Stretch, begin: tuple[int, int]) -> None:
    assert begin_of(NOW, stretch) == datetime(2026, 3, 2, *begin, tzinfo=UTC)


def test_a_will_has_no_figures() -> None:
    assert sample_of(report(HealthKind.DEATH, Figures(rtt_ms=5), waiting=9)) == {"deaths": 1}


def test_figures_that_are_not_known_stay_unknown() -> None:
    sample = sample_of(report(HealthKind.HEARTBEAT))
    assert (sample["beats"], sample["rtt_sum"], sample["rtt_count"], sample["off_mains"]) == (1, None, 0, 0)


def test_two_reports_keep_the_worst_and_add_what_is_counted() -> None:
    into: dict[str, Value] = {}
    merge(into, sample_of(report(HealthKind.BIRTH, Figures(ram_free_mb=900, rtt_ms=100, on_mains=False), waiting=2)))
    merge(into, sample_of(report(HealthKind.HEARTBEAT, Figures(ram_free_mb=700, rtt_ms=300), waiting=1)))
    assert (into["births"], into["beats"], into["waiting"], into["ram_free_mb"], into["off_mains"]) == (1, 1, 2, 700, 1)
    assert (into["rtt_sum"], into["rtt_count"]) == (400, 2)


@pytest.mark.parametrize("name", sorted(JOINS))
def test_an_unknown_figure_changes_nothing(name: str) -> None:
    assert joined(name, None, 3) == joined(name, 3, None) == 3
    assert (name in COUNTED) == (joined(name, 1, 2) == 3 and not name.endswith("_sum"))


@pytest.mark.parametrize(
    ("ago", "length", "stretch"),
    [
        (timedelta(days=1), timedelta(days=1), Stretch.SHORT),
        (timedelta(days=13), timedelta(days=1), Stretch.SHORT),
        (timedelta(days=15), timedelta(days=1), Stretch.HOUR),
        (timedelta(days=30), timedelta(days=30), Stretch.HOUR),
        (timedelta(days=60), timedelta(days=60), Stretch.DAY),
        (timedelta(days=400), timedelta(days=1), Stretch.DAY),
    ],
)
def test_a_window_is_drawn_with_what_is_kept_and_fits(ago: timedelta, length: timedelta, stretch: Stretch) -> None:
    assert stretch_for(NOW - ago, NOW - ago + length, NOW) is stretch


def test_all_that_is_kept_of_a_node_is_ten_thousand_rows() -> None:
    assert sum(kept / stretch.length for stretch, kept in KEPT.items()) < 10_000


def test_a_clock_that_runs_away_has_a_trend() -> None:
    days = [(NOW + timedelta(days=day), 1_000 + 250 * day) for day in range(5)]
    assert drift_ms_per_day(days) == 250
    assert drift_ms_per_day(days[:2]) is None
    assert drift_ms_per_day([(NOW, 1), (NOW, 2), (NOW, 3)]) is None
