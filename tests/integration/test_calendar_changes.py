"""Versions of the calendar on real databases: who changed what, and what follows for open deadlines."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.calendar.errors import CalendarDataError
from hub.calendar.rules import Calendar, CalendarYearError, Entry, EntryKind
from hub.calendar.service import (
    CalendarSubject,
    Change,
    YearFiles,
    add_closure,
    current_calendar,
    digest_of,
    import_year,
    set_office,
)
from hub.calendar.tables import CalendarEntry, CalendarVersion
from hub.casework.tables import Case
from hub.clocks.clock import PauseReason
from hub.clocks.deadlines import StageStart, pause_clock, stage_opened, stages_opened
from hub.clocks.recompute import PAGE, recompute_deadlines, recompute_stale
from hub.clocks.tables import CaseClock
from hub.ledger.service import take_turn
from protocol.wire import from_bytes
from tests.integration.clock_stand import ClockStand, clock_stand, shown
from tests.integration.test_lock_order import wait_until_blocked

ELECTION = date(2026, 12, 9)
YEAR_2028 = (
    "date,kind,name\n2028-01-01,national_holiday,Tahun Baru\n2028-02-29,joint_leave,Cuti\n"
    "2028-05-01,national_holiday,Buruh\n2028-08-17,national_holiday,Merdeka\n2028-12-25,national_holiday,Natal\n"
)


@dataclass
class Desk:
    """An administrator's desk: changes, and how many deadlines each moved."""

    stand: ClockStand
    moved: list[int] = field(default_factory=list)

    def change(self, reason: str = "Pilkada, SE 100.3/2026") -> Change:
        return Change(by="admin", reason=reason, randomness=self.stand.randomness, follow=self._follow)

    def _follow(self, session: Session, moment: datetime, calendar: Calendar) -> None:
        self.moved.append(recompute_deadlines(session, moment, calendar))

    def close(self, day: date, office: str = "*", kind: EntryKind = EntryKind.CLOSURE) -> Calendar:
        entry = Entry(kind=kind, first=day, last=day, office=office, reason="")
        with self.stand.database.session() as session:
            return add_closure(session, self.stand.clock.now(), entry, self.change())

    def import_year(self, year: int, text: str) -> Calendar:
        with self.stand.database.session() as session:
            files = YearFiles(year=year, holidays=text)
            return import_year(session, self.stand.clock.now(), files, self.change("SKB"))

    def now(self) -> Calendar:
        with self.stand.database.reading() as session:
            return current_calendar(session)


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    with clock_stand(database_url) as made:
        yield Desk(stand=made)


def begin(desk: Desk, text: str = "2026-12-07T09:00", days: int = 3, office: str = "one-stop") -> Case:
    case, now = desk.stand.case(), desk.stand.at(text)
    with desk.stand.database.session() as session:
        stage_opened(session, now, StageStart(case_id=case.case_id, stage="check", office=office, working_days=days))
    return case


def test_a_fresh_hub_counts_with_the_shipped_calendar(desk: Desk) -> None:
    assert (desk.now().version, sorted(desk.now().years)) == (0, [2025, 2026, 2027])


def test_a_closure_says_who_when_and_why_in_the_ledger(desk: Desk) -> None:
    calendar = desk.close(ELECTION)
    with desk.stand.database.reading() as session:
        row = session.scalars(select(CalendarVersion)).one()
    subject = from_bytes(row.subject, CalendarSubject, max_bytes=1_000)
    assert (row.version, row.made_by, row.reason) == (1, "admin", "Pilkada, SE 100.3/2026")
    assert (subject.version, subject.by, subject.content) == (1, "admin", digest_of(calendar))
    assert digest_of(desk.now()) == digest_of(calendar)
    assert desk.stand.is_sound()


def test_the_first_change_keeps_what_was_shipped(desk: Desk) -> None:
    before = desk.now()
    desk.close(ELECTION, office="one-stop")
    after = desk.now()
    assert (after.years, set(before.entries) < set(after.entries)) == (before.years, True)
    assert len(after.entries) == len(before.entries) + 1
    assert not after.of("one-stop").is_working_day(ELECTION)
    assert after.of("agency.dlh").is_working_day(ELECTION)


def test_a_closure_moves_open_deadlines_and_keeps_the_old_value(desk: Desk) -> None:
    case, other = begin(desk), begin(desk, office="agency.dlh")
    assert desk.stand.due(case, "check") == "2026-12-10 16:00"
    desk.close(ELECTION, office="one-stop")
    assert (desk.stand.due(case, "check"), desk.moved) == ("2026-12-11 16:30", [1])
    assert desk.stand.history(case) == [("calendar", "2026-12-10 16:00", "2026-12-11 16:30")]
    assert (desk.stand.history(other), desk.stand.row(other, "check").calendar_version) == ([], 1)


def test_a_closure_that_is_taken_back_moves_them_back(desk: Desk) -> None:
    case = begin(desk)
    desk.close(ELECTION)
    desk.close(ELECTION, kind=EntryKind.OPENING)
    assert desk.stand.due(case, "check") == "2026-12-10 16:00"
    assert len(desk.stand.history(case)) == 2


def test_what_stands_and_what_is_done_is_not_touched(desk: Desk) -> None:
    paused = begin(desk)
    with desk.stand.database.session() as session:
        pause_clock(session, desk.stand.at("2026-12-08T09:00"), paused.case_id, PauseReason.PAYMENT)
    desk.close(ELECTION)
    assert (desk.moved, desk.stand.due(paused, "check")) == ([0], "")


def test_a_change_that_is_refused_changes_nothing(desk: Desk) -> None:
    case = begin(desk)
    with pytest.raises(CalendarDataError):
        desk.close(date(2028, 12, 9))
    with pytest.raises(CalendarDataError, match="2028-01-01 is missing"):
        desk.import_year(2028, "date,kind,name\n2028-05-01,national_holiday,Buruh\n")
    with pytest.raises(CalendarDataError, match="is not in 2028"):
        desk.import_year(2028, YEAR_2028.replace("2028-05-01", "2027-05-01"))
    assert (desk.now().version, desk.stand.history(case), desk.moved) == (0, [], [])


def test_an_imported_year_works_out_what_was_open(desk: Desk) -> None:
    case = begin(desk, "2027-12-30T09:00", days=5)
    assert (desk.stand.due(case, "check"), desk.stand.row(case, "check").missing_year) == ("", 2028)
    desk.import_year(2028, YEAR_2028)
    assert (desk.stand.due(case, "check"), desk.stand.row(case, "check").missing_year) == ("2028-01-06 16:00", None)
    assert not desk.now().of("one-stop").is_working_day(date(2028, 2, 29))


def test_a_year_is_replaced_whole_and_closures_stay(desk: Desk) -> None:
    desk.close(date(2027, 12, 9))
    shipped = [entry for entry in desk.now().entries if entry.first.year == 2027 and entry.kind == "joint_leave"]
    desk.import_year(2027, YEAR_2028.replace("2028", "2027").replace("2027-02-29", "2027-02-26"))
    here = desk.now().of("one-stop")
    assert not here.is_working_day(date(2027, 12, 9))
    assert not here.is_working_day(date(2027, 2, 26))
    assert all(here.is_working_day(entry.first) for entry in shipped)
    with desk.stand.database.reading() as session:
        removed = session.scalars(select(CalendarEntry).where(CalendarEntry.removed_in.is_not(None))).all()
    assert {row.removed_in for row in removed} == {2}
    assert {row.first_day.year for row in removed} == {2027}


def test_an_office_that_opens_on_joint_leave(desk: Desk) -> None:
    with desk.stand.database.session() as session:
        now = desk.stand.clock.now()
        set_office(session, now, "civil-registry", date(2026, 12, 1), "five_day WIB open", desk.change())
    christmas = date(2026, 12, 24)
    assert desk.now().of("civil-registry").is_working_day(christmas)
    assert not desk.now().of("one-stop").is_working_day(christmas)
    with pytest.raises(CalendarDataError, match="no pattern"), desk.stand.database.session() as session:
        set_office(session, desk.stand.clock.now(), "one-stop", christmas, "night WIB open", desk.change())


def test_a_clock_that_slipped_through_is_found_by_the_worker(desk: Desk) -> None:
    case = begin(desk)
    desk.close(ELECTION)
    with desk.stand.database.session() as session:
        session.get_one(CaseClock, (case.case_id, "check")).calendar_version = 0
    for moved in (0, 0):
        with desk.stand.database.session() as session:
            assert recompute_stale(session, desk.stand.clock.now()) == moved
    assert desk.stand.row(case, "check").calendar_version == 1


def test_more_clocks_than_one_page_move_together(desk: Desk) -> None:
    case = desk.stand.case()
    starts = [
        StageStart(case_id=case.case_id, stage=f"s{number:04d}", office="one-stop", working_days=3)
        for number in range(PAGE + 3)
    ]
    with desk.stand.database.session() as session:
        stages_opened(session, desk.stand.at("2026-12-07T09:00"), starts)
    desk.close(ELECTION)
    assert desk.moved == [PAGE + 3]


def test_a_change_waits_with_empty_hands(desk: Desk) -> None:
    """A move locks the head of the log, then its clocks: a change that did it the other way round would meet it."""
    case, database = begin(desk), desk.stand.database
    with ThreadPoolExecutor(1) as pool:
        with database.session() as session:
            take_turn(session)
            waiting = pool.submit(desk.close, ELECTION)
            wait_until_blocked(database)
            session.get_one(CaseClock, (case.case_id, "check")).level = 2
        assert waiting.result(timeout=60).version == 1
    assert desk.stand.due(case, "check") == "2026-12-11 16:30"


def test_old_versions_can_still_be_read(desk: Desk) -> None:
    desk.close(ELECTION)
    case = begin(desk, "2026-12-08T09:00", days=1)
    assert desk.stand.row(case, "check").calendar_version == 1
    assert desk.stand.due(case, "check") == shown(desk.now().of("one-stop").due_at(desk.stand.clock.now(), 1))
    with pytest.raises(CalendarYearError):
        desk.now().of("one-stop").is_working_day(date(2028, 1, 3))
