"""When alarms open, change and end: the tables of cases behind hub/health/alarm_rules.py."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from hub.health.alarm_rules import (
    RULES,
    AlarmKind,
    AlarmRule,
    Begin,
    Change,
    End,
    Expiring,
    Finding,
    Phase,
    Renewal,
    Severity,
    Standing,
    What,
    decide,
    expiry_finding,
    fold_silence,
    may_clear,
)

NODE = "3314052003-01"
NOW = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
SILENT = Finding(kind=AlarmKind.SILENT, subject=NODE, node=NODE, evidence={"seen_at": "2026"})
TWO = Finding(kind=AlarmKind.TWO_PROGRAMS, subject=NODE, node=NODE, evidence={"returned": 2})
LASTS = RULES[AlarmKind.SILENT].lasts


def known(finding: Finding, phase: Phase, *, age: timedelta = timedelta(), **changes: object) -> Standing:
    values: dict[str, object] = {
        "alarm": 7,
        "kind": finding.kind,
        "subject": finding.subject,
        "severity": finding.how_bad,
        "phase": phase,
        "since": NOW - age,
        "evidence": finding.evidence,
    }
    return Standing(**(values | changes))  # type: ignore[arg-type]


def test_a_condition_that_has_to_last_is_pending_first() -> None:
    assert decide([], [SILENT], NOW) == [Begin(finding=SILENT, phase=Phase.PENDING)]


@pytest.mark.parametrize(
    ("age", "opens"), [(LASTS - timedelta(seconds=1), False), (LASTS, True), (-timedelta(hours=5), True)]
)
def test_it_opens_when_it_lasted_or_the_clock_jumped(age: timedelta, opens: bool) -> None:
    steps = decide([known(SILENT, Phase.PENDING, age=age)], [SILENT], NOW)
    assert steps == ([Change(alarm=7, finding=SILENT, opens=True, happened=What.OPENED)] if opens else [])


@pytest.mark.parametrize("phase", [Phase.PENDING, Phase.OPEN])
def test_a_condition_that_is_over_ends_its_alarm(phase: Phase) -> None:
    assert decide([known(SILENT, phase)], [], NOW) == [End(alarm=7, was_open=phase is Phase.OPEN)]


def test_evidence_is_not_over_because_nothing_new_comes() -> None:
    assert decide([known(TWO, Phase.OPEN)], [], NOW) == []


def test_new_evidence_is_told_and_the_same_again_is_not() -> None:
    more = Finding(kind=AlarmKind.TWO_PROGRAMS, subject=NODE, node=NODE, evidence={"returned": 3})
    assert decide([known(TWO, Phase.OPEN)], [more], NOW) == [Change(alarm=7, finding=more, happened=What.EVIDENCE)]
    assert decide([known(TWO, Phase.OPEN)], [TWO], NOW) == []


def test_a_closed_office_begins_no_alarm_and_ends_a_pending_one() -> None:
    excused = frozenset({NODE})
    assert decide([], [SILENT], NOW, excused=excused) == []
    assert decide([known(SILENT, Phase.PENDING)], [SILENT], NOW, excused=excused) == [End(alarm=7, was_open=False)]


def test_the_evening_does_not_end_an_open_alarm() -> None:
    assert decide([known(SILENT, Phase.OPEN)], [SILENT], NOW, excused=frozenset({NODE})) == []


def test_a_closed_office_excuses_silence_alone() -> None:
    full = Finding(kind=AlarmKind.DISK_LOW, subject=NODE, node=NODE)
    assert decide([], [full, TWO], NOW, excused=frozenset({NODE})) == [
        Begin(finding=full, phase=Phase.PENDING),
        Begin(finding=TWO, phase=Phase.OPEN),
    ]


@pytest.mark.parametrize(
    ("days", "severity"),
    [
        (30.5, None), (30, Severity.NOTICE), (7.5, Severity.NOTICE), (7, Severity.WARNING), (1.5, Severity.WARNING),
        (1, Severity.CRITICAL), (-3, Severity.CRITICAL),
    ],
)  # fmt: skip
def test_what_ends_soon(days: float, severity: Severity | None) -> None:
    finding = expiry_finding(Expiring(subject="crl", expires_at=NOW + timedelta(days=days)), NOW)
    assert (None if finding is None else finding.severity) == severity


@pytest.mark.parametrize(
    ("renewal", "days", "severity"),
    [
        (Renewal.DAILY, 7, None),
        (Renewal.DAILY, 6, None),
        (Renewal.DAILY, 5.9, Severity.WARNING),
        (Renewal.DAILY, 2, Severity.CRITICAL),
        (Renewal.BY_ITSELF, 29.5, None),
        (Renewal.BY_ITSELF, 29, Severity.NOTICE),
        (Renewal.BY_ITSELF, 1, Severity.CRITICAL),
    ],
)
def test_what_is_made_anew_by_itself(renewal: Renewal, days: float, severity: Severity | None) -> None:
    finding = expiry_finding(Expiring(subject="x", expires_at=NOW + timedelta(days=days), renewal=renewal), NOW)
    assert (None if finding is None else finding.severity) == severity


def test_an_alarm_that_gets_worse_says_so_and_one_that_gets_better_does_not() -> None:
    week, day = (expiry_finding(Expiring(subject="crl", expires_at=NOW + timedelta(days=n)), NOW) for n in (5, 1))
    assert week is not None
    assert day is not None
    worse, better = (
        decide([known(week, Phase.OPEN)], [day], NOW),
        decide([known(day, Phase.OPEN)], [week], NOW),
    )
    assert worse == [Change(alarm=7, finding=day, happened=What.WORSE)]
    assert better == [Change(alarm=7, finding=week)]


MAY_CLEAR: Mapping[tuple[AlarmKind, Phase], AlarmRule | None] = {
    (AlarmKind.TWO_PROGRAMS, Phase.OPEN): None,
    (AlarmKind.TWO_PROGRAMS, Phase.CLEARED): AlarmRule.CLEARED,
    (AlarmKind.SILENT, Phase.OPEN): AlarmRule.STILL_HOLDS,
}


@pytest.mark.parametrize(("case", "rule"), MAY_CLEAR.items())
def test_who_may_clear_what(case: tuple[AlarmKind, Phase], rule: AlarmRule | None) -> None:
    assert may_clear(*case) == rule


def silent(count: int) -> list[Finding]:
    return [Finding(kind=AlarmKind.SILENT, subject=f"n{number}", node=f"n{number}") for number in range(count)]


def test_half_a_fleet_that_falls_silent_is_one_alarm() -> None:
    full = Finding(kind=AlarmKind.DISK_LOW, subject="n1", node="n1")
    folded = fold_silence([*silent(10), full], nodes=20, excused=frozenset(), known=frozenset())
    assert [(each.kind, each.subject) for each in folded] == [("disk_low", "n1"), ("fleet_silent", "fleet")]
    assert folded[1].evidence == {"silent": 10, "of": 20}


@pytest.mark.parametrize(
    ("nodes", "excused", "known"),
    [(21, [], []), (20, ["n3"], []), (20, [], ["n3"])],
)
def test_less_than_half_or_what_is_known_stays_apart(nodes: int, excused: list[str], known: list[str]) -> None:
    found = silent(10)
    assert fold_silence(found, nodes=nodes, excused=frozenset(excused), known=frozenset(known)) == found


def test_who_was_told_of_before_stays_told() -> None:
    folded = fold_silence(silent(12), nodes=20, excused=frozenset(), known=frozenset({"n0"}))
    assert [(each.kind, each.subject) for each in folded] == [("silent", "n0"), ("fleet_silent", "fleet")]
