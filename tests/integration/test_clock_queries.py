"""What screens read of clocks: one case in full, many cases in a fixed number of statements."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import event, update

from hub.casework.clock import PauseReason
from hub.casework.clock_queries import CaseTimes, clock_of, clocks_of
from hub.casework.deadlines import StageStart, pause_clock, resume_clock, stage_closed, stage_opened, start_clock
from hub.casework.tables import Case
from hub.intake.tables import Bundle
from hub.storage.ports import to_ms
from tests.hubs import CATALOGUE
from tests.integration.clock_stand import ClockStand, clock_stand, shown, wib


@pytest.fixture
def stand(database_url: str) -> Iterator[ClockStand]:
    with clock_stand(database_url) as made:
        yield made


def begin(stand: ClockStand, text: str = "2026-11-24T09:00") -> Case:
    case, now = stand.case(), stand.at(text)
    with stand.database.session() as session:
        start_clock(session, now, case, CATALOGUE.service("APOTEK", 1))
        start = StageStart(case_id=case.case_id, stage="review", office="agency.dinkes", working_days=2)
        stage_opened(session, now, start)
    return case


def read(stand: ClockStand, case: Case, text: str) -> CaseTimes:
    now = stand.at(text)
    with stand.database.reading() as session:
        return clock_of(session, case, now)


def test_days_hours_and_the_time_of_the_applicant(stand: ClockStand) -> None:
    case = begin(stand)
    with stand.database.session() as session:
        pause_clock(session, stand.at("2026-11-25T09:00"), case.case_id, PauseReason.CORRECTION)
        resume_clock(session, stand.at("2026-11-26T09:00"), case.case_id, PauseReason.CORRECTION)
    times = read(stand, case, "2026-11-26T10:00")
    assert times.whole is not None
    assert (times.whole.days_used, times.whole.days_left) == (1, times.whole.limit_days - 1)
    assert (times.whole.office_time, times.whole.waited) == (timedelta(hours=8.5), timedelta(days=1))
    assert [(line.stage, line.days_left, shown(line.due_at)) for line in times.stages] == [
        ("review", 1, "2026-11-27 16:30")
    ]
    assert [(line.stage, line.reason) for line in times.history if line.stage == "review"] == [
        ("review", "paused"),
        ("review", "resumed"),
    ]


def test_a_clock_that_stands_says_why(stand: ClockStand) -> None:
    case = begin(stand)
    with stand.database.session() as session:
        pause_clock(session, stand.at("2026-11-25T09:00"), case.case_id, PauseReason.PAYMENT, "review")
    times = read(stand, case, "2026-11-30T10:00")
    assert times.whole is not None
    assert (times.whole.paused, times.whole.due_at, times.stages[0].paused) == (PauseReason.PAYMENT, None, "payment")


def test_what_is_done_keeps_what_it_said(stand: ClockStand) -> None:
    case = begin(stand)
    with stand.database.session() as session:
        stage_closed(session, stand.at("2026-11-25T10:00"), case.case_id, "review")
    line = read(stand, case, "2026-12-09T10:00").stages[0]
    assert (line.days_used, line.days_left, line.is_overdue, line.paused) == (1, 1, False, None)


def test_the_road_stands_apart_from_the_office(stand: ClockStand) -> None:
    case = begin(stand)
    received = wib("2026-11-24T09:00")
    values = {"claimed_ms": to_ms(received - timedelta(hours=30)), "whole_at": received + timedelta(minutes=20)}
    with stand.database.session() as session:
        session.execute(update(Bundle).values(**values))
    times = read(stand, case, "2026-11-24T10:00")
    assert (times.on_the_way, times.files_on_the_way) == (timedelta(hours=30), timedelta(minutes=20))
    assert times.whole is not None
    assert times.whole.office_time == timedelta(hours=1)


@pytest.mark.parametrize("claim", [wib("2026-11-24T09:01"), wib("1999-01-01T00:00")])
def test_a_claim_that_cannot_be_true_is_no_delay(stand: ClockStand, claim: datetime) -> None:
    case = begin(stand)
    with stand.database.session() as session:
        session.execute(update(Bundle).values(claimed_ms=to_ms(claim)))
    assert read(stand, case, "2026-11-24T10:00").on_the_way is None


def test_a_missing_year_is_shown_and_breaks_no_page(stand: ClockStand) -> None:
    case = begin(stand, "2027-12-20T09:00")
    times = read(stand, case, "2028-01-04T09:00")
    assert times.whole is not None
    assert (times.whole.missing_year, times.whole.days_left, times.whole.is_overdue) == (2028, None, False)


def test_a_case_without_a_clock_has_none(stand: ClockStand) -> None:
    case = stand.case()
    times = read(stand, case, "2026-11-24T10:00")
    assert (times.whole, times.stages, times.history, times.files_on_the_way) == (None, (), (), None)


def test_many_cases_cost_as_many_statements_as_one(stand: ClockStand) -> None:
    cases = [begin(stand) for _ in range(5)]
    counts = [count(stand, [case.case_id for case in wanted]) for wanted in (cases[:1], cases)]
    assert counts[0] == counts[1] <= 6


def count(stand: ClockStand, case_ids: list[str]) -> int:
    """Return how many statements the clocks of these cases cost."""
    seen: list[object] = []
    with stand.database.reading() as session:
        connection = session.connection()
        event.listen(connection, "before_cursor_execute", lambda *given: seen.append(given))
        found = clocks_of(session, case_ids, stand.clock.now())
    assert len(found) == 2 * len(case_ids)
    return len(seen)
