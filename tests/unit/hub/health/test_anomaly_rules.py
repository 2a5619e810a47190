"""What is too odd to be chance: the tables of cases behind hub/health/anomaly_rules.py."""

from datetime import UTC, datetime, timedelta

import pytest

from hub.health import anomaly_rules as rules
from hub.health.series_rules import Sums

NODE = "3314052003-01"
NOW = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)


@pytest.mark.parametrize(("times", "suspends"), [(1, False), (2, True)])
def test_a_run_that_came_back_is_told_and_twice_puts_aside(times: int, suspends: bool) -> None:
    finding = rules.two_programs(NODE, [rules.Returned(run=b"12345678", times=times, at=NOW)])
    assert finding is not None
    assert (finding.suspends, finding.evidence["returned"]) == (suspends, times)
    assert rules.two_programs(NODE, []) is None


def test_one_content_that_comes_again_is_one_conflict() -> None:
    again = [rules.Conflict(bundle=b"a" * 32, at=NOW), rules.Conflict(bundle=b"a" * 32, at=NOW + timedelta(hours=1))]
    one, two = (
        rules.counter_reuse(NODE, again),
        rules.counter_reuse(NODE, [*again, rules.Conflict(bundle=b"b", at=NOW)]),
    )
    assert one is not None
    assert two is not None
    assert (one.suspends, two.suspends) == (False, True)
    assert one.evidence["bundles"] == [(b"a" * 32).hex()[:16]]


@pytest.mark.parametrize(
    ("local", "expected"),
    [("21:59", False), ("22:00", True), ("03:00", True), ("04:59", True), ("05:00", False), ("12:00", False)],
)
def test_night_is_by_the_wall_clock_of_the_village(local: str, expected: bool) -> None:
    at = datetime.strptime(f"2026-03-02 {local}", "%Y-%m-%d %H:%M").replace(tzinfo=rules.WIB)
    assert rules.is_night(int(at.timestamp() * 1_000)) is expected


@pytest.mark.parametrize("claimed_ms", [0, 2**53])
def test_a_claim_that_is_no_time_is_no_night(claimed_ms: int) -> None:
    assert rules.is_night(claimed_ms) is False


@pytest.mark.parametrize(
    ("accepted", "rejected", "found"), [(0, 4, False), (0, 5, True), (20, 5, True), (21, 5, False), (100, 24, False)]
)
def test_the_share_of_rejections(accepted: int, rejected: int, found: bool) -> None:
    assert (rules.rejects(NODE, Sums(accepted=accepted, rejected=rejected)) is not None) is found


@pytest.mark.parametrize(
    ("accepted", "usual", "found"),
    [(40, [8] * 5, True), (39, [8] * 5, False), (19, [1] * 20, False), (20, [1] * 20, True), (500, [8] * 4, False)],
)
def test_sudden_volume(accepted: int, usual: list[int], found: bool) -> None:
    assert (rules.volume(NODE, Sums(accepted=accepted), usual) is not None) is found


@pytest.mark.parametrize(("night", "found"), [(2, False), (3, True)])
def test_night_work(night: int, found: bool) -> None:
    assert (rules.night_work(NODE, Sums(accepted=9, night=night)) is not None) is found
