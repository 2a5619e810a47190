"""Clocks of cases on real databases: what starts, stands, goes on, and what is kept when a due time changes."""

from collections.abc import Iterator

import pytest
from msgspec.structs import replace
from sqlalchemy import select

from hub.casework.tables import Case
from hub.clocks.clock import PauseReason
from hub.clocks.deadlines import (
    StageStart,
    clock_key,
    pause_clock,
    resume_clock,
    stage_closed,
    stage_opened,
    stages_opened,
    start_clock,
    stop_clock,
)
from hub.clocks.tables import ClockPause
from hub.ledger.service import EntryDraft, append
from hub.storage.ports import to_ms
from protocol.catalogue import SlaOrigin
from tests.hubs import CATALOGUE
from tests.integration.clock_stand import ClockStand, clock_stand, shown

SHIPPED = CATALOGUE.service("APOTEK", 1)
SERVICE = replace(SHIPPED, sla=replace(SHIPPED.sla, max_days=14, origin=SlaOrigin.SRAGEN))


@pytest.fixture
def stand(database_url: str) -> Iterator[ClockStand]:
    with clock_stand(database_url) as made:
        yield made


def begin(stand: ClockStand, text: str = "2026-11-24T09:00") -> Case:
    case, now = stand.case(), stand.at(text)
    with stand.database.session() as session:
        start_clock(session, now, case, SERVICE)
    return case


def open_stage(stand: ClockStand, case: Case, text: str, office: str = "agency.dinkes", days: int = 2) -> None:
    now = stand.at(text)
    with stand.database.session() as session:
        stage_opened(session, now, StageStart(case_id=case.case_id, stage="review", office=office, working_days=days))


def pause(stand: ClockStand, case: Case, text: str, stage: str = "") -> None:
    now = stand.at(text)
    with stand.database.session() as session:
        pause_clock(session, now, case.case_id, PauseReason.CORRECTION, stage)


def resume(stand: ClockStand, case: Case, text: str, stage: str = "") -> None:
    now = stand.at(text)
    with stand.database.session() as session:
        resume_clock(session, now, case.case_id, PauseReason.CORRECTION, stage)


def test_the_case_is_due_after_the_promised_working_days(stand: ClockStand) -> None:
    case = begin(stand)
    assert (stand.due(case), shown(stand.row(case).deemed_at)) == ("2026-12-14 16:00", "2026-12-01 16:00")
    assert stand.history(case) == []


def test_stages_of_a_batch_start_together(stand: ClockStand) -> None:
    cases = [stand.case(), stand.case()]
    with stand.database.session() as session:
        starts = [StageStart(case_id=case.case_id, stage="check", office="one-stop", working_days=1) for case in cases]
        stages_opened(session, stand.clock.now(), starts)
        stages_opened(session, stand.clock.now(), [])
    assert [stand.due(case, "check") for case in cases] == ["2026-11-25 16:00"] * 2


def test_a_pause_holds_everything_and_adds_what_it_took(stand: ClockStand) -> None:
    case = begin(stand)
    open_stage(stand, case, "2026-11-24T10:00")
    pause(stand, case, "2026-11-25T10:00")
    assert (stand.due(case), stand.due(case, "review"), stand.row(case).is_paused) == ("", "", True)
    resume(stand, case, "2026-11-27T10:00")
    assert (stand.due(case), stand.due(case, "review")) == ("2026-12-16 16:00", "2026-11-30 16:00")
    assert stand.history(case)[::2] == [
        ("paused", "2026-12-14 16:00", ""),
        ("resumed", "", "2026-12-16 16:00"),
    ]


def test_a_pause_of_one_stage_holds_the_case_and_no_other_stage(stand: ClockStand) -> None:
    case = begin(stand)
    open_stage(stand, case, "2026-11-24T10:00")
    with stand.database.session() as session:
        other = StageStart(case_id=case.case_id, stage="visit", office="agency.dlh", working_days=2)
        stage_opened(session, stand.clock.now(), other)
    pause(stand, case, "2026-11-25T10:00", "review")
    assert (stand.due(case), stand.due(case, "review"), stand.due(case, "visit")) == ("", "", "2026-11-26 16:00")


def test_everything_may_come_twice(stand: ClockStand) -> None:
    case = begin(stand)
    pause(stand, case, "2026-11-25T10:00")
    pause(stand, case, "2026-11-26T10:00")
    resume(stand, case, "2026-11-27T10:00")
    resume(stand, case, "2026-11-30T10:00")
    with stand.database.session() as session:
        start_clock(session, stand.clock.now(), case, SERVICE)
        stage_closed(session, stand.clock.now(), case.case_id, "never opened")
        stop_clock(session, stand.clock.now(), case.case_id)
        stop_clock(session, stand.at("2026-12-10T10:00"), case.case_id)
    assert shown(stand.row(case).stopped_at) == "2026-11-30 10:00"
    assert stand.due(case) == "2026-12-16 16:00"


def test_two_reasons_hold_until_both_are_gone(stand: ClockStand) -> None:
    case = begin(stand)
    pause(stand, case, "2026-11-25T10:00")
    with stand.database.session() as session:
        pause_clock(session, stand.clock.now(), case.case_id, PauseReason.PAYMENT)
    resume(stand, case, "2026-11-26T10:00")
    assert stand.due(case) == ""
    with stand.database.session() as session:
        resume_clock(session, stand.at("2026-11-27T10:00"), case.case_id, PauseReason.PAYMENT)
    assert stand.due(case) == "2026-12-16 16:00"


def test_a_stage_at_another_office_goes_on_with_that_offices_calendar(stand: ClockStand) -> None:
    case = begin(stand)
    open_stage(stand, case, "2026-11-24T10:00", days=3)
    open_stage(stand, case, "2026-11-25T10:00", office="agency.dlh", days=3)
    row = stand.row(case, "review")
    assert (row.office, stand.due(case, "review")) == ("agency.dlh", "2026-11-27 16:30")


def test_a_stage_that_is_opened_again_does_not_reset(stand: ClockStand) -> None:
    case = begin(stand)
    open_stage(stand, case, "2026-11-24T10:00", days=3)
    with stand.database.session() as session:
        stage_closed(session, stand.at("2026-11-25T10:00"), case.case_id, "review")
    open_stage(stand, case, "2026-11-30T10:00", days=3)
    assert stand.due(case, "review") == "2026-12-02 16:00"
    assert stand.history(case) == [("reopened", "2026-11-27 16:30", "2026-12-02 16:00")]


def test_that_one_stage_was_closed_for_a_while_holds_no_other_clock(stand: ClockStand) -> None:
    case = begin(stand)
    open_stage(stand, case, "2026-11-24T10:00")
    with stand.database.session() as session:
        stage_closed(session, stand.at("2026-11-25T10:00"), case.case_id, "review")
    open_stage(stand, case, "2026-11-30T10:00")
    pause(stand, case, "2026-11-30T11:00")
    resume(stand, case, "2026-11-30T12:00")
    assert stand.due(case) == "2026-12-14 16:00"


def test_a_case_that_is_reopened_goes_on_where_it_stopped(stand: ClockStand) -> None:
    case = begin(stand)
    with stand.database.session() as session:
        stop_clock(session, stand.at("2026-11-30T10:00"), case.case_id)
        start_clock(session, stand.at("2026-12-02T10:00"), case, SERVICE)
    assert (stand.due(case), stand.row(case).stopped_at) == ("2026-12-16 16:00", None)


def test_stopping_ends_what_lasted(stand: ClockStand) -> None:
    case = begin(stand)
    pause(stand, case, "2026-11-25T10:00")
    with stand.database.session() as session:
        stop_clock(session, stand.at("2026-11-30T10:00"), case.case_id)
    with stand.database.reading() as session:
        assert session.scalars(select(ClockPause).where(ClockPause.ended_at.is_(None))).all() == []
    assert not stand.row(case).is_paused


def test_a_year_that_is_missing_leaves_the_due_time_open_and_says_which(stand: ClockStand) -> None:
    case = begin(stand, "2027-12-20T09:00")
    row = stand.row(case)
    assert (row.due_at, row.missing_year, row.next_alarm_at is not None) == (None, 2028, True)


def test_a_hub_whose_clock_is_set_back_counts_on_in_log_time(stand: ClockStand) -> None:
    with stand.database.session() as session:
        draft = EntryDraft(kind="sample.made", salt=bytes(32), subject=b"")
        append(session, to_ms(stand.at("2026-11-26T10:00")), [draft])
    case = begin(stand, "2026-11-20T09:00")
    assert (shown(stand.row(case).started_at), stand.due(case)) == ("2026-11-26 10:00", "2026-12-16 16:00")


def test_a_limit_of_national_law_is_the_one_that_silence_counts_from(stand: ClockStand) -> None:
    case, law = stand.case(), replace(SERVICE, sla=replace(SERVICE.sla, origin=SlaOrigin.NATIONAL))
    with stand.database.session() as session:
        start_clock(session, stand.clock.now(), case, law)
    assert shown(stand.row(case).deemed_at) == stand.due(case) == "2026-12-14 16:00"


def test_each_office_of_a_joint_visit_has_a_clock() -> None:
    assert (clock_key("visit"), clock_key("visit", 2)) == ("visit", "visit+2")
