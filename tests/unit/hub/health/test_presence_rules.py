"""Presence, gaps and ailments: the tables of cases behind hub/health/rules.py."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hub.health.rules import (
    Ailment,
    Gap,
    Known,
    Reported,
    State,
    Vitals,
    ailments,
    count_missing,
    find_gaps,
    hear,
    shown,
    without,
)
from protocol.health import Health, HealthKind
from protocol.ids import NodeId

NODE = NodeId("3314052003-01")
THEN = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
NOW = THEN + timedelta(seconds=30)
KNOWN = Known(session=500, reported=Reported.LIVE, born_at=THEN, seen_at=THEN, claimed_ms=7, last_counter=9)
BIRTH, BEAT, DEATH = HealthKind.BIRTH, HealthKind.HEARTBEAT, HealthKind.DEATH


def heard(kind: HealthKind, session: int, *, claimed_at: int = 8, last_counter: int = 9) -> Health:
    return Health(
        kind=kind, node=NODE, session=session, claimed_at=claimed_at, program="1.0", last_counter=last_counter
    )


@pytest.mark.parametrize(
    ("known", "health", "reported", "seen_at"),
    [
        (None, heard(BIRTH, 500), Reported.LIVE, NOW),
        (None, heard(BEAT, 500), Reported.LIVE, NOW),
        (None, heard(DEATH, 500), Reported.DEAD, NOW),
        (KNOWN, heard(BEAT, 500), Reported.LIVE, NOW),
        (KNOWN, heard(DEATH, 500), Reported.DEAD, THEN),
        (KNOWN, heard(BIRTH, 501), Reported.LIVE, NOW),
        (KNOWN, heard(BEAT, 501), Reported.LIVE, NOW),
        (KNOWN, heard(DEATH, 501), Reported.DEAD, THEN),
        (replace(KNOWN, reported=Reported.DEAD), heard(BIRTH, 501), Reported.LIVE, NOW),
        (replace(KNOWN, claimed_ms=99), heard(BEAT, 501, claimed_at=3), Reported.LIVE, NOW),  # the clock was set back
    ],
)
def test_a_message_of_this_or_a_newer_session_counts(
    known: Known | None, health: Health, reported: Reported, seen_at: datetime
) -> None:
    after = hear(known, health, NOW)
    assert after is not None
    assert (after.session, after.reported, after.seen_at) == (health.session, reported, seen_at)


@pytest.mark.parametrize(
    ("known", "health"),
    [
        (KNOWN, heard(DEATH, 499)),  # a late will of the session before
        (KNOWN, heard(BIRTH, 499)),
        (KNOWN, heard(BEAT, 499)),
        (KNOWN, heard(BEAT, 500, claimed_at=7)),  # the same message again
        (KNOWN, heard(BEAT, 500, claimed_at=6)),  # an old one, kept by the broker
        (replace(KNOWN, reported=Reported.DEAD), heard(BEAT, 500)),  # overtaken by its own will
        (replace(KNOWN, reported=Reported.DEAD), heard(DEATH, 500)),
    ],
)
def test_a_late_or_repeated_message_changes_nothing(known: Known, health: Health) -> None:
    assert hear(known, health, NOW) is None


@pytest.mark.parametrize(("before", "reported", "after"), [(9, 12, 12), (9, 3, 9)])
def test_the_highest_counter_is_kept(before: int, reported: int, after: int) -> None:
    known = hear(replace(KNOWN, last_counter=before), heard(BEAT, 500, last_counter=reported), NOW)
    assert known is not None
    assert known.last_counter == after


@pytest.mark.parametrize(
    ("reported", "silence_s", "is_active", "state"),
    [
        (None, 0, True, State.NEVER),
        (Reported.LIVE, 0, True, State.LIVE),
        (Reported.LIVE, 659, True, State.LIVE),
        (Reported.LIVE, 660, True, State.STALE),
        (Reported.LIVE, 1_799, True, State.STALE),
        (Reported.LIVE, 1_800, True, State.DEAD),
        (Reported.DEAD, 0, True, State.DEAD),
        (Reported.LIVE, 0, False, State.REVOKED),
        (Reported.LIVE, -60, True, State.LIVE),
        (Reported.LIVE, -61, True, State.STALE),  # the hub's clock was set back: nobody stays live for years by it
    ],
)
def test_what_is_shown_follows_from_report_and_silence(
    reported: Reported | None, silence_s: int, is_active: bool, state: State
) -> None:
    seen_at = None if reported is None else NOW - timedelta(seconds=silence_s)
    assert shown(reported, seen_at, NOW, is_active=is_active) is state


@pytest.mark.parametrize(
    ("reported", "excuse", "is_suspended", "state"),
    [
        (Reported.LIVE, "closed", False, State.LIVE),
        (Reported.DEAD, "closed", False, State.CLOSED),
        (Reported.DEAD, "maintenance", False, State.MAINTENANCE),
        (None, "closed", False, State.CLOSED),
        (Reported.LIVE, None, True, State.SUSPENDED),
        (Reported.DEAD, "closed", True, State.SUSPENDED),
    ],
)
def test_an_excuse_stands_before_silence_and_behind_a_suspension(
    reported: Reported | None, excuse: str | None, is_suspended: bool, state: State
) -> None:
    seen_at = None if reported is None else NOW
    assert shown(reported, seen_at, NOW, is_active=not is_suspended, excuse=excuse, is_suspended=is_suspended) is state


@pytest.mark.parametrize(
    ("jumps", "highest", "last_counter", "gaps"),
    [
        ([], 0, 0, []),
        ([], 0, 2, ["1–2"]),
        ([], 3, 3, []),
        ([], 3, 2, []),  # a bundle is here before the heartbeat that counts it
        ([(2, 5)], 5, 5, ["3–4"]),
        ([(0, 3)], 3, 4, ["1–2", "4"]),
        ([], 117, 119, ["118–119"]),
    ],
)
def test_gaps_are_what_lies_between(
    jumps: list[tuple[int, int]], highest: int, last_counter: int, gaps: list[str]
) -> None:
    assert [str(gap) for gap in find_gaps(jumps, highest, last_counter)] == gaps


def test_the_bundles_of_gaps_are_counted() -> None:
    assert count_missing(find_gaps([(2, 5)], 117, 119)) == 4


@pytest.mark.parametrize(
    ("taken", "left"),
    [([], ["3–6"]), ([4], ["3", "5–6"]), ([3, 6], ["4–5"]), ([3, 4, 5, 6], []), ([1, 9], ["3–6"])],
)
def test_rejected_bundles_are_no_gap(taken: list[int], left: list[str]) -> None:
    assert [str(gap) for gap in without([Gap(first=3, last=6)], taken)] == left


def test_a_node_that_was_rejected_ten_thousand_times_has_a_page_too() -> None:
    left = without([Gap(first=1, last=40_000)], range(0, 40_000, 4))  # took minutes when each counter walked all gaps
    assert (len(left), sum(gap.size for gap in left)) == (10_000, 30_001)


WELL = Vitals(state=State.LIVE, enrolled_at=THEN, disk_free_mb=9_000, certificate_ends_at=NOW + timedelta(days=60))


@pytest.mark.parametrize(
    ("vitals", "expected"),
    [
        (WELL, ()),
        (replace(WELL, missing=2, waiting=2), ()),
        (replace(WELL, missing=3, waiting=2), (Ailment.LOST,)),
        (replace(WELL, state=State.STALE), (Ailment.STALE,)),
        (replace(WELL, state=State.DEAD, disk_free_mb=20), (Ailment.DEAD, Ailment.DISK_LOW)),
        (replace(WELL, state=State.NEVER), ()),
        (replace(WELL, state=State.NEVER, enrolled_at=THEN - timedelta(hours=2)), (Ailment.NEVER,)),
        (replace(WELL, waiting=1, oldest_waiting_s=14_400), (Ailment.WAITING_LONG,)),
        (replace(WELL, waiting=0, oldest_waiting_s=14_400), ()),
        (replace(WELL, recent_refusals=1), (Ailment.REFUSALS,)),
        (replace(WELL, certificate_ends_at=NOW + timedelta(days=13)), (Ailment.CERTIFICATE_ENDS,)),
        (replace(WELL, state=State.REVOKED, missing=9, disk_free_mb=1), ()),
    ],
)
def test_ailments(vitals: Vitals, expected: tuple[Ailment, ...]) -> None:
    assert ailments(vitals, NOW) == expected
